/**
 * The limits of one socket, which may be raised once it is known who is there.
 */
import type { DuplexBinding } from './duplex-binding.ts'
import { checkCount } from './limits.ts'
import { checkRates, RateLimiter, type RateLimits, type RateOptions } from './rate-limit.ts'

/** Limits that can be changed while a socket is open; those that are not named stay as they are. */
export interface SocketLimits extends RateOptions {
  /** Bytes of a message, from the next frame on. Over it: close 1009. */
  readonly maxPayload?: number
  /** Frames of a message. Over it: close 1008. */
  readonly maxFragments?: number
  /** Bytes of unsent output from which reading rests and `send` says to wait. */
  readonly highWaterMark?: number
  /** Bytes of unsent output with which nothing more is sent: close 1013. */
  readonly maxBufferedAmount?: number
}

/** What holds the limits of a socket. */
export interface Limited {
  readonly binding: Pick<DuplexBinding<unknown>, 'options'>
  limiter: RateLimiter | undefined
}

/** Tell what holds now. */
export function limitsOf({ binding, limiter }: Limited): Required<SocketLimits> {
  const { maxPayload, maxFragments, highWaterMark, maxBufferedAmount = Infinity } = binding.options
  const rates = limiter?.limits
  return {
    maxPayload,
    maxFragments,
    highWaterMark,
    maxBufferedAmount,
    messagesPerSecond: rates?.messagesPerSecond ?? 0,
    bytesPerSecond: rates?.bytesPerSecond ?? 0,
    pingsPerSecond: rates?.pingsPerSecond ?? 0,
    whenRateExceeded: rates?.whenExceeded ?? 'wait',
  }
}

/** @throws TypeError or RangeError that names the limit; nothing has changed then. */
export function changeLimits(limited: Limited, changes: SocketLimits): void {
  const wanted = { ...limitsOf(limited), ...changes }
  const { maxPayload, maxFragments, highWaterMark, maxBufferedAmount } = wanted
  checkCount('maxPayload', maxPayload)
  checkCount('maxFragments', maxFragments, 1)
  checkCount('highWaterMark', highWaterMark)
  if (maxBufferedAmount !== Infinity) checkCount('maxBufferedAmount', maxBufferedAmount, 1)
  const rates = checkRates(wanted)
  const { binding, limiter } = limited
  binding.options = { ...binding.options, maxPayload, maxFragments, highWaterMark, maxBufferedAmount }
  // What a peer has used of its rates it has used, whatever else changes.
  if (isSame(rates, limiter?.limits)) return
  limiter?.stop()
  limited.limiter = rates === undefined ? undefined : new RateLimiter(rates)
}

function isSame(one: RateLimits | undefined, other: RateLimits | undefined): boolean {
  if (one === undefined || other === undefined) return one === other
  return (Object.keys(one) as (keyof RateLimits)[]).every((name) => one[name] === other[name])
}
