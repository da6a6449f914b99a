import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decodeUtf8,
  encodeUtf8,
  incompleteTailStart,
  isUtf8,
  utf8Length,
  Utf8Validator,
} from '../../src/protocol/utf8.ts'
import { hex, utf8 } from '../support/hex.ts'
import { naiveIsUtf8, naiveIsUtf8Prefix } from '../support/naive.ts'

/** Bytes that are nearly UTF-8: the ones at which its rules change. */
const edgeBytes = fc.constantFrom(...hex('00 41 7f 80 8f 90 9f a0 bf c0 c1 c2 df e0 e1 ec ed ee ef f0 f1 f3 f4 f5 ff'))
const nearlyUtf8 = fc.array(edgeBytes, { maxLength: 12 }).map((bytes) => Uint8Array.from(bytes))
const anyText = fc.string({ unit: 'binary', maxLength: 300 })

/** How many bytes a validator takes before it refuses, fed one at a time. */
function refusedAt(bytes: Uint8Array): number | undefined {
  const validator = new Utf8Validator()
  for (let at = 0; at < bytes.length; at++) if (!validator.push(bytes, at, at + 1)) return at
  return undefined
}

describe('Whether bytes are UTF-8', () => {
  it.each([
    ['', true],
    ['48 65 6c 6c 6f', true],
    ['c2 80', true],
    ['df bf', true],
    ['e0 a0 80', true],
    ['ed 9f bf', true],
    ['ee 80 80', true],
    ['f0 90 80 80', true],
    ['f4 8f bf bf', true],
    ['80', false],
    ['c0 80', false],
    ['c1 bf', false],
    ['c2', false],
    ['c2 41', false],
    ['e0 9f bf', false],
    ['ed a0 80', false],
    ['ed bf bf', false],
    ['f0 8f bf bf', false],
    ['f4 90 80 80', false],
    ['f5 80 80 80', false],
    ['ff', false],
    ['e2 82', false],
    ['41 e2 82 ac c2', false],
  ])('of [%s] is %s (RFC 3629 3 and 4)', (digits, expected) => {
    expect(isUtf8(hex(digits))).toBe(expected)
  })

  it('is what the grammar says, for all sequences of one, two and three bytes with a lead (RFC 3629 4)', () => {
    for (let first = 0x80; first < 0x100; first++) {
      for (let second = 0; second < 0x100; second += 1) {
        for (const rest of [[], [0x80], [0xbf, 0x80], [0x41]]) {
          const bytes = Uint8Array.of(first, second, ...rest)
          if (isUtf8(bytes) !== naiveIsUtf8(bytes)) expect.fail(`[${bytes.join()}]`)
        }
      }
    }
  })

  it('is what the grammar says, for bytes at the edges of its rules (RFC 3629 4)', () => {
    fc.assert(
      fc.property(nearlyUtf8, (bytes) => isUtf8(bytes) === naiveIsUtf8(bytes)),
      { numRuns: 2000 },
    )
  })

  it('concerns the range asked for alone', () => {
    expect(isUtf8(hex('ff 41 e2 82 ac ff'), 1, 5)).toBe(true)
    expect(isUtf8(hex('41 41 e2 82 ac'), 0, 4)).toBe(false)
  })
})

describe('Checking text as it comes', () => {
  it('refuses exactly the first byte after which nothing could make it UTF-8 (RFC 6455 8.1)', () => {
    fc.assert(
      fc.property(nearlyUtf8, (bytes) => {
        const first = bytes.findIndex((_, at) => !naiveIsUtf8Prefix(bytes.slice(0, at + 1)))
        expect(refusedAt(bytes)).toBe(first === -1 ? undefined : first)
      }),
      { numRuns: 2000 },
    )
  })

  it('is complete exactly at the end of a character (RFC 3629 3)', () => {
    const text = utf8('aé€😀')
    const validator = new Utf8Validator()
    const complete = [...text].map((_, at) => validator.push(text, at, at + 1) && validator.complete)
    expect(complete).toEqual([true, false, true, false, false, true, false, false, false, true])
  })

  it('begins anew after a reset, in the middle of a narrow range as well (RFC 3629 4)', () => {
    for (const lead of [0xe0, 0xed, 0xf0, 0xf4]) {
      const validator = new Utf8Validator()
      expect(validator.push(Uint8Array.of(lead), 0, 1)).toBe(true)
      expect(validator.complete).toBe(false)
      validator.reset()
      expect(validator.complete).toBe(true)
      expect(validator.push(hex('e1 80 80 e1 bf bf'), 0, 6)).toBe(true)
    }
  })
})

describe('The tail of text that breaks off inside a character', () => {
  it('begins with that character, or there is none (RFC 3629 3)', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), fc.nat(), (text, seed) => {
        const whole = utf8(text)
        const end = seed % (whole.length + 1)
        let start = end
        while (start > 0 && !isUtf8(whole.slice(0, start))) start--
        expect(incompleteTailStart(whole, 0, end)).toBe(start)
      }),
    )
  })

  it('is not looked for before the start, nor behind more continuations than a character has', () => {
    expect(incompleteTailStart(hex('e2 82'), 1, 2)).toBe(2)
    expect(incompleteTailStart(hex('80 80 80 80'), 0, 4)).toBe(4)
    expect(incompleteTailStart(hex('41 f0 9f 98'), 0, 4)).toBe(1)
    expect(incompleteTailStart(hex('f0 9f 98 80'), 0, 4)).toBe(4)
    expect(incompleteTailStart(hex('c3 a9'), 0, 2)).toBe(2)
    expect(incompleteTailStart(hex('e2 82 ac'), 0, 3)).toBe(3)
    expect(incompleteTailStart(hex('e2 82 ac'), 0, 0)).toBe(0)
  })
})

describe('Text into bytes and back', () => {
  it('gives what the platform gives, lone surrogates included (RFC 3629 3)', () => {
    const units = fc.array(
      fc.constantFrom(0x41, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xd800, 0xdbff, 0xdc00, 0xdfff, 0xe000),
    )
    fc.assert(
      fc.property(
        fc.oneof(
          anyText,
          units.map((list) => String.fromCharCode(...list)),
        ),
        (text) => {
          const expected = utf8(text)
          const bytes = new Uint8Array(expected.length + 2)
          expect(utf8Length(text)).toBe(expected.length)
          expect(encodeUtf8(text, bytes, 1)).toBe(expected.length + 1)
          expect(bytes).toEqual(Uint8Array.of(0, ...expected, 0))
          expect(decodeUtf8(bytes, 1, expected.length + 1)).toBe(
            new TextDecoder('utf-8', { ignoreBOM: true }).decode(expected),
          )
        },
      ),
    )
  })

  it('keeps texts of many thousand characters in order', () => {
    const text = 'aé€😀'.repeat(5000)
    const bytes = utf8(text)
    expect(decodeUtf8(bytes, 0, bytes.length)).toBe(text)
  })
})
