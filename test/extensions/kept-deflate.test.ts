import { constants, deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DeflateHistory } from '../../src/extensions/deflate-history.ts'
import { checkDeflateOptions } from '../../src/extensions/deflate-options.ts'
import { KeptDeflater, KeptInflater } from '../../src/extensions/kept-deflate.ts'
import type { PerMessageDeflateOptions } from '../../src/extensions/permessage-deflate.ts'
import type { ExtensionInstance } from '../../src/protocol/extension.ts'
import { agree, decode, decodeNow, encode, encodeNow, hex, json, noise, plain, ZlibPeer } from './deflate-pair.ts'

const base: PerMessageDeflateOptions = { threshold: 0 }

/** The same negotiation twice: with zlib objects that are kept, and with a new one for each message. */
function both(options: PerMessageDeflateOptions = {}): { kept: ExtensionInstance; oracle: ExtensionInstance } {
  return {
    kept: agree({ ...base, ...options }).server,
    oracle: agree({ ...base, ...options, contextLimit: 0 }).server,
  }
}

/** A server whose object for incoming messages is there already. */
function warm(instance: ExtensionInstance): ExtensionInstance {
  for (let message = 0; message < 2; message++) decodeNow(instance, deflated(json(200, message)))
  return instance
}

/** One message that refers to nothing. */
function deflated(bytes: Uint8Array): Uint8Array {
  return deflateRawSync(bytes, { windowBits: 12, finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
}

type Step =
  | { kind: 'whole'; length: number; seed: number; isNoise: boolean }
  | { kind: 'parts'; length: number; seed: number }
  | { kind: 'shared'; length: number; seed: number }

const length = fc.oneof(fc.nat(300), fc.nat(5000), fc.constantFrom(0, 1, 4095, 4096, 4097, 40_000))
const seed = fc.nat(5)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('whole' as const), length, seed, isNoise: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('parts' as const), length, seed }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('shared' as const), length, seed }) },
)

async function carry(sender: ExtensionInstance, receiver: ExtensionInstance, one: Step): Promise<boolean> {
  const bytes = one.kind === 'whole' && one.isNoise ? noise(one.length, one.seed) : json(one.length, one.seed)
  if (one.kind === 'shared') {
    const payload = sender.encodeShared(bytes, new Map())
    return payload === undefined || plain(await decode(receiver, payload)).equals(bytes)
  }
  if (one.kind === 'whole') {
    const { payload, rsv } = await encode(sender, bytes)
    return plain(rsv === 0 ? payload : await decode(receiver, payload)).equals(bytes)
  }
  const half = bytes.length >> 1
  const output = []
  for (const [part, final] of [
    [bytes.subarray(0, half), false],
    [bytes.subarray(half), true],
  ] as const) {
    output.push(plain(await decode(receiver, (await encode(sender, part, final)).payload, { final })))
  }
  return Buffer.concat(output).equals(bytes)
}

describe('with objects that are kept', () => {
  it('any conversation is read as it was sent, both ways, whatever was negotiated', async () => {
    const options = fc.record({
      serverNoContextTakeover: fc.boolean(),
      clientNoContextTakeover: fc.boolean(),
      serverMaxWindowBits: fc.constantFrom(9, 10, 12, 15),
      clientMaxWindowBits: fc.constantFrom(9, 10, 12, 15),
      deflateHistory: fc.constantFrom(0, 100, 2048, 32_768),
      contextLimit: fc.constantFrom(0, 1, 64),
      asyncThreshold: fc.constantFrom(100, 32_768),
    })
    await fc.assert(
      fc.asyncProperty(options, fc.array(fc.tuple(fc.boolean(), step), { maxLength: 25 }), async (given, steps) => {
        const { server, client } = agree({ ...base, ...given }, { ...base, contextLimit: given.contextLimit })
        for (const [down, one] of steps) {
          expect(await (down ? carry(server, client, one) : carry(client, server, one))).toBe(true)
        }
        server.dispose()
        client.dispose()
      }),
      { numRuns: 150 },
    )
  })

  it('a peer with streams of its own understands each message, and is understood', async () => {
    for (const takeover of [true, false]) {
      const { kept } = both({ serverNoContextTakeover: !takeover, clientNoContextTakeover: !takeover })
      const peer = new ZlibPeer({ takeover, windowBits: 12 })
      const reader = new ZlibPeer({ takeover })
      for (let message = 0; message < 40; message++) {
        const bytes = json(50 + message * 40, message % 7)
        const { payload, rsv } = encodeNow(kept, bytes)
        expect(rsv).toBe(0x40)
        expect((await reader.decompress(payload)).equals(bytes)).toBe(true)
        expect(plain(decodeNow(kept, await peer.compress(bytes))).equals(bytes)).toBe(true)
      }
      peer.close()
      reader.close()
      kept.dispose()
    }
  })

  it('messages refer to those before them: they take less than half of what they take alone', () => {
    const total = (instance: ExtensionInstance): number => {
      let bytes = 0
      for (let message = 0; message < 50; message++) bytes += encodeNow(instance, json(600, message * 3)).payload.length
      return bytes
    }
    expect(total(both().kept)).toBeLessThan(total(both({ serverNoContextTakeover: true }).kept) / 2)
  })

  it('objects are kept from the second message on, and by all without context takeover from the first', () => {
    for (const takeover of [true, false]) {
      const settings = checkDeflateOptions({}, 'server')
      const sender = new KeptDeflater(settings, 15, takeover)
      const receiver = new KeptInflater(settings, 12, takeover)
      const history = new DeflateHistory(4096)
      const before = takeover ? history : undefined
      for (let message = 0; message < 30; message++) {
        const bytes = json(100 * message + 10, message)
        const isKept = !takeover || message > 0
        expect(sender.deflate(bytes, before) !== undefined).toBe(isKept)
        const output = receiver.inflate(deflated(bytes), before, 1e6)
        expect(output && plain(output).equals(bytes)).toBe(isKept || undefined)
        history.append(bytes)
      }
      sender.drop()
      receiver.drop()
    }
  })

  it('two connections know nothing of each other', () => {
    const [first, second] = [both().kept, both().kept]
    for (let message = 0; message < 3; message++) encodeNow(first, json(700, message))
    const lengths = [0, 1, 2].map((message) => encodeNow(second, json(700, 50 + message * 50)).payload.length)
    expect(lengths[0]).toBeGreaterThan(120)
    const fresh = both({ serverNoContextTakeover: true }).kept
    const alone = encodeNow(fresh, json(700, 9)).payload
    encodeNow(both({ serverNoContextTakeover: true }).kept, json(700, 10))
    expect(Buffer.from(encodeNow(fresh, json(700, 9)).payload).equals(Buffer.from(alone))).toBe(true)
  })
})

describe('what is wrong is found as it is without', () => {
  /** Both answer alike, now and to the message after it. */
  function alike(payload: Uint8Array, options: PerMessageDeflateOptions & { limit?: number } = {}): void {
    const { limit = 1 << 28, ...given } = options
    const { kept, oracle } = both(given)
    const results = [warm(kept), warm(oracle)].map((instance) => {
      const result = decodeNow(instance, payload, { limit })
      const next = result instanceof Uint8Array ? plain(decodeNow(instance, deflated(json(300, 4)))) : undefined
      instance.dispose()
      return { result: result instanceof Uint8Array ? plain(result).toString('latin1') : result, next }
    })
    expect(results[0]).toEqual(results[1])
  }

  it('a message cut off at any byte', () => {
    const payload = deflated(json(900, 3))
    for (let end = 0; end <= payload.length; end++) alike(payload.subarray(0, end))
  })

  it('a message with any one bit turned over', () => {
    const payload = deflated(json(60, 3))
    for (let bit = 0; bit < payload.length * 8; bit++) {
      const spoilt = Uint8Array.from(payload)
      spoilt[bit >> 3]! ^= 1 << (bit & 7)
      alike(spoilt)
    }
  })

  it('any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => alike(bytes)),
      { numRuns: 1500 },
    )
  })

  it('a final block, with and without what may follow it (RFC 7692 7.2.3.4)', () => {
    const finished = deflateRawSync(json(300))
    alike(finished)
    alike(Buffer.concat([finished, hex('00')]))
    alike(Buffer.concat([finished, hex('00 00')]))
    alike(hex('01 02 00 fd ff 48 69'))
  })

  it('stored blocks that swallow what is put behind them', () => {
    for (const length of [2, 3, 6, 7, 11, 12, 16, 17, 20]) {
      alike(Uint8Array.of(0x00, length, 0x00, length ^ 0xff, 0xff, 0x48, 0x69))
    }
  })

  it('more bytes than are allowed', () => {
    for (const limit of [0, 1, 199, 200, 201, 70_000]) {
      alike(deflated(json(200, 8)), { limit })
      alike(deflated(new Uint8Array(69_999)), { limit })
      alike(deflated(new Uint8Array(70_001)), { limit })
    }
  })

  it('a reference to before the beginning', () => {
    const { client } = agree({}, base)
    encodeNow(client, json(500, 1))
    encodeNow(client, json(500, 1))
    const { payload } = encodeNow(client, json(500, 1))
    alike(payload, { clientNoContextTakeover: true })
  })
})
