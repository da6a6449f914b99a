/**
 * The socket that a server's application holds: one open connection, its data and what may be done with it.
 */
import type { CloseCause } from '../protocol/close-outcome.ts'
import { ConnectionState } from '../protocol/connection-state.ts'
import { Stall } from '../protocol/stall.ts'
import { abortable } from './abortable.ts'
import type { SocketStats } from './binding-options.ts'
import { DuplexBinding } from './duplex-binding.ts'
import { MessageWriter } from './message-parts.ts'
import { MessageQueue } from './message-queue.ts'
import { ReadyState } from './ready-state.ts'
import { changeLimits, limitsOf, type SocketLimits } from './socket-limits.ts'
import type { SendOptions, SocketInternals, SocketOptions } from './socket-parts.ts'
import { makeStream, type SocketStream } from './stream.ts'
import { PreparedMessage } from '../pubsub/prepared-message.ts'
import type { PublishOptions, PublishResult } from '../pubsub/topics.ts'
import { toBytes, toPayload, type Sendable } from './payload.ts'
import type { TopicHub } from './topic-hub.ts'
import { feedFor, type WireTap } from './wire-tap.ts'

/** How the server gets at it. */
export let internalsOf: <Data>(socket: Socket<Data>) => SocketInternals<Data>

/** Close a socket for a reason of the server's own. */
export let closeSocket: <Data>(socket: Socket<Data>, code: number, how: { reason: string; cause: CloseCause }) => void

export class Socket<Data = undefined> {
  readonly #internals: SocketInternals<Data>
  readonly #hub: TopicHub<Data>
  /** What `upgrade` gave, or what the application keeps here. */
  data: Data
  /** The subprotocol agreed on, or ''. RFC 6455 1.9. */
  readonly protocol: string
  /** The extensions agreed on, as they stand in the handshake's answer, or ''. RFC 6455 9.1. */
  readonly extensions: string
  /** The peer's address, as long as it is known. */
  readonly remoteAddress: string | undefined

  static {
    internalsOf = (socket) => socket.#internals
    closeSocket = (socket, code, { reason, cause }) => socket.#internals.binding.close(code, reason, cause)
  }

  constructor(options: SocketOptions<Data>) {
    this.data = options.data
    this.protocol = options.protocol
    this.extensions = options.extensions
    this.remoteAddress = options.remoteAddress
    const { stream, listener, extension } = options
    this.#internals = {
      binding: new DuplexBinding(stream, { owner: this, extension, options: options.binding }, listener),
      member: undefined,
      queue: undefined,
      parts: undefined,
      limiter: options.limiter,
    }
    this.#hub = options.hub
  }

  /** 1 open, 2 closing, 3 closed. */
  get readyState(): ReadyState {
    const { state } = this.#internals.binding.connection
    if (state === ConnectionState.Open) return ReadyState.Open
    return state === ConnectionState.Closed ? ReadyState.Closed : ReadyState.Closing
  }

  /** Bytes that were given to `send` and not yet to the system; behind the end of the connection those that never were. */
  get bufferedAmount(): number {
    return this.#internals.binding.output.bufferedAmount
  }

  /** Whether reading rests because `pause` was called. */
  get isPaused(): boolean {
    return this.#internals.binding.connection.isPaused
  }

  /**
   * Send a message. `true`: go on; `false`: it is queued, but wait for `drain`, or the connection is no longer open and
   * nothing was sent. Publications that wait for it go out ahead, past `slowConsumer`. Bytes from 8 KiB on are not copied: do
   * not write to them afterwards.
   * @throws TypeError when `data` is neither a string nor bytes.
   */
  send(data: Sendable | PreparedMessage, options?: SendOptions): boolean {
    if (data instanceof PreparedMessage) return this.#sendPrepared(data)
    const payload = toPayload(data)
    const isText = options?.text ?? typeof payload === 'string'
    this.#settle()
    const { binding } = this.#internals
    return binding.connection.send(payload, isText, options?.compress ?? true) && binding.sent()
  }

  /**
   * Send a ping with up to 125 bytes; answers `false` once the connection is closing. RFC 6455 5.5.2.
   * @throws TypeError or RangeError for what cannot be the body of a ping.
   */
  ping(data?: Sendable): boolean {
    return this.#internals.binding.connection.ping(toBytes(data))
  }

  /** Send a pong nobody asked for, as a sign of life. RFC 6455 5.5.3. Pings are answered without it. */
  pong(data?: Sendable): boolean {
    return this.#internals.binding.connection.pong(toBytes(data))
  }

  /**
   * Begin the closing handshake behind all that was sent. RFC 6455 7.1.2. Without a code the Close frame is empty. What waits
   * behind a message of `startMessage` that has not ended is lost, and stays in `bufferedAmount`: end it first.
   * @throws RangeError for a code that must not be sent, or a reason of more than 123 bytes.
   */
  close(code?: number, reason?: string): void {
    this.#settle()
    this.#internals.binding.connection.close(code, reason)
  }

  /** Drop the connection without a closing handshake; `close` then tells 1006. */
  terminate(): void {
    this.#internals.binding.connection.terminate('local')
  }

  /** Deliver no further message until `resume`; the peer is held back by TCP's own flow control. */
  pause(): void {
    this.#internals.binding.connection.pause()
  }

  /** Deliver messages again. */
  resume(): void {
    this.#internals.binding.connection.resume()
  }

  /**
   * The messages from now on, one by one, instead of the `message` handler's calls; while some wait, the peer is held back.
   * A Close behind one is heeded when the next is asked for, or after `closeTimeout`: the last can be answered too.
   * The loop ends with a clean close and throws after any other; leaving it early closes the socket with 1000.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<string | Uint8Array, undefined> {
    return this.#queue(() => this.close(1000))
  }

  /** The socket as a pair of streams of messages, with back-pressure both ways. WHATWG Streams. */
  stream(): SocketStream {
    return makeStream({
      readMessages: (leave) => this.#queue(leave),
      send: (message) => {
        this.send(message)
        return this.readyState === ReadyState.Open
      },
      ready: () => this.ready(),
      close: (code) => this.close(code),
    })
  }

  /**
   * Send one message in fragments, of any length: `await writer.write(part)` as often as you like, then `writer.end()`.
   * Other messages wait until it has ended, from the first fragment on, and are lost if the connection closes before:
   * `sendAsync` tells `false` of them, and they stay in `bufferedAmount`. RFC 6455 5.4.
   * @throws Error while another one has not ended.
   */
  startMessage(options: { text?: boolean } = {}): MessageWriter {
    return new MessageWriter(this.#internals.binding, { isText: options.text ?? false, begin: () => this.#settle() })
  }

  /**
   * Wait until it is well to send more. Resolves to `false` when the connection is no longer open.
   * Aborting the wait rejects with the signal's reason and does nothing to the socket.
   */
  ready(options: { signal?: AbortSignal } = {}): Promise<boolean> {
    return this.#internals.binding.output.ready(options.signal)
  }

  /** Send, and resolve when the bytes were handed to the system: to `false` when the connection ended before. */
  sendAsync(data: Sendable | PreparedMessage, options: SendOptions & { signal?: AbortSignal } = {}): Promise<boolean> {
    if (options.signal?.aborted === true) return Promise.reject(options.signal.reason)
    this.send(data, options)
    // Too much may have been unsent for it: then it was dropped.
    if (this.readyState !== ReadyState.Open) return Promise.resolve(false)
    return abortable(this.#internals.binding.output.whenSent(), options.signal)
  }

  /** Milliseconds from the heartbeat's last ping to its pong, once there was one. */
  get rtt(): number | undefined {
    return this.#internals.binding.rtt
  }

  /** The limits that hold for it. Assign those that are to be others: `socket.limits = { maxPayload: 2 ** 26 }`. */
  get limits(): Required<SocketLimits> {
    return limitsOf(this.#internals)
  }

  /** @throws TypeError or RangeError that names the limit; nothing has changed then. */
  set limits(changes: SocketLimits) {
    changeLimits(this.#internals, changes)
  }

  /** What came and went so far. */
  stats(): SocketStats {
    return this.#internals.binding.stats()
  }

  /** Look on: bytes, frames, and payloads before and after permessage-deflate. `undefined` takes it back. */
  tap(tap: WireTap | undefined): void {
    this.#internals.binding.tap = feedFor(this, tap)
  }

  #queue(leave: () => void): MessageQueue {
    const internals = this.#internals
    if (internals.queue !== undefined) throw new Error('somebody reads the messages of this socket already')
    const { binding } = internals
    internals.queue = new MessageQueue({
      hold: (wanted) => binding.hold(wanted),
      work: (isUnderWay) => binding.work(Stall.Answer, isUnderWay),
      leave,
    })
    // A handler that waits for messages here must not have them wait for itself.
    binding.connection.resume(Stall.Handler | Stall.PartsAnswer)
    return internals.queue
  }

  /** Get what is published on a topic from now on. Answers `false` when it did already, or the socket is not open. */
  subscribe(topic: string): boolean {
    if (this.readyState !== ReadyState.Open) return false
    this.#internals.member ??= this.#hub.makeMember(this.#internals.binding)
    return this.#hub.subscribe(this, this.#internals.member, topic)
  }

  /** Get it no more; what was published before still arrives. Answers `false` when it did not subscribe. */
  unsubscribe(topic: string): boolean {
    return this.#internals.member !== undefined && this.#hub.unsubscribe(this, this.#internals.member, topic)
  }

  isSubscribed(topic: string): boolean {
    return this.#internals.member?.topics.has(topic) ?? false
  }

  /** The topics it subscribes to. */
  get topics(): string[] {
    return this.#internals.member === undefined ? [] : [...this.#internals.member.topics.keys()]
  }

  /** Publish to everybody on a topic but this socket. It leaves at the end of this turn of the event loop. */
  publish(topic: string, message: Sendable | PreparedMessage, options?: PublishOptions): PublishResult {
    return this.#hub.publish(topic, message, { ...options, sender: this.#internals.member })
  }

  #sendPrepared(message: PreparedMessage): boolean {
    const { binding } = this.#internals
    const { connection, extension } = binding
    this.#settle()
    const isSent = connection.takesEncoded
      ? connection.sendEncoded(extension === undefined ? message.frame : message.frameFor(extension))
      : connection.send(message.payload, message.isText)
    return isSent && binding.sent()
  }

  /** What was published to it earlier in this turn comes before what it is sent now. */
  #settle(): void {
    const { member } = this.#internals
    if (member !== undefined) this.#hub.topics.settle(member)
  }
}
