import { describe, expect, it } from 'vitest'
import { plainTextCodec } from '../../src/protocol/text-codec.ts'
import { hex, toHex } from '../support/hex.ts'

describe('The codec that runs everywhere', () => {
  it('decodes a range of UTF-8, and answers undefined for anything else (RFC 6455 8.1)', () => {
    expect(plainTextCodec.decode(hex('ff e2 82 ac 41 ff'), 1, 5)).toBe('€A')
    expect(plainTextCodec.decode(hex('e2 82 ac'), 0, 2)).toBeUndefined()
    expect(plainTextCodec.isUtf8(hex('e2 82 ac'), 0, 3)).toBe(true)
  })

  it('encodes where there is room, and says how much it takes', () => {
    const bytes = new Uint8Array(6)
    expect(plainTextCodec.byteLength('€A')).toBe(4)
    expect(plainTextCodec.encode('€A', bytes, 1)).toBe(5)
    expect(toHex(bytes)).toBe('00 e2 82 ac 41 00')
  })

  it('keeps the byte order mark and the replacement character (RFC 3629 6)', () => {
    expect(plainTextCodec.decode(hex('ef bb bf ef bf bd'), 0, 6)).toBe('\ufeff\ufffd')
  })
})
