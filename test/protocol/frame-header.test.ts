import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  createFrameHeader,
  decodeFrameHeader,
  encodedHeaderLength,
  encodeFrameHeader,
  encodeMaskKey,
  headerLengthOf,
  MAX_HEADER_LENGTH,
} from '../../src/protocol/frame-header.ts'
import { hex, toHex } from '../support/hex.ts'
import { naiveDecode, naiveEncode } from '../support/naive.ts'

function decode(digits: string, offset = 0): object {
  const header = createFrameHeader()
  const bytes = hex(digits)
  const end = decodeFrameHeader(bytes, offset, header)
  return { ...header, maskKey: header.maskKey >>> 0, end }
}

const KEY = fc.option(fc.uint8Array({ minLength: 4, maxLength: 4 }), { nil: undefined })

describe('A frame header', () => {
  it.each([
    [
      '81 05',
      { fin: true, rsv: 0, opcode: 1, masked: false, maskKey: 0, payloadLength: 5, lengthFieldSize: 1, end: 2 },
    ],
    ['81 85 37 fa 21 3d', { masked: true, maskKey: 0x37fa213d, payloadLength: 5, end: 6 }],
    ['01 03', { fin: false, opcode: 1, payloadLength: 3 }],
    ['80 02', { fin: true, opcode: 0, payloadLength: 2 }],
    ['82 7e 01 00', { opcode: 2, payloadLength: 256, lengthFieldSize: 3, end: 4 }],
    ['82 7f 00 00 00 00 00 01 00 00', { payloadLength: 65536, lengthFieldSize: 9, end: 10 }],
  ])('of RFC 6455 5.7 [%s] is read', (digits, expected) => {
    expect(decode(digits)).toMatchObject(expected)
  })

  it.each([
    ['f0 00', { fin: true, rsv: 0x70, opcode: 0 }],
    ['4f 00', { fin: false, rsv: 0x40, opcode: 15 }],
    ['20 7d', { rsv: 0x20, payloadLength: 125 }],
    ['82 7e ff ff', { payloadLength: 65535 }],
    ['82 7e 00 00', { payloadLength: 0, lengthFieldSize: 3 }],
    ['82 7f 00 1f ff ff ff ff ff ff', { payloadLength: Number.MAX_SAFE_INTEGER }],
    ['82 7f 80 00 00 00 00 00 00 00', { payloadLength: 2 ** 63, lengthFieldSize: 9 }],
    ['82 7f ff ff ff ff ff ff ff ff', { payloadLength: 2 ** 64 - 2 ** 32 }],
    // No rounding makes a length with its highest bit of one without.
    ['82 7f 7f ff ff ff ff ff ff ff', { payloadLength: 2 ** 63 - 2 ** 32 }],
    ['82 ff 00 00 00 00 80 00 00 00 ff fe fd fc', { payloadLength: 2 ** 31, maskKey: 0xfffefdfc, end: 14 }],
  ])('[%s] at the edges of its fields is read (RFC 6455 5.2)', (digits, expected) => {
    expect(decode(digits)).toMatchObject(expected)
  })

  it('is read at any offset, and leaves nothing of the one before (RFC 6455 5.2)', () => {
    const header = createFrameHeader()
    expect(decodeFrameHeader(hex('00 00 c1 fe 01 00 01 02 03 04'), 2, header)).toBe(10)
    expect(decodeFrameHeader(hex('8a 00'), 0, header)).toBe(2)
    expect(header).toEqual({ ...createFrameHeader(), opcode: 10 })
  })

  it('tells its length with its second byte (RFC 6455 5.2)', () => {
    const lengths = ['00', '7d', '7e', '7f', '80', 'fd', 'fe', 'ff'].map((digits) => headerLengthOf(hex(digits)[0]!))
    expect(lengths).toEqual([2, 2, 4, 10, 6, 6, 8, MAX_HEADER_LENGTH])
  })

  it.each([
    [0, '81 00'],
    [125, '81 7d'],
    [126, '81 7e 00 7e'],
    [65535, '81 7e ff ff'],
    [65536, '81 7f 00 00 00 00 00 01 00 00'],
    [2 ** 32, '81 7f 00 00 00 01 00 00 00 00'],
    [Number.MAX_SAFE_INTEGER, '81 7f 00 1f ff ff ff ff ff ff'],
  ])('for %i bytes is written with the least possible length field (RFC 6455 5.2)', (length, digits) => {
    const bytes = new Uint8Array(hex(digits).length)
    expect(encodeFrameHeader(bytes, 0, 0x81, length, false)).toBe(bytes.length)
    expect(toHex(bytes)).toBe(digits)
    expect(encodedHeaderLength(length, false)).toBe(bytes.length)
    expect(encodedHeaderLength(length, true)).toBe(bytes.length + 4)
  })

  it('is written and read as bit by bit, for every field (RFC 6455 5.2)', () => {
    const lengths = fc.oneof(fc.nat(300), fc.constantFrom(65534, 65535, 65536, 65537, 70000))
    fc.assert(
      fc.property(fc.boolean(), fc.nat(7), fc.nat(15), KEY, lengths, (fin, rsv, opcode, key, length) => {
        const expected = naiveEncode({ fin, rsv, opcode, key, payload: new Uint8Array(length) })
        const bytes = new Uint8Array(MAX_HEADER_LENGTH)
        let end = encodeFrameHeader(bytes, 0, (fin ? 0x80 : 0) | (rsv << 4) | opcode, length, key !== undefined)
        const maskKey = key === undefined ? 0 : new DataView(key.buffer, key.byteOffset).getInt32(0)
        if (key !== undefined) end = encodeMaskKey(bytes, end, maskKey)
        expect(toHex(bytes.subarray(0, end))).toBe(toHex(expected.subarray(0, expected.length - length)))

        const header = createFrameHeader()
        expect(decodeFrameHeader(expected, 0, header)).toBe(end)
        expect(headerLengthOf(expected[1]!)).toBe(end)
        const lengthFieldSize = end - 1 - (key === undefined ? 0 : 4)
        const masked = key !== undefined
        expect(header).toEqual({ fin, rsv: rsv << 4, opcode, masked, maskKey, payloadLength: length, lengthFieldSize })
      }),
      { numRuns: 300 },
    )
  })

  it('is what the naive reading of the same bytes gives (RFC 6455 5.2)', () => {
    fc.assert(
      fc.property(fc.nat(255), fc.nat(125), fc.boolean(), (first, length, masked) => {
        const header = createFrameHeader()
        const bytes = Uint8Array.from({ length: 2 + (masked ? 4 : 0) + length }, (_, i) => (i * 31) & 0xff)
        bytes[0] = first
        bytes[1] = length | (masked ? 0x80 : 0)
        const [frame] = naiveDecode(bytes)
        decodeFrameHeader(bytes, 0, header)
        expect([header.fin, header.rsv >> 4, header.opcode, header.masked, header.payloadLength]).toEqual([
          frame!.fin,
          frame!.rsv,
          frame!.opcode,
          frame!.key !== undefined,
          frame!.payload.length,
        ])
      }),
    )
  })
})
