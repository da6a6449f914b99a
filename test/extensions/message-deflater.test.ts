import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { fittedWindowBits, store } from '../../src/extensions/deflate-message.ts'
import { permessageDeflateClient, permessageDeflateServer } from '../../src/extensions/permessage-deflate.ts'
import {
  agree,
  decode,
  decodeNow,
  decodeParts,
  encode,
  encodeNow,
  hex,
  json,
  noise,
  plain,
  TAIL,
  utf8,
  ZlibPeer,
} from './deflate-pair.ts'

describe('what is compressed at all (RFC 7692 6)', () => {
  it('the threshold holds with context takeover and without, and after larger messages too', () => {
    for (const serverNoContextTakeover of [true, false]) {
      const { server } = agree({ serverNoContextTakeover })
      const rsv = [1023, 1024, 1023, 5].map((length) => encodeNow(server, json(length)).rsv)
      expect(rsv).toEqual([0, 0x40, 0, 0])
    }
  })

  it('below the threshold the very bytes go out', () => {
    const bytes = utf8('Hello')
    expect(encodeNow(agree().server, bytes).payload).toBe(bytes)
  })

  it('a message that does not shrink goes out as it is, and the next is still read', () => {
    const { server, client } = agree()
    const first = encodeNow(server, json(2000))
    const bytes = noise(5000)
    expect(encodeNow(server, bytes)).toEqual({ payload: bytes, rsv: 0 })
    const second = encodeNow(server, json(2000))
    expect(plain(decodeNow(client, first.payload)).equals(json(2000))).toBe(true)
    expect(plain(decodeNow(client, second.payload)).equals(json(2000))).toBe(true)
  })

  it('a message in parts is compressed whatever its first part, and stays so', () => {
    const { server, client } = agree()
    const parts = [utf8('He'), utf8('ll'), new Uint8Array(0), noise(300)]
    const output = parts.map((part, index) => {
      const { payload, rsv } = encodeNow(server, part, index === parts.length - 1)
      expect(rsv).toBe(0x40)
      return plain(decodeNow(client, payload, { final: index === parts.length - 1 }))
    })
    // Each part can be read when it has come, not only when all have.
    expect(output.map((part) => part.length)).toEqual([2, 2, 0, 300])
  })

  it('a message in parts may end with nothing', () => {
    const { server, client } = agree()
    expect(plain(decodeNow(client, encodeNow(server, utf8('Hello'), false).payload, { final: false }))).toHaveLength(5)
    expect(encodeNow(server, new Uint8Array(0)).payload).toEqual(Uint8Array.of(0x00))
    expect(decodeNow(client, Uint8Array.of(0x00))).toHaveLength(0)
    expect(encodeNow(server, utf8('Hello')).rsv).toBe(0)
  })

  it('without context takeover a message in parts refers to its own parts, and the next to none of them', async () => {
    const { server } = agree({ serverNoContextTakeover: true, zlibDeflateOptions: { level: 6 } })
    const peer = new ZlibPeer({ takeover: false })
    const bytes = json(1500)
    for (let round = 0; round < 3; round++) {
      const parts = [encodeNow(server, bytes, false).payload, encodeNow(server, bytes, true).payload]
      expect(parts[1]!.length).toBeLessThan(40)
      expect((await peer.decompress(Buffer.concat(parts))).equals(Buffer.concat([bytes, bytes]))).toBe(true)
      const whole = encodeNow(server, bytes).payload
      expect(whole.length).toBeGreaterThan(100)
      expect((await peer.decompress(whole)).equals(bytes)).toBe(true)
    }
    peer.close()
  })

  it('a client that was given a window of 8 sends everything as it is, and reads what comes (RFC 7692 7.1.2.2)', () => {
    const server = permessageDeflateServer({ clientMaxWindowBits: 8 })
    const clientSide = permessageDeflateClient()
    const agreed = server.accept(clientSide.offers[0]!)!
    expect(agreed.response.parameters).toEqual([['client_max_window_bits', '8']])
    const confirmed = clientSide.confirm(agreed.response)
    if (typeof confirmed === 'string') throw new Error(confirmed)
    const client = confirmed.create()
    expect(client.threshold).toBe(Infinity)
    expect(encodeNow(client, json(5000))).toEqual({ payload: json(5000), rsv: 0 })
    expect(encodeNow(client, json(5000), false).rsv).toBe(0)
    expect(encodeNow(client, json(5000), true).rsv).toBe(0)
    expect(client.encodeShared(json(5000), new Map())).toBeUndefined()
    const { payload } = encodeNow(agreed.create(), json(5000))
    expect(plain(decodeNow(client, payload)).equals(json(5000))).toBe(true)
  })
})

describe('the window that is taken (RFC 7692 7.1.2)', () => {
  it.each([
    [1, 15, 9],
    [250, 15, 9],
    [251, 15, 10],
    [1024, 15, 11],
    [32_768, 15, 15],
    [1e9, 15, 15],
    [1e9, 12, 12],
    [1000, 9, 9],
  ])('for %i bytes of at most 2^%i is 2^%i', (length, agreed, expected) => {
    expect(fittedWindowBits(length, agreed)).toBe(expected)
  })
})

it('what zlib cannot do for want of memory is stored, in blocks of 65,535 bytes (RFC 1951 3.2.4)', () => {
  for (const length of [0, 1, 65_535, 65_536, 200_000]) {
    const stored = store(noise(length))
    expect(Buffer.from(stored.subarray(-4)).equals(TAIL)).toBe(true)
    const ended = Buffer.concat([stored, Uint8Array.of(0x01, 0x00, 0x00, 0xff, 0xff)])
    expect(inflateRawSync(ended).equals(noise(length))).toBe(true)
  }
})

describe('a message compressed once for many (encodeShared)', () => {
  it('is the same bytes for every connection of the same settings, and for larger windows when it is small', () => {
    const cache = new Map<string, Uint8Array>()
    const wide = agree().server
    const alike = agree().server
    const narrow = agree({ serverMaxWindowBits: 12 }).server
    const payload = wide.encodeShared(json(2000), cache)
    expect(alike.encodeShared(json(2000), cache)).toBe(payload)
    expect(narrow.encodeShared(json(2000), cache)).toBe(payload)
    expect(cache.size).toBe(1)
    const large = wide.encodeShared(json(20_000), new Map(cache))
    expect(narrow.encodeShared(json(20_000), new Map([...cache, ['x', large!]]))).not.toBe(large)
    const fast = agree({ zlibDeflateOptions: { level: 9 } }).server
    expect(fast.encodeShared(json(2000), cache)).not.toBe(payload)
    expect(cache.size).toBe(2)
  })

  it('keeps the threshold, and does not grow a message', () => {
    const { server } = agree()
    expect(server.encodeShared(json(1023), new Map())).toBeUndefined()
    expect(server.encodeShared(noise(4000), new Map())).toBeUndefined()
    expect(agree({ threshold: 0 }).server.encodeShared(new Uint8Array(0), new Map())).toEqual(Uint8Array.of(0x00))
  })

  it('refers to nothing before it, and what comes after may refer to it', async () => {
    const { server } = agree({ threshold: 0 })
    const peer = new ZlibPeer()
    const first = encodeNow(server, json(900, 1)).payload
    const shared = server.encodeShared(json(900, 1), new Map())!
    expect(shared.length).toBe(first.length)
    const second = encodeNow(server, json(900, 1)).payload
    expect(second.length).toBeLessThan(30)
    for (const payload of [first, shared, second]) {
      expect((await peer.decompress(payload)).equals(json(900, 1))).toBe(true)
    }
    peer.close()
  })

  it('waits its turn: with a message in parts or in the pool under way it is not compressed', async () => {
    const { server } = agree()
    encodeNow(server, json(2000), false)
    expect(server.encodeShared(json(2000), new Map())).toBeUndefined()
    encodeNow(server, json(2000), true)
    expect(server.encodeShared(json(2000), new Map())).toBeDefined()
    const large = encode(server, json(200_000))
    expect(server.encodeShared(json(2000), new Map())).toBeUndefined()
    await large
    expect(server.encodeShared(json(2000), new Map())).toBeDefined()
  })
})

describe('large messages', () => {
  it('go through the pool: done is called later, and context takeover holds', async () => {
    const { server, client } = agree()
    const peer = new ZlibPeer()
    for (const length of [100_000, 2000, 32_768, 32_769, 1_000_000, 1500]) {
      let isDone = false
      const bytes = json(length, length)
      const sent = encode(server, bytes).then((encoded) => {
        isDone = true
        return encoded
      })
      await Promise.resolve()
      await Promise.resolve()
      expect(isDone).toBe(length <= 32_768)
      const { payload, rsv } = await sent
      expect(rsv).toBe(0x40)
      expect(plain(await decode(client, payload)).equals(bytes)).toBe(true)
      expect((await peer.decompress(payload)).equals(bytes)).toBe(true)
    }
    peer.close()
  })

  it('may be changed by their sender meanwhile without breaking what follows', async () => {
    const { server, client } = agree()
    const bytes = json(100_000)
    const sent = encode(server, bytes)
    bytes.fill(0x20)
    const { payload } = await sent
    expect(plain(await decode(client, payload)).equals(json(100_000))).toBe(true)
    const after = encodeNow(server, json(3000))
    expect(plain(decodeNow(client, after.payload)).equals(json(3000))).toBe(true)
  })

  it('of one connection never hold up the small ones of another', async () => {
    const options = { concurrencyLimit: 1 }
    const busy = Array.from({ length: 8 }, () => agree(options).server)
    const { server, client } = agree(options)
    const work = busy.map((instance) => encode(instance, json(300_000)))
    const { payload } = encodeNow(server, json(2000))
    expect(plain(decodeNow(client, payload)).equals(json(2000))).toBe(true)
    await Promise.all(work)
  })

  it('are read from the pool though the chunk they came in is used again', async () => {
    const { server, client } = agree()
    const { payload } = await encode(server, noiseAndJson())
    const chunk = Uint8Array.from(payload)
    const read = decode(client, chunk)
    chunk.fill(0)
    expect(plain(await read).equals(noiseAndJson())).toBe(true)
  })

  it('in parts that inflate to much more come in pieces, each when it is asked for', async () => {
    const part = deflateRawSync(new Uint8Array(20_000_000), { finishFlush: constants.Z_SYNC_FLUSH })
    const { server } = agree()
    let length = 0
    for (let input: Uint8Array = part, hasMore = true; hasMore; input = new Uint8Array(0)) {
      const { result, more } = await new Promise<{ result: unknown; more: boolean }>((resolve) =>
        server.decode(input, false, 1 << 28, (decoded, rest = false) => resolve({ result: decoded, more: rest })),
      )
      const piece = result as Uint8Array
      expect(piece.length).toBeLessThanOrEqual(256 * 1024)
      length += piece.length
      hasMore = more
    }
    expect(length).toBe(20_000_000)
    expect(plain(await decode(server, hex('00'), { final: true }))).toHaveLength(0)
    server.dispose()
  })

  it('in parts are read from the pool though their chunk is used again', async () => {
    const options = { concurrencyLimit: 1 }
    const { server, client } = agree(options)
    const { payload } = await encode(server, noiseAndJson())
    const work = encode(agree(options).server, json(300_000))
    const chunk = Uint8Array.from(payload)
    const read = decodeParts(client, [chunk.subarray(0, 50_000), payload.subarray(50_000)])
    chunk.fill(0)
    expect(plain(await read).equals(noiseAndJson())).toBe(true)
    await work
  })

  it('that were compressed to little are inflated in the pool as well', async () => {
    const { server, client } = agree({ zlibDeflateOptions: { level: 6 } })
    const bytes = new Uint8Array(1_000_000)
    const { payload } = await encode(server, bytes)
    expect(payload.length).toBeLessThan(2000)
    let isDone = false
    const read = decode(client, payload).then((result) => {
      isDone = true
      return result
    })
    await Promise.resolve()
    await Promise.resolve()
    expect(isDone).toBe(false)
    expect(plain(await read).equals(bytes)).toBe(true)
  })
})

function noiseAndJson(): Uint8Array {
  return Buffer.concat([noise(80_000), json(20_000)])
}

describe('dispose', () => {
  it('drops what is in the pool and what waits for it; done is never called', async () => {
    const options = { concurrencyLimit: 1 }
    const called: string[] = []
    const first = agree(options)
    const second = agree(options)
    const third = agree(options)
    const { payload } = await encode(third.client, noiseAndJson())
    first.server.encode(json(300_000), true, () => called.push('running'))
    second.server.encode(json(300_000), true, () => called.push('waiting'))
    third.server.decode(payload, true, 1e9, () => called.push('waiting to decode'))
    for (const { server } of [first, second, third]) server.dispose()
    // Whoever comes next is served, so everything before it is over.
    await encode(agree(options).server, json(300_000))
    expect(called).toEqual([])
  })

  it('in the midst of parts gives their place in the pool back', async () => {
    const options = { concurrencyLimit: 1 }
    const { server, client } = agree(options)
    const { payload } = await encode(client, noiseAndJson())
    const called: string[] = []
    server.decode(payload.subarray(0, 50_000), false, 1e9, () => called.push('part'))
    server.dispose()
    await encode(agree(options).server, json(300_000))
    expect(called).toEqual([])
  })

  it('nothing is done afterwards', () => {
    const { server } = agree({ threshold: 0 })
    server.dispose()
    server.dispose()
    const called: string[] = []
    server.encode(utf8('Hello'), true, () => called.push('encoded'))
    server.decode(Uint8Array.of(0x00), true, 10, () => called.push('decoded'))
    expect(server.encodeShared(utf8('Hello'), new Map())).toBeUndefined()
    expect(called).toEqual([])
  })
})
