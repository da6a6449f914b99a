import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FrameReader } from '../../src/protocol/frame-reader.ts'
import { concat, cutAt, hex, toHex } from '../support/hex.ts'
import { naiveEncode, type NaiveFrame } from '../support/naive.ts'

interface Seen {
  readonly frames: string[]
  readonly reader: FrameReader
}

/** A reader that writes down what it tells; `goOn` is asked after each call. */
function reading(goOn: (call: number) => boolean = () => true): Seen {
  const frames: string[] = []
  let payload: Uint8Array[] = []
  let calls = 0
  const reader = new FrameReader({
    frameHeader({ fin, rsv, opcode, masked, payloadLength }) {
      frames.push(`${fin ? 'fin' : '...'} ${rsv} ${opcode} ${masked ? 'masked' : 'plain'} ${payloadLength}:`)
      return goOn(calls++)
    },
    framePayload(chunk, start, end, last) {
      payload.push(chunk.slice(start, end))
      if (last) {
        frames.push(`${frames.pop()!} ${toHex(concat(...payload))}`.trim())
        payload = []
      }
      return goOn(calls++)
    },
  })
  return { frames, reader }
}

const frame: fc.Arbitrary<NaiveFrame> = fc.record({
  fin: fc.boolean(),
  rsv: fc.nat(7),
  opcode: fc.nat(15),
  key: fc.option(fc.uint8Array({ minLength: 4, maxLength: 4 }), { nil: undefined }),
  payload: fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ minLength: 120, maxLength: 300 })),
})

function line({ fin, rsv, opcode, key, payload }: NaiveFrame): string {
  const head = `${fin ? 'fin' : '...'} ${rsv << 4} ${opcode} ${key === undefined ? 'plain' : 'masked'} ${payload.length}:`
  return `${head} ${toHex(payload)}`.trim()
}

describe('Reading frames', () => {
  it('gives the frames that were written, cut into any chunks (RFC 6455 5.2, 5.3)', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 6 }), fc.array(fc.nat(400)), (frames, places) => {
        const bytes = concat(...frames.map(naiveEncode))
        const { reader, frames: seen } = reading()
        const chunks = cutAt(
          bytes,
          places.filter((place) => place < bytes.length),
        )
        for (const chunk of chunks) expect(reader.read(chunk, 0)).toBe(chunk.length)
        expect(seen).toEqual(frames.map(line))
      }),
    )
  })

  it('gives the same at every split of every length class, masked and not (RFC 6455 5.2)', () => {
    for (const length of [0, 1, 3, 4, 125, 126, 300]) {
      for (const key of [undefined, hex('37 fa 21 3d')]) {
        const one = { fin: true, rsv: 0, opcode: 2, key, payload: Uint8Array.from({ length }, (_, i) => i) }
        const bytes = concat(naiveEncode(one), naiveEncode(one))
        for (let split = 1; split < bytes.length; split++) {
          const { reader, frames } = reading()
          for (const chunk of cutAt(bytes, [split])) reader.read(chunk, 0)
          expect(frames).toEqual([line(one), line(one)])
        }
      }
    }
  })

  it('reads a 64-bit length that is cut anywhere in its header (RFC 6455 5.2)', () => {
    const one = { fin: true, rsv: 0, opcode: 2, key: hex('01 02 03 04'), payload: new Uint8Array(65_536).fill(9) }
    const bytes = naiveEncodeLong(one)
    for (let split = 1; split < 15; split++) {
      const { reader, frames } = reading()
      for (const chunk of cutAt(bytes, [split])) reader.read(chunk, 0)
      expect(frames.length).toBe(1)
      expect(frames[0]!.slice(0, 40)).toBe(line(one).slice(0, 40))
      expect(frames[0]!.length).toBe(line(one).length)
    }
  })

  it('tells whether a chunk holds bytes of one frame alone', () => {
    const isWithin = (chunk: string, ...before: string[]): boolean => {
      const reader = new FrameReader({ frameHeader: () => true, framePayload: () => true })
      for (const each of before) reader.read(hex(each), 0)
      return reader.isWithinOneFrame(hex(chunk))
    }
    expect(isWithin('82 02 61 62')).toBe(true)
    expect(isWithin('82 02 61')).toBe(true)
    expect(isWithin('82 02')).toBe(true)
    expect(isWithin('82 02 61 62 82')).toBe(false)
    expect(isWithin('82 81 00 00 00 00 61')).toBe(true)
    expect(isWithin('82 81 00 00 00 00 61 82 00')).toBe(false)
    expect(isWithin('82 fe 01 00 00 00 00 00 61 62')).toBe(true)
    // Where the header is cut, nothing is known of what follows it.
    expect(isWithin('82')).toBe(false)
    expect(isWithin('82 7e 00')).toBe(false)
    expect(isWithin('02 61', '82')).toBe(false)
    expect(isWithin('62 63', '82 03 61')).toBe(true)
    expect(isWithin('62', '82 03 61')).toBe(true)
    expect(isWithin('62 63 82', '82 03 61')).toBe(false)
    expect(isWithin('', '82 03 61')).toBe(true)
  })

  it('begins where it is told to in a chunk', () => {
    const { reader, frames } = reading()
    expect(reader.read(hex('ff ff 89 01 61'), 2)).toBe(5)
    expect(frames).toEqual(['fin 0 9 plain 1: 61'])
  })

  it('stops behind the call that says so, and has not touched what lies behind (RFC 6455 5.3)', () => {
    const bytes = hex('82 81 ff ff ff ff 9e 82 81 ff ff ff ff 9d')
    const { reader, frames } = reading((call) => call !== 1)
    expect(reader.read(bytes, 0)).toBe(7)
    expect(frames).toEqual(['fin 0 2 masked 1: 61'])
    expect(toHex(bytes.subarray(7))).toBe('82 81 ff ff ff ff 9d')
    expect(reader.read(bytes, 7)).toBe(14)
    expect(frames[1]).toBe('fin 0 2 masked 1: 62')
  })

  it('stops behind a header that is refused, with no payload unmasked (RFC 6455 5.1)', () => {
    const bytes = hex('82 81 ff ff ff ff 9e')
    const { reader, frames } = reading(() => false)
    expect(reader.read(bytes, 0)).toBe(6)
    expect(frames).toEqual(['fin 0 2 masked 1:'])
    expect(bytes[6]).toBe(0x9e)
  })
})

/** What the bit for bit encoder would take long for: a frame of 64 KiB. */
function naiveEncodeLong({ key, payload }: { key: Uint8Array; payload: Uint8Array }): Uint8Array {
  const header = concat(hex('82 ff 00 00 00 00 00 01 00 00'), key)
  return concat(
    header,
    payload.map((byte, i) => byte ^ key[i % 4]!),
  )
}
