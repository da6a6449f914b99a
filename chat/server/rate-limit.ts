/** Two ways to count: a bucket that fills again, and a window that begins anew. */

/** Allows `perSecond` on average and `burst` at once. */
export class TokenBucket {
  readonly #perSecond: number
  readonly #burst: number
  #tokens: number
  #at: number

  constructor(perSecond: number, burst: number, now: number) {
    this.#perSecond = perSecond
    this.#burst = burst
    this.#tokens = burst
    this.#at = now
  }

  /** Take one. Answers 0, or the milliseconds after which there is one again. */
  take(now: number): number {
    this.#tokens = Math.min(this.#burst, this.#tokens + (Math.max(0, now - this.#at) / 1000) * this.#perSecond)
    this.#at = now
    if (this.#tokens >= 1) {
      this.#tokens -= 1
      return 0
    }
    return Math.ceil(((1 - this.#tokens) / this.#perSecond) * 1000)
  }
}

/** Allows `limit` in each window of `windowMs`. */
export class Window {
  readonly #limit: number
  readonly #windowMs: number
  #start = Number.NEGATIVE_INFINITY
  #count = 0

  constructor(limit: number, windowMs: number) {
    this.#limit = limit
    this.#windowMs = windowMs
  }

  /** Count one. Answers whether it is within the limit. */
  take(now: number): boolean {
    if (now - this.#start >= this.#windowMs) {
      this.#start = now
      this.#count = 0
    }
    this.#count += 1
    return this.#count <= this.#limit
  }
}
