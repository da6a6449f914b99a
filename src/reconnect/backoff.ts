/**
 * How long to wait before the next attempt: exponential with full jitter, so that a thousand clients that lose their server
 * together do not come back together. RFC 6455 7.2.3 asks for it.
 */

export interface BackoffOptions {
  /** Milliseconds the first attempt waits at most. Default 500. */
  readonly base?: number
  /** How many times longer each further one may wait. Default 2. */
  readonly factor?: number
  /** Milliseconds no attempt waits longer than. Default 30,000. */
  readonly ceiling?: number
  /** Which part of the wait is left to chance: 1, the default, is full jitter, 0 none. */
  readonly jitter?: number
}

export type Backoff = Required<BackoffOptions>

const DEFAULTS: Backoff = { base: 500, factor: 2, ceiling: 30_000, jitter: 1 }

/** @throws RangeError that names the option. */
export function checkBackoff(options: BackoffOptions = {}): Backoff {
  const backoff = { ...DEFAULTS, ...options }
  const { base, factor, ceiling, jitter } = backoff
  if (!(base >= 0)) throw new RangeError(`backoff.base must be 0 or more milliseconds, got ${base}`)
  if (!(factor >= 1)) throw new RangeError(`backoff.factor must be 1 or more, got ${factor}`)
  if (!(ceiling >= base)) throw new RangeError(`backoff.ceiling must be at least base, ${base}, got ${ceiling}`)
  if (!(jitter >= 0 && jitter <= 1)) throw new RangeError(`backoff.jitter must be from 0 to 1, got ${jitter}`)
  return backoff
}

/** The wait before an attempt (counted from 0) in milliseconds. `random` gives a number from 0 to below 1. */
export function backoffDelay(attempt: number, backoff: Backoff, random: () => number): number {
  const { base, factor, ceiling, jitter } = backoff
  // Beyond some power the product is Infinity, and 0 times that is no number.
  const most = base === 0 ? 0 : Math.min(ceiling, base * factor ** attempt)
  return Math.floor(most * (1 - jitter) + most * jitter * random())
}
