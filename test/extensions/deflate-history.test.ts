import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DeflateHistory } from '../../src/extensions/deflate-history.ts'
import { noise } from './deflate-pair.ts'

describe('the history of a sliding window (RFC 7692 7.1.1)', () => {
  it('is the end of everything appended, however it came', () => {
    const lengths = fc.array(fc.integer({ min: 0, max: 900 }), { maxLength: 80 })
    const property = fc.property(lengths, fc.constantFrom(1, 256, 512, 700, 4096, 32_768), (all, size) => {
      const history = new DeflateHistory(size)
      let everything = Buffer.alloc(0)
      for (const [index, length] of all.entries()) {
        const bytes = noise(length, index + 1)
        history.append(bytes)
        everything = Buffer.concat([everything, bytes])
        const expected = everything.subarray(Math.max(0, everything.length - size))
        expect(Buffer.from(history.bytes()).equals(expected)).toBe(true)
        expect(history.length).toBe(expected.length)
      }
    })
    fc.assert(property)
  })

  it.each([
    [32_768, 0, 0],
    [32_768, 1, 512],
    [32_768, 700, 2048],
    [32_768, 10_000, 32_768],
    [32_768, 1_000_000, 36_864],
    [2048, 1_000_000, 2304],
    [512, 1_000_000, 576],
  ])('of %i bytes holds, after %i, %i bytes', (size, appended, held) => {
    const history = new DeflateHistory(size)
    const bytes = noise(500)
    for (let left = appended; left > 0; left -= bytes.length) history.append(bytes.subarray(0, left))
    expect(history.capacity).toBe(held)
  })
})
