/** What a peer can do wrong, whole and in parts: it is told with a close code, and never with an exception. */
import { constants, deflateRawSync } from 'node:zlib'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { agree, cut, decode, decodeNow, decodeParts, encode, hex, json, noise, plain, utf8 } from './deflate-pair.ts'

/** A message as a sender compresses it, within the window that a server asks for. */
function compressed(bytes: Uint8Array): Uint8Array {
  return deflateRawSync(bytes, { windowBits: 12, finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
}

const CUT_OFF = { closeCode: 1007, reason: 'compressed message that ends inside a DEFLATE block' }
const bomb = compressed(new Uint8Array(20_000_000))

describe('1007 for data that is not DEFLATE data (RFC 7692 7.2.2)', () => {
  it.each([
    ['ff', 'invalid block type'],
    ['07 ff ff ff', 'invalid block type'],
    ['00 05 00 00 00 48 65 6c 6c 6f 00', 'invalid stored block lengths'],
    ['f2 00 11 00 00', 'invalid distance too far back'],
    ['fc ff', 'too many length or distance symbols'],
  ])('%s: %s', (bytes, problem) => {
    const { server } = agree()
    const failure = { closeCode: 1007, reason: `compressed message that is not DEFLATE data: ${problem}` }
    expect(decodeNow(server, hex(bytes))).toEqual(failure)
  })

  it('in the pool as well', async () => {
    const { server } = agree({ asyncThreshold: 0 })
    expect(await decode(server, hex('ff'))).toMatchObject({ closeCode: 1007 })
  })

  it('in parts, put together', async () => {
    const { server } = agree()
    expect(await decodeParts(server, [hex('00 05 00'), hex('00 00 48'), hex('00')])).toMatchObject({ closeCode: 1007 })
  })

  it('in parts that are too many to be put together', async () => {
    const { server } = agree()
    const good = compressed(noise(40_000))
    expect(await decodeParts(server, [good, hex('ff ff'), hex('00')])).toMatchObject({ closeCode: 1007 })
  })

  it('any bytes at all give bytes or a failure', async () => {
    const property = fc.asyncProperty(
      fc.uint8Array({ maxLength: 200 }),
      fc.array(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), { maxLength: 4 }),
      fc.constantFrom(0, 32_768),
      async (bytes, places, asyncThreshold) => {
        const { server } = agree({ asyncThreshold })
        const result = await decodeParts(server, cut(bytes, places), 100_000)
        if (!(result instanceof Uint8Array)) expect([1007, 1009]).toContain(result.closeCode)
        server.dispose()
      },
    )
    await fc.assert(property, { numRuns: 1500 })
  })
})

describe('1007 for a message that is cut off (RFC 7692 7.2.2)', () => {
  it.each([1, 2, 3, 50, 400])('%i bytes short', (short) => {
    const payload = compressed(json(5000))
    const { server } = agree()
    const result = decodeNow(server, payload.subarray(0, payload.length - short))
    expect(result).toMatchObject({ closeCode: 1007 })
  })

  it('in the middle of a stored block', () => {
    const { server } = agree()
    expect(decodeNow(server, hex('00 20 00 df ff 48 65'))).toEqual(CUT_OFF)
  })

  it('in the middle of a stored block, in parts and in the pool', async () => {
    const stored = Buffer.concat([hex('00 ff ff 00 00'), noise(30_000)])
    const { server } = agree()
    expect(await decode(server, stored)).toEqual(CUT_OFF)
    expect(await decodeParts(agree().server, [stored.subarray(0, 20_000), stored.subarray(20_000)])).toEqual(CUT_OFF)
  })

  it('with a final block that needs the octets put back', () => {
    const { server } = agree()
    expect(decodeNow(server, hex('01 02 00 fd ff'))).toEqual(CUT_OFF)
  })
})

describe('1007 for bytes after a block with BFINAL (RFC 7692 7.2.3.4)', () => {
  const finished = deflateRawSync(json(300))

  it('more than the header of an empty block', () => {
    const { server } = agree()
    const reason = '3 bytes after the final DEFLATE block, at most an empty block is allowed'
    expect(decodeNow(server, Buffer.concat([finished, hex('00 01 02')]))).toEqual({ closeCode: 1007, reason })
  })

  it('one byte, but another', () => {
    const { server } = agree()
    const reason = '1 bytes after the final DEFLATE block, at most an empty block is allowed'
    expect(decodeNow(server, Buffer.concat([finished, hex('01')]))).toEqual({ closeCode: 1007, reason })
  })

  it('in the pool and in parts', async () => {
    const big = Buffer.concat([deflateRawSync(noise(40_000)), hex('00')])
    const pool = agree().server
    expect(plain(await decode(pool, big))).toHaveLength(40_000)
    expect(await decode(pool, Buffer.concat([big, hex('77')]))).toMatchObject({ closeCode: 1007 })

    const parts = agree().server
    for (const place of [big.length - 1, big.length - 2, 39_000]) {
      const halves = [big.subarray(0, place), big.subarray(place)]
      expect(plain(await decodeParts(parts, halves))).toHaveLength(40_000)
      expect(plain(await decodeParts(parts, [...halves, hex('')]))).toHaveLength(40_000)
    }
    expect(await decodeParts(parts, [big, hex('77'), hex('')])).toMatchObject({ closeCode: 1007 })
    expect(await decodeParts(agree().server, [big, hex('77 78'), hex('79')])).toMatchObject({
      reason: '4 bytes after the final DEFLATE block, at most an empty block is allowed',
    })
  })

  it('a stream goes on after a final block: the window is kept', async () => {
    const { server } = agree()
    const first = json(300, 1)
    expect(plain(decodeNow(server, Buffer.concat([deflateRawSync(first), hex('00')]))).equals(first)).toBe(true)
    const second = deflateRawSync(first, { dictionary: first, finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
    expect(second.length).toBeLessThan(20)
    expect(plain(decodeNow(server, second)).equals(first)).toBe(true)
  })
})

describe('1009 as soon as the limit is passed', () => {
  it.each([
    ['at once', {}],
    ['in the pool', { asyncThreshold: 0 }],
    ['inline, however much', { asyncThreshold: Infinity }],
  ])('exactly the limit is allowed, one byte more is not: %s', async (_title, options) => {
    for (const length of [1, 100, 1000, 70_000, 300_000]) {
      const payload = compressed(json(length))
      const limited = agree(options).server
      expect(plain(await decode(limited, payload, { limit: length }))).toHaveLength(length)
      expect(await decode(agree(options).server, payload, { limit: length - 1 })).toEqual({
        closeCode: 1009,
        reason: `message inflates to more than the ${length - 1} bytes allowed`,
      })
    }
  })

  it('an empty message fits into nothing', () => {
    const { server } = agree()
    expect(decodeNow(server, hex('00'), { limit: 0 })).toHaveLength(0)
    expect(decodeNow(server, hex(''), { limit: 0 })).toHaveLength(0)
    expect(decodeNow(server, compressed(utf8('a')), { limit: 0 })).toMatchObject({ closeCode: 1009 })
  })

  it('a bomb is never inflated beyond the limit', async () => {
    expect(bomb.length).toBeLessThan(20_000)
    for (const options of [{}, { asyncThreshold: 0 }, { asyncThreshold: Infinity }]) {
      const before = process.memoryUsage().arrayBuffers
      expect(await decode(agree(options).server, bomb, { limit: 100_000 })).toMatchObject({ closeCode: 1009 })
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(5_000_000)
    }
  })

  it('a bomb in parts', async () => {
    const parts = cut(bomb, [0.2, 0.4, 0.6, 0.8])
    const reason = 'message inflates to more than the 100000 bytes allowed'
    expect(await decodeParts(agree().server, parts, 100_000)).toEqual({ closeCode: 1009, reason })
    expect(await decodeParts(agree().server, parts, 15_000_000)).toMatchObject({ closeCode: 1009 })
  })

  it('parts that each end with a flush, counted together', async () => {
    const { server, client } = agree({}, { threshold: 0 })
    const sent = [await encode(client, json(500), false), await encode(client, json(500, 9), true)]
    const payloads = sent.map(({ payload }) => payload)
    expect(plain(await decodeParts(server, payloads, 1000))).toHaveLength(1000)
    expect(await decodeParts(server, payloads, 999)).toEqual({
      closeCode: 1009,
      reason: 'message inflates to more than the 999 bytes allowed',
    })
  })
})

describe('1009 for a message that inflates to too many times its size', () => {
  it('is a cap of its own below the limit', async () => {
    const payload = compressed(new Uint8Array(200_000))
    const reason = `message inflates to more than 50 times its ${payload.length} bytes`
    expect(await decode(agree({ maxInflateRatio: 50 }).server, payload)).toEqual({ closeCode: 1009, reason })
    expect(plain(await decode(agree({ maxInflateRatio: 1100 }).server, payload))).toHaveLength(200_000)
    expect(plain(await decode(agree({ maxInflateRatio: 50 }).server, compressed(json(200_000))))).toHaveLength(200_000)
  })

  it('leaves short messages alone', () => {
    const { server } = agree({ maxInflateRatio: 1 })
    expect(plain(decodeNow(server, compressed(new Uint8Array(16_384))))).toHaveLength(16_384)
    expect(decodeNow(server, compressed(new Uint8Array(16_385)))).toMatchObject({ closeCode: 1009 })
  })

  it('counts all parts of a message, and begins anew with the next', async () => {
    const { server } = agree({ maxInflateRatio: 50 })
    const payload = compressed(json(300_000))
    for (let round = 0; round < 3; round++) {
      expect(plain(await decodeParts(server, cut(payload, [0.3, 0.6])))).toHaveLength(300_000)
    }
    expect(await decodeParts(server, cut(bomb, [0.3, 0.6]))).toMatchObject({ closeCode: 1009 })
  })
})
