import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { allocate, bufferOf, nodeTextCodec, randomMask } from '../../src/node/platform.ts'
import { plainTextCodec } from '../../src/protocol/text-codec.ts'

describe('Mask keys (RFC 6455 5.3, 10.3)', () => {
  it('are 32 bits each, and drawn anew for every frame, over several refills', () => {
    const keys = Array.from({ length: 10_000 }, () => randomMask())
    for (const key of keys) expect(Number.isInteger(key) && key >= -(2 ** 31) && key < 2 ** 31).toBe(true)
    // Of ten thousand keys a few may be equal by chance: two pairs at most but once in some thousand million runs.
    expect(new Set(keys).size).toBeGreaterThan(9_990)
  })

  it('have every bit set about half of the time', () => {
    const keys = Array.from({ length: 8192 }, () => randomMask())
    for (let bit = 0; bit < 32; bit++) {
      const set = keys.filter((key) => ((key >>> bit) & 1) === 1).length
      // 4096 plus or minus ten standard deviations.
      expect(Math.abs(set - 4096)).toBeLessThan(453)
    }
  })
})

describe('The codec of Node (RFC 6455 8.1)', () => {
  const anyText = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'grapheme', maxLength: 300 }),
    fc.constant('\ufffd'),
  )

  it('encodes as the plain one does, into the same room', () => {
    fc.assert(
      fc.property(anyText, fc.nat(20), (text, offset) => {
        const length = plainTextCodec.byteLength(text)
        expect(nodeTextCodec.byteLength(text)).toBe(length)
        const [mine, theirs] = [new Uint8Array(offset + length), new Uint8Array(offset + length)]
        expect(nodeTextCodec.encode(text, mine, offset)).toBe(plainTextCodec.encode(text, theirs, offset))
        expect(mine).toEqual(theirs)
      }),
    )
  })

  it('decodes what the plain one decodes, and nothing else', () => {
    const anyBytes = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      anyText.map((text) => Uint8Array.from(Buffer.from(text))),
    )
    fc.assert(
      fc.property(anyBytes, fc.nat(10), fc.nat(10), (bytes, skip, cut) => {
        const start = Math.min(skip, bytes.length)
        const end = Math.max(start, bytes.length - cut)
        expect(nodeTextCodec.isUtf8(bytes, start, end)).toBe(plainTextCodec.isUtf8(bytes, start, end))
        expect(nodeTextCodec.decode(bytes, start, end)).toBe(plainTextCodec.decode(bytes, start, end))
      }),
      { numRuns: 1000 },
    )
  })
})

describe('A Buffer over bytes', () => {
  it('is a view, not a copy', () => {
    const bytes = Uint8Array.of(0, 1, 2, 3).subarray(1, 3)
    const buffer = bufferOf(bytes)
    buffer[0] = 9
    expect([...bytes]).toEqual([9, 2])
    expect(bufferOf(buffer)).toBe(buffer)
  })
})

describe('Memory for messages', () => {
  it('is as long as was asked for, and belongs to nobody else', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.nat(200), fc.nat(10_000)), { maxLength: 50 }), (lengths) => {
        const pieces = lengths.map((length) => allocate(length))
        for (const [index, piece] of pieces.entries()) piece.fill(index)
        expect(pieces.map((piece) => piece.length)).toEqual(lengths)
        for (const [index, piece] of pieces.entries()) expect(piece.every((byte) => byte === index)).toBe(true)
      }),
    )
  })

  it('shares a block that cannot be transferred away, from the first one on', async () => {
    const [mine, theirs] = [allocate(10).fill(1), allocate(10).fill(2)]
    expect(theirs.buffer).toBe(mine.buffer)
    let copy: Uint8Array | undefined
    try {
      copy = structuredClone(mine, { transfer: [mine.buffer as ArrayBuffer] })
    } catch (error) {
      // From Node 21 on.
      expect(error).toMatchObject({ name: 'DataCloneError' })
    }
    if (copy !== undefined) expect(copy).toEqual(new Uint8Array(10).fill(1))
    expect([mine, theirs]).toEqual([new Uint8Array(10).fill(1), new Uint8Array(10).fill(2)])
    expect(allocate(10)).toHaveLength(10)
  })

  it('is no Buffer, of which slice would be no copy', () => {
    for (const length of [10, 10_000]) {
      const bytes = allocate(length)
      bytes[0] = 1
      const copy = bytes.slice()
      bytes[0] = 2
      expect(copy[0]).toBe(1)
    }
  })
})
