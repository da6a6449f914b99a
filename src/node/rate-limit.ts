/**
 * How much one peer may ask: buckets that fill steadily and are emptied by what arrives. Not a matter of any RFC.
 */
import { checkCount } from './limits.ts'
import { wheel, type Deadline } from './timer-wheel.ts'

/** How much one peer may ask, as an application says it. */
export interface RateOptions {
  /** Messages, bytes of messages and pings a second from one peer; 0 for no limit, the default. */
  readonly messagesPerSecond?: number
  readonly bytesPerSecond?: number
  readonly pingsPerSecond?: number
  /** When one of these is passed: let the peer wait (default), or close with 1008. */
  readonly whenRateExceeded?: 'wait' | 'close'
}

export interface RateLimits {
  /** Messages a second; a burst of as many is allowed. 0 for no limit. */
  readonly messagesPerSecond: number
  /** Bytes of messages a second; a burst of as many is allowed. 0 for no limit. */
  readonly bytesPerSecond: number
  /** Pings a second; a burst of as many is allowed. 0 for no limit. */
  readonly pingsPerSecond: number
  /** When a limit is passed: let the peer wait, or close with 1008. */
  readonly whenExceeded: 'wait' | 'close'
}

/** A bucket: `take` empties it, time fills it. */
export class TokenBucket {
  readonly #perMs: number
  readonly #size: number
  #level: number
  #filledAt: number

  constructor(perSecond: number, now: number) {
    this.#perMs = perSecond / 1000
    this.#size = perSecond
    this.#level = perSecond
    this.#filledAt = now
  }

  /** Take some; answers the milliseconds until the bucket is no longer overdrawn, 0 when it was not. */
  take(amount: number, now: number): number {
    this.#fill(now)
    this.#level -= amount
    return this.#level >= 0 ? 0 : -this.#level / this.#perMs
  }

  /** Take some if there is as much, and answer 0; else take nothing, and answer the milliseconds until there is. */
  tryTake(amount: number, now: number): number {
    this.#fill(now)
    if (this.#level < amount) return (amount - this.#level) / this.#perMs
    this.#level -= amount
    return 0
  }

  #fill(now: number): void {
    this.#level = Math.min(this.#size, this.#level + (now - this.#filledAt) * this.#perMs)
    this.#filledAt = now
  }
}

/** The buckets of one connection. */
export class RateLimiter {
  readonly limits: RateLimits
  /** Ends the peer's wait; made when it first has to. */
  alarm: Deadline | undefined
  readonly #messages: TokenBucket | undefined
  readonly #bytes: TokenBucket | undefined
  readonly #pings: TokenBucket | undefined

  constructor(limits: RateLimits, now: number = performance.now()) {
    const bucket = (perSecond: number): TokenBucket | undefined =>
      perSecond > 0 ? new TokenBucket(perSecond, now) : undefined
    this.limits = limits
    this.#messages = bucket(limits.messagesPerSecond)
    this.#bytes = bucket(limits.bytesPerSecond)
    this.#pings = bucket(limits.pingsPerSecond)
  }

  /** Count a message, or a part of one; answers how long the peer has to wait, in milliseconds. */
  message(bytes: number, messages: number = 1, now: number = performance.now()): number {
    return Math.max(this.#messages?.take(messages, now) ?? 0, this.#bytes?.take(bytes, now) ?? 0)
  }

  /** Let nobody wait any more. */
  stop(): void {
    if (this.alarm !== undefined && this.alarm.slot !== -1) {
      wheel.clear(this.alarm)
      this.alarm.expire()
    }
  }

  /** Count a ping. */
  ping(now: number = performance.now()): number {
    return this.#pings?.take(1, now) ?? 0
  }
}

/**
 * Check rates; `undefined` when there are none.
 * @throws TypeError or RangeError that names the option.
 */
export function checkRates(options: RateOptions): RateLimits | undefined {
  const { messagesPerSecond = 0, bytesPerSecond = 0, pingsPerSecond = 0, whenRateExceeded = 'wait' } = options
  if (whenRateExceeded !== 'wait' && whenRateExceeded !== 'close') {
    throw new TypeError("whenRateExceeded must be 'wait' or 'close'")
  }
  checkCount('messagesPerSecond', messagesPerSecond)
  checkCount('bytesPerSecond', bytesPerSecond)
  checkCount('pingsPerSecond', pingsPerSecond)
  if (messagesPerSecond + bytesPerSecond + pingsPerSecond === 0) return undefined
  return { messagesPerSecond, bytesPerSecond, pingsPerSecond, whenExceeded: whenRateExceeded }
}
