import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BACKOFF_CEILING, backoffDelay } from '../../web/src/client/backoff.ts'

describe('backoffDelay', () => {
  it('doubles the span from 0.5 s up to 30 s', () => {
    const longest = [0, 1, 2, 3, 4, 5, 6, 7, 50].map((attempt) => backoffDelay(attempt, () => 0.999999))
    expect(longest).toEqual([499, 999, 1999, 3999, 7999, 15_999, 29_999, 29_999, 29_999])
  })

  it('is spread over the whole span, so that a crowd does not come back together', () => {
    expect(backoffDelay(5, () => 0)).toBe(0)
    expect(backoffDelay(5, () => 0.5)).toBe(8000)
  })

  it('never leaves 0 to 30 s', () => {
    fc.assert(
      fc.property(fc.nat(5000), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (attempt, random) => {
        const delay = backoffDelay(attempt, () => random)
        return delay >= 0 && delay < BACKOFF_CEILING && Number.isInteger(delay)
      }),
    )
  })
})
