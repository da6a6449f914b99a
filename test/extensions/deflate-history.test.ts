import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DeflateHistory } from '../../src/extensions/deflate-history.ts'
import { noise } from './deflate-pair.ts'

describe('the history of a sliding window (RFC 7692 7.1.1)', () => {
  it('is the end of everything appended, however it came', () => {
    const lengths = fc.array(fc.integer({ min: 0, max: 900 }), { maxLength: 80 })
    const property = fc.property(lengths, fc.constantFrom(1, 256, 300, 512), (all, size) => {
      const history = new DeflateHistory(size)
      let everything = Buffer.alloc(0)
      for (const [index, length] of all.entries()) {
        const bytes = noise(length, index + 1)
        history.append(bytes)
        everything = Buffer.concat([everything, bytes])
        const expected = everything.subarray(Math.max(0, everything.length - size))
        expect(Buffer.from(history.last(Infinity)).equals(expected)).toBe(true)
        expect(history.length).toBe(expected.length)
        expect(Buffer.from(history.last(7)).equals(expected.subarray(-7))).toBe(true)
      }
    })
    fc.assert(property)
  })

  it('takes as much memory as it needs, and at most a quarter more than its window', () => {
    const history = new DeflateHistory(32_768)
    expect(history.last(Infinity).buffer.byteLength).toBe(0)
    history.append(noise(100))
    expect(history.last(Infinity).buffer.byteLength).toBe(256)
    for (let round = 0; round < 1000; round++) history.append(noise(100))
    expect(history.last(Infinity).buffer.byteLength).toBe(40_960)
    expect(history.length).toBe(32_768)
  })

  it('forgets', () => {
    const history = new DeflateHistory(512)
    history.append(noise(400))
    history.clear()
    expect(history.length).toBe(0)
    expect(history.last(Infinity).buffer.byteLength).toBe(0)
  })
})
