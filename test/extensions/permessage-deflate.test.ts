import { deflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { agree, decodeNow, encodeNow, hex, plain, utf8 } from './deflate-pair.ts'

const everything = { threshold: 0 }

describe('the examples of RFC 7692 7.2.3, byte for byte', () => {
  it('7.2.3.1: a message in one compressed block', () => {
    const { server, client } = agree(everything)
    expect(encodeNow(server, utf8('Hello'))).toEqual({ payload: Buffer.from('f248cdc9c90700', 'hex'), rsv: 0x40 })
    expect(plain(decodeNow(client, hex('f2 48 cd c9 c9 07 00'))).toString()).toBe('Hello')
  })

  it('7.2.3.1: the same in two fragments', () => {
    const { client } = agree()
    expect(decodeNow(client, hex('f2 48 cd'), { final: false })).toEqual(new Uint8Array(0))
    expect(plain(decodeNow(client, hex('c9 c9 07 00'))).toString()).toBe('Hello')
  })

  it('7.2.3.2: a second message that shares the window', () => {
    const { server, client } = agree(everything)
    expect(encodeNow(server, utf8('Hello')).payload).toEqual(Buffer.from('f248cdc9c90700', 'hex'))
    expect(encodeNow(server, utf8('Hello')).payload).toEqual(Buffer.from('f200110000', 'hex'))
    expect(plain(decodeNow(client, hex('f2 48 cd c9 c9 07 00'))).toString()).toBe('Hello')
    expect(plain(decodeNow(client, hex('f2 00 11 00 00'))).toString()).toBe('Hello')
  })

  it('7.2.3.2: without context takeover the second message is the first again', () => {
    const { server, client } = agree({ ...everything, serverNoContextTakeover: true })
    for (let round = 0; round < 3; round++) {
      const { payload } = encodeNow(server, utf8('Hello'))
      expect(payload).toEqual(Buffer.from('f248cdc9c90700', 'hex'))
      expect(plain(decodeNow(client, payload)).toString()).toBe('Hello')
    }
    expect(decodeNow(client, hex('f2 00 11 00 00'))).toMatchObject({ closeCode: 1007 })
  })

  it('7.2.3.3: a block without compression', () => {
    const { client } = agree()
    expect(plain(decodeNow(client, hex('00 05 00 fa ff 48 65 6c 6c 6f 00'))).toString()).toBe('Hello')
    const level0 = agree({ ...everything, zlibDeflateOptions: { level: 0 } })
    const { payload } = encodeNow(level0.server, utf8('Hello'))
    expect(payload).toEqual(Buffer.from('000500faff48656c6c6f00', 'hex'))
  })

  it('7.2.3.4: a block with BFINAL, and the messages after it', () => {
    const { client } = agree()
    for (let round = 0; round < 3; round++) {
      expect(plain(decodeNow(client, hex('f3 48 cd c9 c9 07 00 00'))).toString()).toBe('Hello')
      expect(plain(decodeNow(client, hex('f2 48 cd c9 c9 07 00'))).toString()).toBe('Hello')
      expect(plain(decodeNow(client, hex('f2 00 11 00 00'))).toString()).toBe('Hello')
    }
  })

  it('7.2.3.5: two blocks in one message', () => {
    const { client } = agree()
    expect(plain(decodeNow(client, hex('f2 48 05 00 00 00 ff ff ca c9 c9 07 00'))).toString()).toBe('Hello')
  })

  it('7.2.3.6: an empty message is 0x00', () => {
    const { server, client } = agree(everything)
    expect(encodeNow(server, new Uint8Array(0))).toEqual({ payload: Uint8Array.of(0x00), rsv: 0x40 })
    expect(decodeNow(client, hex('00'))).toHaveLength(0)
    expect(decodeNow(client, hex('02 00'))).toHaveLength(0)
  })
})

it('zlib itself ends a stream where RFC 7692 7.2.3.4 has it', () => {
  const { client } = agree()
  const finished = deflateRawSync('Hello, Hello, Hello')
  expect(plain(decodeNow(client, Buffer.concat([finished, hex('00')]))).toString()).toBe('Hello, Hello, Hello')
  expect(plain(decodeNow(client, finished)).toString()).toBe('Hello, Hello, Hello')
})
