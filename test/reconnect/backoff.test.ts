import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backoffDelay, checkBackoff } from '../../src/reconnect/backoff.ts'

describe('the back-off (RFC 6455 7.2.3)', () => {
  it('lies between 0 and base x factor^attempt, and never above the ceiling', () => {
    const options = fc.record({
      base: fc.integer({ min: 0, max: 10_000 }),
      factor: fc.double({ min: 1, max: 10, noNaN: true }),
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
    })
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
    fc.assert(
      fc.property(options, fc.nat(5000), random, (given, attempt, chance) => {
        const backoff = checkBackoff({ ...given, ceiling: 20_000 })
        const most = given.base === 0 ? 0 : Math.min(20_000, given.base * given.factor ** attempt)
        const delay = backoffDelay(attempt, backoff, () => chance)
        expect(delay).toBeGreaterThanOrEqual(Math.floor(most * (1 - given.jitter)))
        expect(delay).toBeLessThanOrEqual(most)
      }),
    )
  })
})
