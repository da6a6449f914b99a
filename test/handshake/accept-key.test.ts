import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { acceptKey, chooseDigest, generateKey, isValidKey, WEBSOCKET_GUID } from '../../src/handshake/accept-key.ts'

describe('Sec-WebSocket-Accept (RFC 6455 4.2.2)', () => {
  it.each([
    ['dGhlIHNhbXBsZSBub25jZQ==', 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='],
    ['afmbhhBRQuwCLmnWDRWHxw==', 'sLMyWetYOwus23qJyUD/fa1hztc='],
  ])('answers the key %s with %s (the first is the example of RFC 6455 1.3)', (key, accept) => {
    expect(acceptKey(key)).toBe(accept)
  })

  it('comes out the same where Node has no one-shot hash', () => {
    const digest = chooseDigest(undefined)
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(digest(text + WEBSOCKET_GUID)).toBe(acceptKey(text))
        expect(acceptKey(text)).toBe(
          createHash('sha1')
            .update(text + WEBSOCKET_GUID, 'utf8')
            .digest('base64'),
        )
      }),
    )
  })
})

describe('Sec-WebSocket-Key (RFC 6455 4.1, 4.2.1)', () => {
  it('is valid for any 16 bytes in base64', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        expect(isValidKey(Buffer.from(bytes).toString('base64'))).toBe(true)
      }),
    )
  })

  it('is not valid for any other number of bytes', () => {
    for (let length = 0; length < 64; length++)
      expect(isValidKey(Buffer.alloc(length, 0x5a).toString('base64')), `${length} bytes`).toBe(length === 16)
  })

  it("may have padding bits set, as the RFC's own example key has", () => {
    const example = 'AQIDBAUGBwgJCgsMDQ4PEC=='
    expect([...Buffer.from(example, 'base64')]).toEqual(Array.from({ length: 16 }, (_, at) => at + 1))
    expect(isValidKey(example)).toBe(true)
  })

  it.each([
    '',
    'dGhlIHNhbXBsZSBub25jZQ',
    'dGhlIHNhbXBsZSBub25jZQ=',
    'dGhlIHNhbXBsZSBub25jZQ== ',
    ' dGhlIHNhbXBsZSBub25jZQ==',
    'dGhlIHNhbXBsZSBub25jZQ==\n',
    'dGhlIHNhbXBsZSBub25j_Q==',
    'dGhlIHNhbXBsZSBub25j-Q==',
    'dGhlIHNhbXBs=SBub25jZQ==',
    'dGhlIHNhbXBsZSBub25jZQA=',
    'dGhlIHNhbXBsZSBub25jZQAA',
  ])('is not %j', (key) => {
    expect(isValidKey(key)).toBe(false)
  })

  it('is fresh each time it is generated', () => {
    const keys = new Set(Array.from({ length: 100 }, () => generateKey()))
    expect(keys.size).toBe(100)
    for (const key of keys) expect(isValidKey(key)).toBe(true)
  })
})
