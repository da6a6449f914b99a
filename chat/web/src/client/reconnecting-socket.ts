/**
 * Keeps exactly one WebSocket open: reconnects with jittered back-off, waits while the network is away, stops when told.
 * It knows nothing of the messages; a generation number makes everything an abandoned socket still says go unheard.
 */
import { backoffDelay, STABLE_AFTER, type ReconnectPolicy } from './backoff.ts'

/** The part of the browser's WebSocket that is used here. */
export interface SocketLike {
  readonly readyState: number
  readonly protocol: string
  readonly bufferedAmount: number
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  send(data: string): void
  close(code?: number, reason?: string): void
}

/** Where the connection stands. `waiting.at` is the time of the next attempt in milliseconds since the epoch. */
export type ConnectionState =
  | { readonly name: 'idle' }
  | { readonly name: 'connecting'; readonly attempt: number }
  | { readonly name: 'open' }
  | { readonly name: 'waiting'; readonly attempt: number; readonly at: number }
  | { readonly name: 'offline' }
  | { readonly name: 'stopped'; readonly code: number; readonly reason: string }

export interface ReconnectingSocketOptions {
  readonly connect: () => SocketLike
  /** What to do after a close with this code. */
  readonly policy: (code: number) => ReconnectPolicy
  readonly onstate: (state: ConnectionState) => void
  /** The socket is open. */
  readonly onopen: () => void
  readonly onmessage: (data: unknown) => void
  /** The socket that was open is so no longer. */
  readonly onlost: (code: number, reason: string) => void
  readonly isOnline?: () => boolean
  /** The server is on this very machine: it is tried even when the browser says that there is no network. */
  readonly isLocal?: boolean
  readonly random?: () => number
  /** Milliseconds an attempt may take; 10 s unless given. */
  readonly connectTimeout?: number
}

const OPEN = 1
const CONNECT_TIMEOUT = 10_000
/** RFC 6455 7.4.1: what a browser reports when no Close frame came. */
const ABNORMAL_CLOSURE = 1006
const NORMAL_CLOSURE = 1000
/** A server that asks to come back soon is still not asked by everybody in the same moment. Milliseconds. */
const SOON = 1_000

export class ReconnectingSocket {
  readonly #options: ReconnectingSocketOptions
  readonly #random: () => number
  #state: ConnectionState = { name: 'idle' }
  #socket: SocketLike | undefined
  #generation = 0
  #attempt = 0
  #advisedDelay: number | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #stable: ReturnType<typeof setTimeout> | undefined

  constructor(options: ReconnectingSocketOptions) {
    this.#options = options
    this.#random = options.random ?? Math.random
  }

  get state(): ConnectionState {
    return this.#state
  }

  get bufferedAmount(): number {
    return this.#socket?.bufferedAmount ?? 0
  }

  /** Connect, and stay connected until `stop`. */
  start(): void {
    if (this.#state.name !== 'idle' && this.#state.name !== 'stopped') return
    this.#attempt = 0
    this.#connect()
  }

  /** Close for good; `start` begins anew. */
  stop(): void {
    const wasOpen = this.#state.name === 'open'
    this.#abandon(NORMAL_CLOSURE)
    this.#enter({ name: 'idle' })
    if (wasOpen) this.#options.onlost(NORMAL_CLOSURE, '')
  }

  /** Send, if the socket is open. */
  send(data: string): boolean {
    if (this.#state.name !== 'open' || this.#socket?.readyState !== OPEN) return false
    this.#socket.send(data)
    return true
  }

  /** The user does not want to wait any longer. */
  tryNow(): void {
    if (this.#state.name === 'waiting' || this.#state.name === 'offline') this.#connect()
  }

  /** The server said when to come back after the close that follows; its word goes before the back-off. */
  advise(delay: number): void {
    this.#advisedDelay = delay
  }

  /** The socket has proved dead: let it go without waiting for its close handshake, and connect again. */
  drop(code: number = ABNORMAL_CLOSURE, reason = ''): void {
    if (this.#socket === undefined) return
    this.#abandon()
    this.#lost(code, reason)
  }

  /** The browser says that the network is back, or gone. */
  networkChanged(online: boolean): void {
    if (online && (this.#state.name === 'offline' || this.#state.name === 'waiting')) {
      this.#attempt = 0
      this.#connect()
    } else if (!online && this.#state.name === 'waiting') {
      this.#rest()
    } else if (!online && (this.#state.name === 'open' || this.#state.name === 'connecting')) {
      this.drop()
    }
  }

  #connect(): void {
    clearTimeout(this.#timer)
    const isOnline = this.#options.isOnline?.() !== false
    if (!isOnline && this.#options.isLocal !== true) return this.#enter({ name: 'offline' })
    this.#abandon()
    const generation = this.#generation
    const current = (): boolean => generation === this.#generation
    this.#enter(isOnline ? { name: 'connecting', attempt: this.#attempt } : { name: 'offline' })
    const socket = this.#options.connect()
    this.#socket = socket
    this.#timer = setTimeout(() => this.drop(), this.#options.connectTimeout ?? CONNECT_TIMEOUT)
    socket.onopen = () => {
      if (!current()) return
      clearTimeout(this.#timer)
      this.#advisedDelay = undefined
      this.#stable = setTimeout(() => (this.#attempt = 0), STABLE_AFTER)
      this.#enter({ name: 'open' })
      this.#options.onopen()
    }
    socket.onmessage = (event: { data: unknown }) => {
      if (current()) this.#options.onmessage(event.data)
    }
    socket.onclose = (event: { code: number; reason: string }) => {
      if (!current()) return
      this.#socket = undefined
      this.#generation++
      this.#lost(event.code, event.reason)
    }
  }

  #lost(code: number, reason: string): void {
    clearTimeout(this.#timer)
    clearTimeout(this.#stable)
    const wasOpen = this.#state.name === 'open'
    const policy = this.#options.policy(code)
    if (policy === 'stop') this.#enter({ name: 'stopped', code, reason })
    else if (this.#options.isOnline?.() === false) this.#rest()
    else this.#wait(policy)
    if (wasOpen) this.#options.onlost(code, reason)
  }

  /** Without a network nothing is tried, unless the server needs none. */
  #rest(): void {
    clearTimeout(this.#timer)
    this.#enter({ name: 'offline' })
    if (this.#options.isLocal !== true) return
    this.#timer = setTimeout(() => this.#connect(), backoffDelay(++this.#attempt, this.#random))
  }

  #wait(policy: ReconnectPolicy): void {
    const attempt = this.#attempt++
    const usual = backoffDelay(policy === 'backoff' ? attempt + 1 : attempt, this.#random)
    const first = policy === 'soon' && attempt === 0
    const delay = this.#advisedDelay ?? (first ? Math.floor(this.#random() * SOON) : usual)
    this.#advisedDelay = undefined
    this.#enter({ name: 'waiting', attempt: attempt + 1, at: Date.now() + delay })
    this.#timer = setTimeout(() => this.#connect(), delay)
  }

  /** Let go of the current socket; nothing it says is heard any more. */
  #abandon(code?: number): void {
    clearTimeout(this.#timer)
    clearTimeout(this.#stable)
    this.#generation++
    const socket = this.#socket
    this.#socket = undefined
    if (socket === undefined) return
    socket.onopen = socket.onmessage = socket.onclose = socket.onerror = null
    socket.close(code)
  }

  #enter(state: ConnectionState): void {
    this.#state = state
    this.#options.onstate(state)
  }
}
