/**
 * How much one peer may ask: buckets that fill steadily and are emptied by what arrives. Not a matter of any RFC.
 */

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
    this.#level = Math.min(this.#size, this.#level + (now - this.#filledAt) * this.#perMs)
    this.#filledAt = now
    this.#level -= amount
    return this.#level >= 0 ? 0 : -this.#level / this.#perMs
  }
}

/** The buckets of one connection. */
export class RateLimiter {
  readonly #messages: TokenBucket | undefined
  readonly #bytes: TokenBucket | undefined
  readonly #pings: TokenBucket | undefined

  constructor(limits: RateLimits, now: number = performance.now()) {
    const bucket = (perSecond: number): TokenBucket | undefined =>
      perSecond > 0 ? new TokenBucket(perSecond, now) : undefined
    this.#messages = bucket(limits.messagesPerSecond)
    this.#bytes = bucket(limits.bytesPerSecond)
    this.#pings = bucket(limits.pingsPerSecond)
  }

  /** Count a message; answers how long the peer has to wait, in milliseconds. */
  message(bytes: number, now: number = performance.now()): number {
    return Math.max(this.#messages?.take(1, now) ?? 0, this.#bytes?.take(bytes, now) ?? 0)
  }

  /** Count a ping. */
  ping(now: number = performance.now()): number {
    return this.#pings?.take(1, now) ?? 0
  }
}
