/**
 * How long to wait before the next attempt to connect: exponential with full jitter, so that a thousand pages that lose
 * their server together do not come back together.
 */

/** The first attempt waits at most this long, in milliseconds; each further one at most twice as long. */
export const BACKOFF_BASE = 500
/** No attempt waits longer than this, in milliseconds. */
export const BACKOFF_CEILING = 30_000
/** A connection that has lived this long, in milliseconds, counts as good: the attempts begin again from zero. */
export const STABLE_AFTER = 10_000

/** The delay before attempt number `attempt` (from 0), in milliseconds: rand(0, min(30 s, 0.5 s x 2^attempt)). */
export function backoffDelay(attempt: number, random: () => number = Math.random): number {
  const most = Math.min(BACKOFF_CEILING, BACKOFF_BASE * 2 ** Math.min(attempt, 30))
  return Math.floor(random() * most)
}

/** What a close code asks of the client, by the policy of the protocol: stop for good, back off, or come back soon. */
export type ReconnectPolicy = 'stop' | 'backoff' | 'soon'
