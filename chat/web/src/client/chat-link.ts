/**
 * The page's one connection to the chat. It heals itself (`barewire/reconnect`) by the policy of the protocol's close codes;
 * here it is greeted, watched over by pings, and asked for replies.
 */
import {
  connectForever,
  type ConnectionState,
  type ReconnectingSocket,
  type ReconnectOptions,
} from 'barewire/reconnect'
import { readServerMessage, type ServerEvent } from '../../../protocol/envelope.ts'
import { CHAT_PROTOCOL } from '../../../protocol/limits.ts'
import { Heartbeat } from './heartbeat.ts'
import { reconnectPolicy } from './reconnect-policy.ts'
import { Requests } from './requests.ts'

export type Hello = (ServerEvent & { t: 'hello' })['d']

/** `idle`: nobody wants a connection. */
export type LinkState = ConnectionState | { readonly name: 'idle' }

export interface ChatLinkOptions {
  readonly url: string
  readonly connect?: typeof connectForever
  /** The server is on this very machine: it may be there although the network is not. */
  readonly isLocal?: boolean
  readonly random?: () => number
  /** The connection was closed with this code: whether to come back soon, whatever the policy says. */
  readonly comesBack: (code: number) => boolean
  /** Anything that is shown has changed. */
  readonly onchange: () => void
  /** A connection is open, and the server has greeted. */
  readonly onhello: (hello: Hello) => void
  readonly onevent: (event: ServerEvent) => void
  /** The connection that was open is so no longer. */
  readonly onlost: () => void
}

export class ChatLink {
  readonly requests: Requests
  /** The greeting of the connection of the moment. */
  hello: Hello | undefined
  /** The name of the connection before: the server may not have noticed its loss. */
  previous: string | undefined
  /** The server has said goodbye and not yet closed. */
  isLeaving = false
  /** Round trip of the last ping, in milliseconds. */
  rtt: number | undefined
  readonly #options: ChatLinkOptions
  #conn: string | undefined
  #socket: ReconnectingSocket | undefined
  #heartbeat: Heartbeat | undefined

  constructor(options: ChatLinkOptions) {
    this.#options = options
    this.requests = new Requests((text) => this.#socket?.send(text) === true)
  }

  get state(): LinkState {
    return this.#socket?.state ?? { name: 'idle' }
  }

  /** Connect, and stay connected until `stop`, or a close that ends it. */
  start(): void {
    if (this.#socket !== undefined && this.#socket.state.name !== 'closed') return
    const { url, connect = connectForever, isLocal = false, random } = this.#options
    const options: ReconnectOptions = {
      protocols: CHAT_PROTOCOL,
      policy: ({ code }) => (this.#options.comesBack(code) ? 'soon' : reconnectPolicy(code)),
      // What waits for a connection waits in the outbox, which survives a reload.
      queueLimit: 0,
      triesOffline: isLocal,
      state: () => this.#options.onchange(),
      message: (data) => this.#receive(data),
      lost: () => this.#lost(),
      wake: () => this.#heartbeat?.probe(),
    }
    this.#socket = connect(url, random === undefined ? options : { ...options, random })
  }

  /** Close; `start` begins anew. */
  stop(): void {
    this.#socket?.close()
    this.#socket = undefined
    this.#options.onchange()
  }

  /** Do not wait any longer. */
  tryNow(): void {
    this.start()
    this.#socket?.reconnectNow()
  }

  #receive(data: unknown): void {
    this.#heartbeat?.alive()
    if (typeof data !== 'string') return
    const message = readServerMessage(data)
    if (message === undefined) return
    if ('reply' in message) this.requests.settle(message.reply)
    else this.#event(message.event)
  }

  #event(event: ServerEvent): void {
    switch (event.t) {
      case 'hello':
        return this.#welcome(event.d)
      case 'pong':
        this.rtt = Math.max(0, performance.now() - event.d.ts)
        return this.#options.onchange()
      case 'bye':
        this.isLeaving = true
        this.#socket?.comeBackAfter(event.d.afterMs)
        return this.#options.onchange()
      default:
        this.#options.onevent(event)
    }
  }

  #welcome(hello: Hello): void {
    this.hello = hello
    this.previous = this.#conn
    this.#conn = hello.conn
    this.isLeaving = false
    const { random } = this.#options
    this.#heartbeat = new Heartbeat({
      ...hello.ping,
      ping: () => this.requests.tell('ping', { ts: performance.now() }),
      dead: () => this.#socket?.drop(),
      ...(random && { random }),
    })
    this.#heartbeat.start()
    this.#options.onhello(hello)
  }

  #lost(): void {
    this.hello = undefined
    this.#heartbeat?.stop()
    this.#heartbeat = undefined
    this.#options.onlost()
    this.requests.abort()
  }
}
