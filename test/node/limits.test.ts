import { describe, expect, it } from 'vitest'
import { checkCount, checkTimeout } from '../../src/node/limits.ts'

describe('A count', () => {
  it('is a whole number from its least on', () => {
    expect([checkCount('n', 0), checkCount('n', 1, 1), checkCount('n', 2 ** 53 - 1)]).toEqual([0, 1, 2 ** 53 - 1])
  })

  it.each([-1, 0.5, Number.NaN, Infinity, 2 ** 53])('is not %s', (value) => {
    expect(() => checkCount('maxPayload', value)).toThrow(
      new RangeError(`maxPayload must be a whole number from 0 to 2^53 - 1, got ${value}`),
    )
  })

  it('is no string, and names its option', () => {
    expect(() => checkCount('maxPayload', '1' as unknown as number)).toThrow(
      new TypeError('maxPayload must be a number, got string'),
    )
    expect(() => checkCount('maxFragments', 0, 1)).toThrow(/^maxFragments must be a whole number from 1 /)
  })
})

describe('A time', () => {
  it('is what a timer of Node can wait, in milliseconds', () => {
    expect([checkTimeout('t', 1), checkTimeout('t', 0, 0), checkTimeout('t', 2 ** 31 - 1)]).toEqual([1, 0, 2 ** 31 - 1])
  })

  it.each([0, -1, Number.NaN, Infinity, 2 ** 31])('is not %s', (value) => {
    expect(() => checkTimeout('closeTimeout', value)).toThrow(
      new RangeError(`closeTimeout must be from 1 to 2147483647 milliseconds, got ${value}`),
    )
  })

  it('is no string', () => {
    expect(() => checkTimeout('closeTimeout', '1' as unknown as number)).toThrow(/^closeTimeout must be a number of/)
  })
})
