/** Both halves against zlib stream objects that live as long as the connection, as every other implementation has them. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ExtensionInstance } from '../../src/protocol/extension.ts'
import { permessageDeflateServer, type PerMessageDeflateOptions } from '../../src/extensions/permessage-deflate.ts'
import { agree, cut, decodeParts, encode, json, noise, plain, ZlibPeer } from './deflate-pair.ts'

const WINDOWS = [15, 12, 9]
const everything: PerMessageDeflateOptions = { threshold: 0 }

/** Messages like a program's: much the same again and again, now and then noise, nothing, or something large. */
const message = fc
  .record({
    kind: fc.constantFrom('json', 'json', 'json', 'noise', 'run', 'empty'),
    length: fc.oneof(
      { weight: 6, arbitrary: fc.integer({ min: 1, max: 700 }) },
      { weight: 3, arbitrary: fc.integer({ min: 700, max: 9000 }) },
      { weight: 1, arbitrary: fc.integer({ min: 9000, max: 120_000 }) },
    ),
    seed: fc.integer({ min: 1, max: 500 }),
  })
  .map(({ kind, length, seed }) => {
    if (kind === 'empty') return new Uint8Array(0)
    if (kind === 'run') return new Uint8Array(length).fill(seed)
    return kind === 'noise' ? noise(length, seed) : json(length, seed)
  })
const messages = fc.array(message, { minLength: 20, maxLength: 60 })
const runs = { numRuns: 8 }

function serverWith(bits: number, options: PerMessageDeflateOptions): ExtensionInstance {
  const window = String(bits)
  const offer = [
    ['server_max_window_bits', window],
    ['client_max_window_bits', window],
  ] as const
  return permessageDeflateServer({ clientMaxWindowBits: true, ...options })
    .accept({ name: 'permessage-deflate', parameters: offer })!
    .create()
}

/** What a peer makes of our messages: those without RSV1 never reach its inflater. */
async function readBack(peer: ZlibPeer, sent: { payload: Uint8Array; rsv: number }): Promise<Buffer> {
  return sent.rsv === 0 ? Buffer.from(sent.payload) : peer.decompress(sent.payload)
}

describe.each(WINDOWS)('with a window of %i bits', (windowBits) => {
  describe.each([true, false])('context takeover: %s', (takeover) => {
    const options = { ...everything, serverNoContextTakeover: !takeover, clientNoContextTakeover: !takeover }

    it('a zlib stream reads what we compress (RFC 7692 7.2.1)', async () => {
      const property = fc.asyncProperty(messages, async (all) => {
        const ours = serverWith(windowBits, options)
        const peer = new ZlibPeer({ windowBits, takeover })
        for (const bytes of all) {
          expect((await readBack(peer, await encode(ours, bytes))).equals(bytes)).toBe(true)
        }
        peer.close()
      })
      await fc.assert(property, runs)
    })

    it('we read what a zlib stream compresses (RFC 7692 7.2.2)', async () => {
      const property = fc.asyncProperty(messages, async (all) => {
        const ours = serverWith(windowBits, options)
        const peer = new ZlibPeer({ windowBits, takeover })
        for (const bytes of all) {
          const payload = await peer.compress(bytes)
          expect(plain(await decodeParts(ours, [payload], bytes.length)).equals(bytes)).toBe(true)
        }
        peer.close()
      })
      await fc.assert(property, runs)
    })

    it('we read it cut anywhere into parts (RFC 7692 6.2)', async () => {
      const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), { maxLength: 6 })
      const property = fc.asyncProperty(fc.array(fc.tuple(message, cuts), { maxLength: 30 }), async (all) => {
        const ours = serverWith(windowBits, options)
        const peer = new ZlibPeer({ windowBits, takeover })
        for (const [bytes, places] of all) {
          const parts = cut(await peer.compress(bytes), places)
          expect(plain(await decodeParts(ours, parts, bytes.length)).equals(bytes)).toBe(true)
        }
        peer.close()
      })
      await fc.assert(property, runs)
    })

    it('a zlib stream reads what we send in parts, and we do (RFC 7692 6.1)', async () => {
      const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), { maxLength: 6 })
      const property = fc.asyncProperty(fc.array(fc.tuple(message, cuts), { maxLength: 30 }), async (all) => {
        const pair = agree({ ...options, serverMaxWindowBits: windowBits })
        const peer = new ZlibPeer({ windowBits, takeover })
        for (const [bytes, places] of all) {
          const parts = cut(bytes, places)
          const sent: { payload: Uint8Array; rsv: number }[] = []
          for (const [index, part] of parts.entries()) {
            sent.push(await encode(pair.server, part, index === parts.length - 1))
          }
          const payloads = sent.map(({ payload }) => payload)
          const whole = { payload: Buffer.concat(payloads), rsv: sent[0]!.rsv }
          expect((await readBack(peer, whole)).equals(bytes)).toBe(true)
          if (whole.rsv === 0) continue
          expect(plain(await decodeParts(pair.client, payloads, bytes.length)).equals(bytes)).toBe(true)
        }
        peer.close()
      })
      await fc.assert(property, runs)
    })

    it('shared messages between our own leave the stream whole', async () => {
      const property = fc.asyncProperty(fc.array(fc.tuple(message, fc.boolean()), { maxLength: 60 }), async (all) => {
        const ours = serverWith(windowBits, options)
        const peer = new ZlibPeer({ windowBits, takeover })
        for (const [bytes, shared] of all) {
          const payload = shared ? ours.encodeShared(bytes, new Map()) : undefined
          const sent = payload === undefined ? await encode(ours, bytes) : { payload, rsv: 0x40 }
          expect((await readBack(peer, sent)).equals(bytes)).toBe(true)
        }
        peer.close()
      })
      await fc.assert(property, runs)
    })
  })
})

describe('with every choice zlib gives', () => {
  const choices = fc.record({
    zlibDeflateOptions: fc.record({
      level: fc.integer({ min: -1, max: 9 }),
      memLevel: fc.integer({ min: 1, max: 9 }),
      strategy: fc.integer({ min: 0, max: 4 }),
      chunkSize: fc.integer({ min: 64, max: 400 }),
    }),
    zlibInflateOptions: fc.record({ chunkSize: fc.integer({ min: 64, max: 400 }) }),
    deflateHistory: fc.constantFrom(0, 1, 300, 2048, 32_768),
    asyncThreshold: fc.constantFrom(0, 500, 32_768, Infinity),
    serverMaxWindowBits: fc.integer({ min: 9, max: 15 }),
  })

  it('what we send a zlib stream reads, and so do we', async () => {
    const property = fc.asyncProperty(choices, fc.array(message, { maxLength: 12 }), async (choice, all) => {
      const { server, client } = agree({ ...everything, ...choice }, choice)
      const peer = new ZlibPeer()
      for (const bytes of all) {
        const sent = await encode(server, bytes)
        expect((await readBack(peer, sent)).equals(bytes)).toBe(true)
        if (sent.rsv === 0) continue
        expect(plain(await decodeParts(client, [sent.payload], bytes.length)).equals(bytes)).toBe(true)
      }
      peer.close()
    })
    await fc.assert(property, { numRuns: 40 })
  })
})

it('a window of 8 is always inflated: whatever lies within 256 bytes can be read (RFC 7692 7.1.2.2)', async () => {
  const ours = serverWith(9, everything)
  const offer = { name: 'permessage-deflate', parameters: [['client_max_window_bits', '8']] as const }
  const narrow = permessageDeflateServer(everything).accept(offer)!.create()
  // zlib takes 9 for 8, and with 9 it looks back at most 250 bytes: a peer of 8 bits in all but name.
  const peer = new ZlibPeer({ windowBits: 9 })
  for (let seed = 0; seed < 300; seed++) {
    const bytes = json(100 + (seed % 50), seed)
    const payload = await peer.compress(bytes)
    expect(plain(await decodeParts(narrow, [payload])).equals(bytes)).toBe(true)
    expect(plain(await decodeParts(ours, [payload])).equals(bytes)).toBe(true)
  }
  peer.close()
})
