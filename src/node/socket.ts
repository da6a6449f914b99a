/**
 * The socket that a server's application holds: one open connection, its data and what may be done with it.
 */
import type { Duplex } from 'node:stream'
import type { CloseCause } from '../protocol/close-outcome.ts'
import { ConnectionState } from '../protocol/connection-state.ts'
import type { ExtensionInstance } from '../protocol/extension.ts'
import { DuplexBinding, type BindingListener, type BindingOptions } from './duplex-binding.ts'
import { PreparedMessage } from '../pubsub/prepared-message.ts'
import type { Member, PublishOptions, PublishResult } from '../pubsub/topics.ts'
import { toBytes, toPayload, type Sendable } from './payload.ts'
import type { TopicHub } from './topic-hub.ts'

/** The states of a socket, by the names and numbers of the browser's interface. */
export const ReadyState = { Connecting: 0, Open: 1, Closing: 2, Closed: 3 } as const
export type ReadyState = (typeof ReadyState)[keyof typeof ReadyState]

export interface SendOptions {
  /** Send bytes as a text message; they must be UTF-8. Default: a string is text, bytes are binary. */
  readonly text?: boolean
  /** Let permessage-deflate work on it, from its threshold on. Default true. */
  readonly compress?: boolean
}

/** What a socket is made from. */
export interface SocketOptions<Data> {
  readonly stream: Duplex
  readonly binding: BindingOptions
  readonly extension: ExtensionInstance | undefined
  readonly listener: BindingListener<Socket<Data>>
  readonly hub: TopicHub<Data>
  readonly data: Data
  readonly protocol: string
  readonly extensions: string
  readonly remoteAddress: string | undefined
}

/** How the server gets at the binding of a socket, and at its topics; not for applications. */
export let bindingOf: <Data>(socket: Socket<Data>) => DuplexBinding<Socket<Data>>
export let memberOf: <Data>(socket: Socket<Data>) => Member | undefined

export class Socket<Data = undefined> {
  readonly #binding: DuplexBinding<Socket<Data>>
  readonly #hub: TopicHub<Data>
  /** Made when it first subscribes. */
  #member: Member | undefined
  /** What `upgrade` gave, or what the application keeps here. */
  data: Data
  /** The subprotocol agreed on, or ''. RFC 6455 1.9. */
  readonly protocol: string
  /** The extensions agreed on, as they stand in the handshake's answer, or ''. RFC 6455 9.1. */
  readonly extensions: string
  /** The peer's address, as long as it is known. */
  readonly remoteAddress: string | undefined

  static {
    bindingOf = (socket) => socket.#binding
    memberOf = (socket) => socket.#member
  }

  constructor(options: SocketOptions<Data>) {
    this.data = options.data
    this.protocol = options.protocol
    this.extensions = options.extensions
    this.remoteAddress = options.remoteAddress
    const { stream, listener, extension } = options
    this.#binding = new DuplexBinding(stream, { ...options.binding, extension, owner: this }, listener)
    this.#hub = options.hub
  }

  /** 1 open, 2 closing, 3 closed. */
  get readyState(): ReadyState {
    const { state } = this.#binding.connection
    if (state === ConnectionState.Open) return ReadyState.Open
    return state === ConnectionState.Closed ? ReadyState.Closed : ReadyState.Closing
  }

  /** Bytes that were given to `send` and not yet to the system. */
  get bufferedAmount(): number {
    return this.#binding.bufferedAmount
  }

  /** Whether reading rests because `pause` was called. */
  get isPaused(): boolean {
    return this.#binding.connection.isPaused
  }

  /**
   * Send a message. `true`: go on; `false`: it is queued, but wait for `drain`, or the connection is no longer open and
   * nothing was sent. Bytes from 8 KiB on are not copied: do not write to them afterwards.
   * @throws TypeError when `data` is neither a string nor bytes.
   */
  send(data: Sendable | PreparedMessage, options?: SendOptions): boolean {
    if (data instanceof PreparedMessage) return this.#sendPrepared(data)
    const payload = toPayload(data)
    const isText = options?.text ?? typeof payload === 'string'
    // What was published to it earlier in this turn comes first.
    if (this.#member !== undefined) this.#hub.topics.settle(this.#member)
    return this.#binding.connection.send(payload, isText, options?.compress ?? true) && this.#binding.isReady
  }

  /**
   * Send a ping with up to 125 bytes; answers `false` once the connection is closing. RFC 6455 5.5.2.
   * @throws TypeError or RangeError for what cannot be the body of a ping.
   */
  ping(data?: Sendable): boolean {
    return this.#binding.connection.ping(toBytes(data))
  }

  /** Send a pong nobody asked for, as a sign of life. RFC 6455 5.5.3. Pings are answered without it. */
  pong(data?: Sendable): boolean {
    return this.#binding.connection.pong(toBytes(data))
  }

  /**
   * Begin the closing handshake behind all that was sent. RFC 6455 7.1.2. Without a code the Close frame is empty.
   * @throws RangeError for a code that must not be sent, or a reason of more than 123 bytes.
   */
  close(code?: number, reason?: string): void {
    this.#binding.connection.close(code, reason)
  }

  /** Drop the connection without a closing handshake; `close` then tells 1006. */
  terminate(): void {
    this.#binding.connection.terminate('local')
  }

  /** Deliver no further message until `resume`; the peer is held back by TCP's own flow control. */
  pause(): void {
    this.#binding.connection.pause()
  }

  /** Deliver messages again. */
  resume(): void {
    this.#binding.connection.resume()
  }

  /** Get what is published on a topic from now on. Answers `false` when it did already, or the socket is not open. */
  subscribe(topic: string): boolean {
    if (this.readyState !== ReadyState.Open) return false
    this.#member ??= this.#hub.makeMember(this.#binding)
    return this.#hub.subscribe(this, this.#member, topic)
  }

  /** Get it no more; what was published before still arrives. Answers `false` when it did not subscribe. */
  unsubscribe(topic: string): boolean {
    return this.#member !== undefined && this.#hub.unsubscribe(this, this.#member, topic)
  }

  isSubscribed(topic: string): boolean {
    return this.#member?.topics.has(topic) ?? false
  }

  /** The topics it subscribes to. */
  get topics(): string[] {
    return this.#member === undefined ? [] : [...this.#member.topics.keys()]
  }

  /** Publish to everybody on a topic but this socket. It leaves at the end of this turn of the event loop. */
  publish(topic: string, message: Sendable | PreparedMessage, options?: PublishOptions): PublishResult {
    return this.#hub.publish(topic, message, { ...options, sender: this.#member })
  }

  #sendPrepared(message: PreparedMessage): boolean {
    const { connection, extension } = this.#binding
    if (this.#member !== undefined) this.#hub.topics.settle(this.#member)
    const isSent = connection.takesEncoded
      ? connection.sendEncoded(extension === undefined ? message.frame : message.frameFor(extension))
      : connection.send(message.payload, message.isText)
    return isSent && this.#binding.isReady
  }
}

/** Close a socket for a reason of the server's own. */
export function closeSocket<Data>(
  socket: Socket<Data>,
  code: number,
  how: { reason: string; cause: CloseCause },
): void {
  bindingOf(socket).connection.close(code, how.reason, how.cause)
}
