/**
 * Keeps exactly one WebSocket open: connects again with jittered back-off, waits while the network is away, stops when told.
 * What an abandoned socket still says goes unheard. RFC 6455 7.2.3.
 */
import { ABNORMAL_CLOSURE, Attempt, type UrlSource } from './attempt.ts'
import type { Loss } from './close-policy.ts'
import { checkReconnectOptions, type ReconnectOptions, type ReconnectSettings } from './options.ts'
import { hearPlatform } from './platform.ts'
import { RetrySchedule } from './retry-schedule.ts'
import { SendQueue, type Message } from './send-queue.ts'
import type { Connect } from './socket-like.ts'
import type { ConnectionState } from './state.ts'

/** RFC 6455 7.4.1. */
const NORMAL_CLOSURE = 1000

export class ReconnectingSocket {
  readonly #url: UrlSource
  readonly #connectSocket: Connect
  readonly #settings: ReconnectSettings
  readonly #queue: SendQueue
  readonly #schedule: RetrySchedule
  readonly #stopListening = new AbortController()
  #state: ConnectionState = { name: 'connecting', attempt: 0 }
  #attempt: Attempt | undefined
  #timer: ReturnType<typeof setTimeout> | undefined

  /**
   * Begin to connect.
   * @throws TypeError or RangeError for an option, naming it.
   */
  constructor(url: UrlSource, connect: Connect, options: ReconnectOptions = {}) {
    this.#settings = checkReconnectOptions(options)
    this.#url = url
    this.#connectSocket = connect
    this.#queue = new SendQueue(this.#settings.queueLimit)
    this.#schedule = new RetrySchedule(this.#settings)
    const { signal: until } = this.#stopListening
    options.signal?.addEventListener('abort', () => this.close(), { signal: until })
    const networkChanged = (isOnline: boolean): void => this.networkChanged(isOnline)
    hearPlatform({ networkChanged, woken: () => this.wake() }, until)
    if (options.signal?.aborted === true) this.close()
    // The caller gets to know this object before its handlers are called.
    else queueMicrotask(() => this.#isUntried() && this.#connect())
  }

  get state(): ConnectionState {
    return this.#state
  }

  /** Bytes that are not sent yet: those that wait for a connection, and those of the socket. */
  get bufferedAmount(): number {
    return this.#queue.bytes + (this.#attempt?.bufferedAmount ?? 0)
  }

  /**
   * Send, or keep it until there is a connection. Answers `false` when neither is possible. What was sent just before a
   * connection broke may be lost: who must know lets the server acknowledge.
   */
  send(message: Message): boolean {
    if (this.#state.name === 'closed') return false
    if (this.#attempt?.isReady !== true) return this.#queue.add(message)
    this.#attempt.send(message)
    return true
  }

  /**
   * Close for good. What waits is thrown away.
   * @throws what the `close` of the socket throws: for most a DOMException, InvalidAccessError for a code other than 1000 and
   * 3000-4999, SyntaxError for a reason of more than 123 bytes. Then nothing has changed.
   */
  close(code: number = NORMAL_CLOSURE, reason: string = ''): void {
    if (this.#state.name === 'closed') return
    const wasOpen = this.#state.name === 'open'
    this.#attempt?.close(code, reason)
    this.#attempt = undefined
    this.#stop({ code, reason })
    if (wasOpen) this.#call(() => this.#settings.handlers.lost?.({ code, reason }))
  }

  /** Do not wait any longer. */
  reconnectNow(): void {
    if (this.#state.name === 'waiting' || this.#state.name === 'offline') this.#connect()
  }

  /** Let the connection go without waiting for its closing handshake, and connect again: it has proved dead. */
  drop(): void {
    if (this.#attempt === undefined) return
    this.#abandon()
    this.#lost({ code: ABNORMAL_CLOSURE, reason: '' })
  }

  /** The server said when to come back, in milliseconds after the loss that follows; this goes before the back-off. */
  comeBackAfter(delay: number): void {
    this.#schedule.advise(delay)
  }

  /** The network is there again, or gone. A page need not call this: it is heard. */
  networkChanged(isOnline: boolean): void {
    const { name } = this.#state
    if (isOnline) {
      this.#schedule.reset()
      this.wake()
    } else if (name === 'waiting') this.#rest()
    else if (name === 'open' || name === 'connecting') this.drop()
  }

  /**
   * After a sleep: wait no longer; or, if the connection seems to be open, have the `wake` handler find out. A page need
   * not call this: it is heard when somebody looks at the page again.
   */
  wake(): void {
    if (this.#state.name === 'open') this.#call(() => this.#settings.handlers.wake?.())
    else this.reconnectNow()
  }

  #isUntried(): boolean {
    return this.#state.name === 'connecting' && this.#attempt === undefined
  }

  #connect(): void {
    this.#abandon()
    const isOnline = this.#settings.isOnline()
    if (!isOnline && !this.#settings.triesOffline) return this.#enter({ name: 'offline' })
    const { handlers, connectTimeout: timeout, protocols, binaryType } = this.#settings
    const attempt = new Attempt({
      url: this.#url,
      connect: this.#connectSocket,
      protocols,
      binaryType,
      timeout,
      opened: (send, protocol) => {
        this.#schedule.opened()
        this.#enter({ name: 'open' })
        return this.#attempt === attempt ? handlers.open?.(send, protocol) : undefined
      },
      ready: () => {
        for (const message of this.#queue.takeAll()) attempt.send(message)
      },
      message: (data) => this.#call(() => handlers.message?.(data)),
      ended: (loss) => this.#lost(loss),
      impossible: (loss) => this.#stop(loss),
    })
    this.#attempt = attempt
    this.#enter(isOnline ? { name: 'connecting', attempt: this.#schedule.attempt } : { name: 'offline' })
    if (this.#attempt === attempt) attempt.begin()
  }

  #lost(loss: Loss): void {
    this.#attempt = undefined
    this.#schedule.lost()
    const wasOpen = this.#state.name === 'open'
    const policy = this.#settings.policy(loss)
    if (policy === 'stop') this.#stop(loss)
    else if (!this.#settings.isOnline()) this.#rest()
    else {
      const delay = this.#schedule.next(policy)
      this.#timer = setTimeout(() => this.#connect(), delay)
      this.#enter({ name: 'waiting', attempt: this.#schedule.attempt, at: Date.now() + delay })
    }
    if (wasOpen) this.#call(() => this.#settings.handlers.lost?.(loss))
  }

  /** Until the network is back, or, with `triesOffline`, until the next attempt. */
  #rest(): void {
    clearTimeout(this.#timer)
    if (this.#settings.triesOffline) {
      this.#timer = setTimeout(() => this.#connect(), this.#schedule.next('backoff'))
    }
    this.#enter({ name: 'offline' })
  }

  #stop({ code, reason }: Loss): void {
    this.#abandon()
    this.#stopListening.abort()
    this.#queue.takeAll()
    this.#enter({ name: 'closed', code, reason })
  }

  /** Let go of attempt, connection and waiting. */
  #abandon(): void {
    clearTimeout(this.#timer)
    this.#schedule.lost()
    const attempt = this.#attempt
    this.#attempt = undefined
    attempt?.letGo()
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
