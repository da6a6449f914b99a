import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ConnectionOptions } from '../../src/protocol/connection-options.ts'
import { concat, cutAt, hex, toHex, utf8 } from '../support/hex.ts'
import { naiveEncode } from '../support/naive.ts'
import { Recorded } from '../support/record.ts'
import { SlowExtension } from '../support/slow-extension.ts'

const KEY = hex('37 fa 21 3d')

interface Frame {
  readonly fin?: boolean
  readonly rsv?: number
  readonly opcode: number
  readonly payload: Uint8Array
}

function encode({ fin = true, rsv = 0, opcode, payload }: Frame): Uint8Array {
  return naiveEncode({ fin, rsv, opcode, key: KEY, payload })
}

/** A server that keeps whatever bytes it gets, and the memory that all its chunks are read into. */
class Keeper {
  readonly kept: Uint8Array[] = []
  readonly recorded: Recorded
  readonly #memory = new Uint8Array(1 << 17)

  constructor(options: Partial<ConnectionOptions> = {}) {
    const keep = (bytes: string | Uint8Array): void => {
      if (typeof bytes !== 'string') this.kept.push(bytes)
    }
    this.recorded = new Recorded('server', options, { message: keep, ping: keep, pong: keep, part: keep })
  }

  /** Take a chunk in, and write over it as the next read does. */
  lend(chunk: Uint8Array): void {
    this.#memory.set(chunk)
    this.recorded.connection.receive(this.#memory.subarray(0, chunk.length), true)
    this.#memory.fill(0xff)
  }

  get inHex(): string[] {
    return this.kept.map(toHex)
  }
}

describe('Of a chunk that is lent, what is kept stays as it came', () => {
  it('for messages and control frames that lie whole in it (RFC 6455 5.5, 5.6)', () => {
    const keeper = new Keeper({ text: 'bytes' })
    keeper.lend(
      concat(
        encode({ opcode: 2, payload: hex('01 02 03') }),
        encode({ opcode: 1, payload: utf8('abc') }),
        encode({ opcode: 9, payload: hex('04') }),
        encode({ opcode: 10, payload: hex('05') }),
      ),
    )
    expect(keeper.inHex).toEqual(['01 02 03', '61 62 63', '04', '05'])
  })

  it('for what waits while reading rests, from this chunk and the next', () => {
    const keeper = new Keeper()
    const { connection } = keeper.recorded
    connection.pause()
    keeper.lend(encode({ opcode: 2, payload: hex('01') }))
    keeper.lend(encode({ opcode: 2, payload: hex('02') }))
    connection.resume()
    expect(keeper.inHex).toEqual(['01', '02'])
  })

  it('for the rest of a chunk in which a handler pauses', () => {
    const socket = new Recorded('server', {}, { message: (message) => message === 'a' && socket.connection.pause() })
    const chunk = concat(encode({ opcode: 1, payload: utf8('a') }), encode({ opcode: 1, payload: utf8('b') }))
    socket.connection.receive(chunk, true)
    chunk.fill(0xff)
    socket.connection.resume()
    expect(socket.calls.filter((call) => call.startsWith('text'))).toEqual(['text a', 'text b'])
  })

  it('for a payload that an extension takes its time to decode (RFC 6455 9)', () => {
    const extension = new SlowExtension()
    const keeper = new Keeper({ extension })
    keeper.lend(encode({ rsv: 2, opcode: 2, payload: hex('02 03') }))
    extension.finishDecoding()
    expect(keeper.inHex).toEqual(['01 02'])
  })

  it('for large fragments that fill their chunk, and for parts of large messages (RFC 6455 5.4)', () => {
    const [first, second] = [new Uint8Array(70_000).fill(1), new Uint8Array(70_000).fill(2)]
    for (const partsFrom of [Number.MAX_SAFE_INTEGER, 65_536]) {
      const keeper = new Keeper({ partsFrom })
      keeper.lend(encode({ fin: false, opcode: 2, payload: first }))
      keeper.lend(encode({ opcode: 0, payload: second }))
      expect(Buffer.compare(concat(...keeper.kept), concat(first, second))).toBe(0)
    }
  })

  it('however messages are cut into frames and chunks', () => {
    const message = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(fc.array(message, { maxLength: 5 }), fc.array(fc.nat(1500), { maxLength: 8 }), (messages, places) => {
        const bytes = concat(
          ...messages.flatMap((fragments) =>
            fragments.map((payload, index) =>
              encode({ fin: index === fragments.length - 1, opcode: index === 0 ? 2 : 0, payload }),
            ),
          ),
        )
        const within = places.map((place) => Math.min(place, bytes.length))
        const keeper = new Keeper()
        for (const chunk of cutAt(bytes, within)) keeper.lend(chunk)
        expect(keeper.inHex).toEqual(messages.map((fragments) => toHex(concat(...fragments))))
      }),
    )
  })
})
