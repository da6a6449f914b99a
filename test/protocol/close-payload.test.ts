import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isWireCloseCode } from '../../src/protocol/close-code.ts'
import { decodeClosePayload, encodeClosePayload, fitReason } from '../../src/protocol/close-payload.ts'
import { plainTextCodec } from '../../src/protocol/text-codec.ts'
import { Violations } from '../../src/protocol/violation.ts'
import { hex, toHex, utf8 } from '../support/hex.ts'

const decode = (digits: string): unknown => decodeClosePayload(hex(digits), plainTextCodec)
const encode = (code?: number, reason = ''): Uint8Array => encodeClosePayload(code, reason, plainTextCodec)
const fit = (reason: string): string => fitReason(reason, plainTextCodec)

describe('Reading the body of a Close frame', () => {
  it.each([
    ['', { code: 1005, reason: '' }],
    ['03 e8', { code: 1000, reason: '' }],
    ['03 e9 62 79 65', { code: 1001, reason: 'bye' }],
    ['0f a0 e2 82 ac', { code: 4000, reason: '€' }],
  ])('gives code and reason of [%s] (RFC 6455 7.1.5, 7.1.6)', (digits, expected) => {
    expect(decode(digits)).toEqual(expected)
  })

  it.each([
    ['03', Violations.ClosePayloadTooShort],
    ['00 00', Violations.InvalidCloseCode],
    ['03 ed', Violations.InvalidCloseCode],
    ['ff ff', Violations.InvalidCloseCode],
    ['03 e8 ff', Violations.CloseReasonNotUtf8],
    ['03 e8 e2 82', Violations.CloseReasonNotUtf8],
  ])('tells the rule that [%s] breaks (RFC 6455 5.5.1, 7.4)', (digits, violation) => {
    expect(decode(digits)).toBe(violation)
  })
})

describe('Writing the body of a Close frame', () => {
  it('gives nothing without a code (RFC 6455 5.5.1)', () => {
    expect(encode()).toEqual(new Uint8Array(0))
  })

  it('puts the code first, in network byte order (RFC 6455 5.5.1)', () => {
    expect(toHex(encode(1001, 'bye'))).toBe('03 e9 62 79 65')
  })

  it.each([0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65536 + 1000, Number.NaN, 1000.5])(
    'refuses the code %s (RFC 6455 7.4)',
    (code) => {
      expect(() => encode(code)).toThrow(new RegExp(`^close code ${code} must not be sent`))
    },
  )

  it('refuses a reason without a code (RFC 6455 5.5.1)', () => {
    expect(() => encode(undefined, 'bye')).toThrow(new RangeError('a close reason needs a close code'))
  })

  it('refuses a reason of more than 123 bytes, however few the characters (RFC 6455 5.5)', () => {
    expect(encode(1000, 'é'.repeat(61)).length).toBe(124)
    expect(() => encode(1000, 'é'.repeat(62))).toThrow(/^close reason of 124 bytes, at most 123 fit/)
  })

  it.each([[new Float32Array(4)], [5], [null], [{ length: 3 }]])(
    'refuses %s as a reason: no number or view becomes memory on the wire',
    (reason) => {
      expect(() => encode(1000, reason as unknown as string)).toThrow(/^a close reason must be a string/)
    },
  )

  it('is undone by reading, for every code and reason that may be sent (RFC 6455 5.5.1)', () => {
    const codes = fc.oneof(fc.integer({ min: 1000, max: 1014 }), fc.integer({ min: 3000, max: 4999 }))
    const reasons = fc.string({ unit: 'grapheme', maxLength: 100 }).filter((text) => utf8(text).length <= 123)
    fc.assert(
      fc.property(codes.filter(isWireCloseCode), reasons, (code, reason) => {
        const body = encode(code, reason)
        expect(body.length).toBe(2 + utf8(reason).length)
        expect(decodeClosePayload(body, plainTextCodec)).toEqual({ code, reason })
      }),
    )
  })
})

describe('A reason that is cut to fit', () => {
  it('stays as it is up to 123 bytes (RFC 6455 5.5)', () => {
    expect(fit('x'.repeat(123))).toBe('x'.repeat(123))
  })

  it.each([
    ['x'.repeat(200), 'x'.repeat(123)],
    ['€'.repeat(50), '€'.repeat(41)],
    ['x' + '😀'.repeat(40), 'x' + '😀'.repeat(30)],
    ['x'.repeat(122) + '😀', 'x'.repeat(122)],
  ])('is cut at the end of a character (RFC 6455 5.5.1)', (reason, fitted) => {
    expect(fit(reason)).toBe(fitted)
  })

  it('always fits, and always begins the reason (RFC 6455 5.5)', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (reason) => {
        const fitted = fit(reason)
        expect(utf8(fitted).length).toBeLessThanOrEqual(123)
        expect(reason.startsWith(fitted)).toBe(true)
      }),
    )
  })
})
