/**
 * Whether the other side is still there, and how long it may stay: pings when nothing was heard for a while, an end when
 * nothing comes back, an end when nothing is said, an end of its lifetime. RFC 6455 5.5.2: a ping may serve as keepalive.
 */
import { CloseCode } from '../protocol/close-code.ts'
import type { CloseCause } from '../protocol/close-outcome.ts'
import { Deadline, wheel } from './timer-wheel.ts'

export interface HeartbeatOptions {
  /** Milliseconds without a byte from the peer until it is pinged; 0 for never. */
  readonly interval: number
  /** Milliseconds from the ping until the peer, still silent, is dropped. */
  readonly timeout: number
  /** Milliseconds without a message from the peer until it is closed with 1001; 0 for never. */
  readonly idleTimeout: number
  /** Milliseconds a connection may last until it is closed with 1001, give or take a tenth; 0 for ever. */
  readonly maxLifetime: number
}

/** The connection, as far as its heartbeat goes. */
export interface HeartbeatTarget {
  ping(payload: Uint8Array): boolean
  close(code: number, reason: string, cause: CloseCause): void
  terminate(cause: CloseCause): void
}

/** How far lifetimes are scattered, so that connections made at once do not end at once. */
const LIFETIME_JITTER = 0.1
/** Bytes of a ping's body: a number that tells it from pings of the application. */
const PING_LENGTH = 4

/** A flag is all that a byte that arrives costs; the clock is looked at when a deadline is due. */
export class Heartbeat {
  readonly #target: HeartbeatTarget
  readonly #options: HeartbeatOptions
  readonly #deadlines: Deadline[] = []
  #isHeard = false
  #isSpokenTo = false
  #sentAt = 0
  #awaited: number | undefined
  #rtt: number | undefined
  static #count = 0

  constructor(target: HeartbeatTarget, options: HeartbeatOptions) {
    this.#target = target
    this.#options = options
    const { interval, idleTimeout, maxLifetime } = options
    if (interval > 0) this.#every(interval, (deadline) => this.#beat(deadline))
    if (idleTimeout > 0) this.#every(idleTimeout, (deadline) => this.#lookIdle(deadline))
    if (maxLifetime > 0) {
      const scattered = maxLifetime * (1 + LIFETIME_JITTER * (2 * Math.random() - 1))
      this.#every(scattered, () => target.close(CloseCode.GoingAway, 'maximum lifetime', 'lifetime'))
    }
  }

  /** The time from the last ping to its pong in milliseconds, once one was answered. */
  get rtt(): number | undefined {
    return this.#rtt
  }

  /** A byte has arrived. */
  heard(): void {
    this.#isHeard = true
  }

  /** A message has arrived. */
  spokenTo(): void {
    this.#isSpokenTo = true
  }

  /** A pong has arrived. */
  pong(payload: Uint8Array): void {
    if (this.#awaited === undefined || payload.length !== PING_LENGTH) return
    if (Buffer.from(payload).readUInt32BE() !== this.#awaited) return
    this.#rtt = performance.now() - this.#sentAt
    this.#awaited = undefined
  }

  stop(): void {
    for (const deadline of this.#deadlines) wheel.clear(deadline)
  }

  #every(delayMs: number, expire: (deadline: Deadline) => void): void {
    const deadline: Deadline = new Deadline(() => expire(deadline))
    this.#deadlines.push(deadline)
    wheel.set(deadline, delayMs)
  }

  #beat(deadline: Deadline): void {
    const { interval, timeout } = this.#options
    if (this.#isHeard) {
      this.#isHeard = false
      this.#awaited = undefined
      return wheel.set(deadline, interval)
    }
    if (this.#awaited !== undefined) return this.#target.terminate('timeout')
    Heartbeat.#count = (Heartbeat.#count + 1) >>> 0
    this.#awaited = Heartbeat.#count
    this.#sentAt = performance.now()
    const payload = Buffer.alloc(PING_LENGTH)
    payload.writeUInt32BE(this.#awaited)
    this.#target.ping(payload)
    wheel.set(deadline, timeout)
  }

  #lookIdle(deadline: Deadline): void {
    if (!this.#isSpokenTo) return this.#target.close(CloseCode.GoingAway, 'idle', 'timeout')
    this.#isSpokenTo = false
    wheel.set(deadline, this.#options.idleTimeout)
  }
}
