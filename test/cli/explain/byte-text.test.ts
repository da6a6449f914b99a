import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseBase64, parseHex } from '../../../src/cli/explain/byte-text.ts'

const hello = Buffer.from('810548656c6c6f', 'hex')

describe('bytes written as text', () => {
  it.each([
    '81 05 48 65 6c 6c 6f',
    '810548656c6c6f',
    '0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F',
    String.raw`\x81\x05\x48\x65\x6c\x6c\x6f`,
    '81:05:48:65:6c:6c:6f\n',
    '81-05-48\n65 6c\t6c 6f',
    '00000000: 8105 4865 6c6c 6f                        ..Hello\n',
    '00000000  81 05 48 65 6c 6c 6f                              |..Hello|\n00000007\n',
  ])('reads hex: %j', (text) => {
    expect(parseHex(text)).toEqual(hello)
  })

  it('reads dumps of many lines', () => {
    const bytes = Buffer.from(Array.from({ length: 40 }, (_, i) => i * 5))
    const lines = [0, 16, 32].map((at) => {
      const part = bytes.subarray(at, at + 16)
      const pairs = [...part].map((byte) => byte.toString(16).padStart(2, '0'))
      const groups = [pairs.slice(0, 8).join(' '), pairs.slice(8).join(' ')].join('  ')
      return `${at.toString(16).padStart(8, '0')}  ${groups}  |................|`
    })
    expect(parseHex([...lines, '00000028'].join('\n'))).toEqual(bytes)
  })

  it('refuses what is no hex', () => {
    for (const text of ['', '8', '81 0', 'hello', '81 05 xx']) expect(parseHex(text)).toBeUndefined()
  })

  it('reads base64 in both alphabets, with and without padding (RFC 4648 4 and 5)', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), (bytes) => {
        const buffer = Buffer.from(bytes)
        expect(parseBase64(buffer.toString('base64'))).toEqual(buffer)
        expect(parseBase64(buffer.toString('base64url'))).toEqual(buffer)
      }),
    )
  })

  it('refuses what is no base64', () => {
    for (const text of ['', 'a', 'abcde', 'ab$=', '====']) expect(parseBase64(text)).toBeUndefined()
  })
})
