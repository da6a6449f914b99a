/**
 * Keeps exactly one WebSocket open: connects again with jittered back-off, waits while the network is away, stops when told.
 * What an abandoned socket still says goes unheard. RFC 6455 7.2.3.
 */
import { backoffDelay } from './backoff.ts'
import type { Loss } from './close-policy.ts'
import { hearNetwork } from './network.ts'
import { checkReconnectOptions, type ReconnectOptions, type ReconnectSettings } from './options.ts'
import { SendQueue, type Message } from './send-queue.ts'
import { OPEN, type Connect, type SocketLike } from './socket-like.ts'
import type { ConnectionState } from './state.ts'

/** A URL, or what gives a fresh one for each attempt: with a token, say. */
export type UrlSource = string | URL | (() => string | URL | Promise<string | URL>)

const NORMAL_CLOSURE = 1000
/** RFC 6455 7.4.1: what is reported when there was no Close frame. */
const ABNORMAL_CLOSURE = 1006
/** Even those who are asked to come back at once do not do so in the same moment: within so many milliseconds. */
const SOON = 1000

export class ReconnectingSocket {
  readonly #url: UrlSource
  readonly #connectSocket: Connect
  readonly #settings: ReconnectSettings
  readonly #queue: SendQueue
  readonly #stopListening = new AbortController()
  #state: ConnectionState = { name: 'connecting', attempt: 0 }
  #socket: SocketLike | undefined
  /** Grows with each attempt: what belongs to an earlier one is unheard. */
  #generation = 0
  #attempt = 0
  /** Whether the `open` handler is through, so that messages need not wait any more. */
  #isReady = false
  #advised: number | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #stableTimer: ReturnType<typeof setTimeout> | undefined

  /**
   * Begin to connect.
   * @throws TypeError or RangeError for an option, naming it.
   */
  constructor(url: UrlSource, connect: Connect, options: ReconnectOptions = {}) {
    this.#settings = checkReconnectOptions(options)
    this.#url = url
    this.#connectSocket = connect
    this.#queue = new SendQueue(this.#settings.queueLimit)
    const { signal: until } = this.#stopListening
    options.signal?.addEventListener('abort', () => this.close(), { signal: until })
    hearNetwork((isOnline) => this.networkChanged(isOnline), until)
    if (options.signal?.aborted === true) this.close()
    // The caller gets to know this object before its handlers are called.
    else queueMicrotask(() => this.#generation === 0 && this.#state.name !== 'closed' && this.#connect())
  }

  get state(): ConnectionState {
    return this.#state
  }

  /** Bytes that are not sent yet: those that wait for a connection, and those of the socket. */
  get bufferedAmount(): number {
    return this.#queue.bytes + (this.#socket?.bufferedAmount ?? 0)
  }

  /**
   * Send, or keep it until there is a connection. Answers `false` when neither is possible. What was sent just before a
   * connection broke may be lost: who must know lets the server acknowledge.
   */
  send(message: Message): boolean {
    if (this.#state.name === 'closed') return false
    if (!this.#isReady || this.#socket?.readyState !== OPEN) return this.#queue.add(message)
    this.#socket.send(message)
    return true
  }

  /** Close for good. What waits is thrown away. */
  close(code: number = NORMAL_CLOSURE, reason: string = ''): void {
    if (this.#state.name === 'closed') return
    const wasOpen = this.#state.name === 'open'
    this.#abandon({ code, reason })
    this.#stop({ code, reason })
    if (wasOpen) this.#call(() => this.#settings.handlers.lost?.({ code, reason }))
  }

  /** Do not wait any longer. */
  reconnectNow(): void {
    if (this.#state.name === 'waiting' || this.#state.name === 'offline') this.#connect()
  }

  /** Let the connection go without waiting for its closing handshake, and connect again: it has proved dead. */
  drop(): void {
    if (this.#socket === undefined) return
    this.#abandon()
    this.#lost({ code: ABNORMAL_CLOSURE, reason: '' })
  }

  /** The server said when to come back, in milliseconds after the loss that follows; this goes before the back-off. */
  comeBackAfter(delay: number): void {
    this.#advised = delay
  }

  /** The network is there again, or gone. A page need not call this: it is heard. */
  networkChanged(isOnline: boolean): void {
    const { name } = this.#state
    if (isOnline && (name === 'offline' || name === 'waiting')) {
      this.#attempt = 0
      this.#connect()
    } else if (!isOnline && name === 'waiting') {
      clearTimeout(this.#timer)
      this.#enter({ name: 'offline' })
    } else if (!isOnline && (name === 'open' || name === 'connecting')) {
      this.drop()
    }
  }

  #connect(): void {
    this.#abandon()
    if (!this.#settings.isOnline()) return this.#enter({ name: 'offline' })
    const generation = this.#generation
    this.#enter({ name: 'connecting', attempt: this.#attempt })
    if (generation !== this.#generation) return
    this.#timer = setTimeout(
      () => this.#fail(generation, new Error('connecting took too long')),
      this.#settings.connectTimeout,
    )
    if (typeof this.#url !== 'function') return this.#open(this.#url, generation)
    Promise.resolve()
      .then(this.#url)
      .then((url) => this.#open(url, generation))
      .catch((error: unknown) => this.#fail(generation, error))
  }

  #open(url: string | URL, generation: number): void {
    if (generation !== this.#generation) return
    let socket
    try {
      socket = this.#connectSocket(String(url), this.#settings.protocols)
    } catch (error) {
      // A URL that is none stays none.
      this.#abandon()
      return this.#stop({ code: ABNORMAL_CLOSURE, reason: String(error), error })
    }
    this.#socket = socket
    socket.binaryType = this.#settings.binaryType
    this.#listen(socket, generation)
  }

  #listen(socket: SocketLike, generation: number): void {
    const isCurrent = (): boolean => generation === this.#generation
    let seen: unknown
    socket.onopen = () => isCurrent() && this.#opened(socket, generation)
    socket.onmessage = ({ data }: { data: unknown }) => {
      if (isCurrent()) this.#call(() => this.#settings.handlers.message?.(data))
    }
    socket.onerror = ({ error }: { error?: unknown }) => {
      seen = error
    }
    socket.onclose = ({ code, reason }: { code: number; reason: string }) => {
      if (!isCurrent()) return
      this.#socket = undefined
      this.#generation++
      this.#lost(seen === undefined ? { code, reason } : { code, reason, error: seen })
    }
  }

  #opened(socket: SocketLike, generation: number): void {
    clearTimeout(this.#timer)
    this.#advised = undefined
    this.#stableTimer = setTimeout(() => (this.#attempt = 0), this.#settings.stableAfter)
    this.#enter({ name: 'open' })
    const isCurrent = (): boolean => generation === this.#generation
    const send = (message: Message): void => {
      if (isCurrent()) socket.send(message)
    }
    const { open } = this.#settings.handlers
    const flush = (): void => {
      if (!isCurrent()) return
      this.#isReady = true
      for (const message of this.#queue.takeAll()) socket.send(message)
    }
    try {
      const opening = open?.call(this.#settings.handlers, send, socket.protocol)
      if (!isPromise(opening)) return flush()
      opening.then(flush, (error: unknown) => this.#fail(generation, error))
    } catch (error) {
      this.#fail(generation, error)
    }
  }

  #fail(generation: number, error: unknown): void {
    if (generation !== this.#generation) return
    this.#abandon()
    this.#lost({ code: ABNORMAL_CLOSURE, reason: '', error })
  }

  #lost(loss: Loss): void {
    clearTimeout(this.#timer)
    clearTimeout(this.#stableTimer)
    this.#isReady = false
    const wasOpen = this.#state.name === 'open'
    const policy = this.#settings.policy(loss)
    if (policy === 'stop') this.#stop(loss)
    else if (!this.#settings.isOnline()) this.#enter({ name: 'offline' })
    else this.#wait(policy === 'soon')
    if (wasOpen) this.#call(() => this.#settings.handlers.lost?.(loss))
  }

  #wait(isSoon: boolean): void {
    const { backoff, random } = this.#settings
    const attempt = this.#attempt++
    const usual = isSoon && attempt === 0 ? Math.floor(random() * SOON) : backoffDelay(attempt, backoff, random)
    const delay = this.#advised ?? usual
    this.#advised = undefined
    this.#timer = setTimeout(() => this.#connect(), delay)
    this.#enter({ name: 'waiting', attempt: this.#attempt, at: Date.now() + delay })
  }

  #stop({ code, reason }: Loss): void {
    clearTimeout(this.#timer)
    this.#stopListening.abort()
    this.#queue.takeAll()
    this.#enter({ name: 'closed', code, reason })
  }

  /** Let go of the socket; nothing it says is heard any more. Without a code it is dropped as it stands. */
  #abandon(close?: { code: number; reason: string }): void {
    clearTimeout(this.#timer)
    clearTimeout(this.#stableTimer)
    this.#generation++
    this.#isReady = false
    const socket = this.#socket
    this.#socket = undefined
    if (socket === undefined) return
    socket.onopen = socket.onmessage = socket.onclose = socket.onerror = null
    if (close === undefined && socket.terminate !== undefined) socket.terminate()
    else socket.close(close?.code, close?.reason)
  }

  #enter(state: ConnectionState): void {
    this.#state = state
    this.#call(() => this.#settings.handlers.state?.(state))
  }

  /** A handler that throws is reported as the platform does it, and stops nothing. */
  #call(handler: () => unknown): void {
    try {
      handler()
    } catch (error) {
      queueMicrotask(() => {
        throw error
      })
    }
  }
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as { then?: unknown } | undefined)?.then === 'function'
}
