import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DecodedParts, decodedText, violationOf } from '../../src/protocol/decoded-message.ts'
import { plainTextCodec } from '../../src/protocol/text-codec.ts'
import { hex, utf8 } from '../support/hex.ts'
import { naiveIsUtf8, naiveIsUtf8Prefix } from '../support/naive.ts'

const NORTH = utf8('北')

describe('A text message that was decoded', () => {
  it('is a string, or bytes where text is wanted as bytes', () => {
    expect(decodedText(NORTH, { codec: plainTextCodec, textAsBytes: false })).toBe('北')
    expect(decodedText(NORTH, { codec: plainTextCodec, textAsBytes: true })).toBe(NORTH)
    expect(decodedText(new Uint8Array(0), { codec: plainTextCodec, textAsBytes: false })).toBe('')
  })

  it.each([true, false])('is nothing when it is not UTF-8 (RFC 6455 8.1), with text as bytes %s', (textAsBytes) => {
    expect(decodedText(hex('e5 8c'), { codec: plainTextCodec, textAsBytes })).toBeUndefined()
  })
})

describe('A message that is decoded in parts', () => {
  it('is as long as its parts, and the next begins with none', () => {
    const parts = new DecodedParts()
    expect(parts.add(hex('ff fe'), false, false)).toBe(true)
    expect(parts.add(hex('fd'), false, false)).toBe(true)
    expect(parts.length).toBe(3)
    expect(parts.add(hex('fc'), false, true)).toBe(true)
    expect(parts.length).toBe(0)
  })

  it('may be cut inside a character, but not end there (RFC 6455 8.1)', () => {
    const parts = new DecodedParts()
    expect(parts.add(NORTH.subarray(0, 2), true, false)).toBe(true)
    expect(parts.add(NORTH.subarray(2), true, true)).toBe(true)
    expect(parts.add(NORTH.subarray(0, 2), true, true)).toBe(false)
  })

  it('is refused with the first part that cannot be UTF-8, wherever it is cut', () => {
    const byte = fc.constantFrom(...hex('00 41 7f 80 9f a0 bf c2 df e0 ed ef f0 f4 f5 ff'))
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 8 }), fc.nat(8), (given, at) => {
        const bytes = Uint8Array.from(given)
        const cut = Math.min(at, bytes.length)
        const parts = new DecodedParts()
        const isPrefix = parts.add(bytes.subarray(0, cut), true, false)
        expect(isPrefix).toBe(naiveIsUtf8Prefix(bytes.subarray(0, cut)))
        if (isPrefix) expect(parts.add(bytes.subarray(cut), true, true)).toBe(naiveIsUtf8(bytes))
      }),
    )
  })
})

describe('A message that cannot be decoded', () => {
  it.each([
    [1009, 'message-too-big'],
    [1007, 'not-decodable'],
    [1011, 'not-decodable'],
  ])('is answered with the code that the extension says: %i', (closeCode, id) => {
    expect(violationOf({ closeCode, reason: '' })).toMatchObject({ id, closeCode })
  })
})
