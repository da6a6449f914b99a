import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeFrame, FrameWriter } from '../../src/protocol/frame-writer.ts'
import { Slab, SLAB_SIZE } from '../../src/protocol/slab.ts'
import { plainTextCodec } from '../../src/protocol/text-codec.ts'
import { concat, hex, toHex, utf8 } from '../support/hex.ts'
import { naiveDecode, naiveEncode } from '../support/naive.ts'

const KEY = hex('37 fa 21 3d')

interface Given {
  readonly masked?: boolean
  readonly slab?: Slab
  /** Whether the transport takes everything at once. */
  readonly takes?: boolean
}

/** A writer, and a transport that notes what it gets: copies, and the pieces themselves. */
class Written {
  readonly writer: FrameWriter
  readonly pieces: Uint8Array[] = []
  readonly copies: Uint8Array[] = []
  readonly more: boolean[] = []
  takes: boolean

  constructor({ masked = false, slab = new Slab((length) => new Uint8Array(length)), takes = true }: Given = {}) {
    this.takes = takes
    this.writer = new FrameWriter({
      randomMask: masked ? () => 0x37fa213d : undefined,
      codec: plainTextCodec,
      allocate: (length) => new Uint8Array(length),
      slab,
    })
  }

  flush(): Uint8Array {
    const before = this.copies.length
    this.writer.flush({
      write: (bytes, more) => {
        this.pieces.push(bytes)
        this.copies.push(bytes.slice())
        this.more.push(more)
        return this.takes
      },
    })
    return concat(...this.copies.slice(before))
  }
}

describe('Writing frames', () => {
  it('gives the examples of RFC 6455 5.7', () => {
    const server = new Written()
    server.writer.text(0x81, 'Hello')
    expect(toHex(server.flush())).toBe('81 05 48 65 6c 6c 6f')
    server.writer.text(0x01, 'Hel')
    server.writer.text(0x80, 'lo')
    expect(toHex(server.flush())).toBe('01 03 48 65 6c 80 02 6c 6f')
    const client = new Written({ masked: true })
    client.writer.text(0x81, 'Hello')
    client.writer.bytes(0x8a, utf8('Hello'))
    expect(toHex(client.flush())).toBe('81 85 37 fa 21 3d 7f 9f 4d 51 58 8a 85 37 fa 21 3d 7f 9f 4d 51 58')
  })

  it.each([0, 1, 63, 64, 125, 126, 127, 8191, 8192, 8193, 65_535, 65_536, 70_000])(
    'gives bytes of length %i as the naive encoder does, masked and not (RFC 6455 5.2, 5.3)',
    (length) => {
      const payload = Uint8Array.from({ length }, (_, i) => i * 13)
      for (const masked of [false, true]) {
        const given = payload.slice()
        const { writer, flush } = bound(new Written({ masked }))
        writer.bytes(0x82, given)
        const key = masked ? KEY : undefined
        const expected = naiveEncodeFast(payload, key)
        expect(Buffer.compare(flush(), expected)).toBe(0)
        // What the caller handed over is still the caller's, masked frames of any size included.
        expect(Buffer.compare(given, payload)).toBe(0)
      }
    },
  )

  it('moves the payload of a text when its header is longer than that of ASCII would be (RFC 6455 5.2)', () => {
    for (const text of [
      'é'.repeat(62),
      'é'.repeat(63),
      'é'.repeat(125),
      '€'.repeat(42),
      '😀'.repeat(32),
      'é'.repeat(126),
    ]) {
      for (const masked of [false, true]) {
        const { writer, flush } = bound(new Written({ masked }))
        writer.text(0x81, text)
        writer.bytes(0x89, hex('01'))
        const [frame, ping] = naiveDecode(flush())
        expect(new TextDecoder().decode(frame!.payload)).toBe(text)
        expect([...ping!.payload]).toEqual([1])
      }
    }
  })

  it('gives texts of any length and alphabet, huge ones included (RFC 6455 5.6)', () => {
    for (const text of ['x'.repeat(2726), 'x'.repeat(2727), '€'.repeat(2730), 'x'.repeat(8192), '€'.repeat(30_000)]) {
      for (const masked of [false, true]) {
        const { writer, flush } = bound(new Written({ masked }))
        writer.text(0x81, text)
        expect(Buffer.compare(flush(), naiveEncodeFast(utf8(text), masked ? KEY : undefined, 0x81))).toBe(0)
      }
    }
  })

  it('joins small frames into one piece, and hands large payloads over by reference', () => {
    const written = new Written()
    const large = new Uint8Array(8192)
    written.writer.text(0x81, 'a')
    written.writer.bytes(0x82, hex('01 02'))
    written.writer.bytes(0x82, large)
    written.writer.text(0x81, 'b')
    expect(written.writer.pending).toBe(3 + 4 + 4 + 8192 + 3)
    written.flush()
    expect(written.pieces.map((piece) => piece.length)).toEqual([11, 8192, 3])
    expect(written.pieces[1]).toBe(large)
    expect(written.more).toEqual([true, true, false])
    expect(written.writer.pending).toBe(0)
  })

  it('hands over nothing when there is nothing', () => {
    const written = new Written()
    expect(written.flush().length).toBe(0)
    expect(written.more).toEqual([])
  })

  it('sends frames that are encoded already in their place, alone by reference, behind others copied', () => {
    const written = new Written()
    const frames = naiveEncode({ fin: true, rsv: 0, opcode: 1, payload: utf8('shared') })
    written.writer.encoded(frames)
    written.flush()
    expect(written.pieces).toEqual([frames])
    expect(written.pieces[0]).toBe(frames)
    written.writer.text(0x81, 'a')
    written.writer.encoded(frames)
    expect(toHex(written.flush())).toBe(`81 01 61 ${toHex(frames)}`)
    expect(written.pieces.length).toBe(2)
    const large = naiveEncodeFast(new Uint8Array(9000), undefined)
    written.writer.text(0x81, 'a')
    written.writer.encoded(large)
    written.flush()
    expect(written.pieces.at(-1)).toBe(large)
  })
})

describe('A frame for any number of connections', () => {
  it.each([0, 125, 126, 65_535, 65_536])('of %i bytes is encoded once, without a mask (RFC 6455 5.2)', (length) => {
    const payload = new Uint8Array(length).fill(9)
    const frame = encodeFrame(0x82, payload, (size) => new Uint8Array(size))
    expect(Buffer.compare(frame, naiveEncodeFast(payload, undefined))).toBe(0)
  })
})

describe('Several writers in one slab', () => {
  it('each give their own frames, however they take turns, whoever keeps what it got', () => {
    const step = fc.record({
      who: fc.nat(2),
      size: fc.oneof(fc.nat(300), fc.constantFrom(5000, 8191, 8192, 20_000, 60_000)),
      isText: fc.boolean(),
      flush: fc.boolean(),
      takes: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const slab = new Slab((length) => new Uint8Array(length))
        const writers = [new Written({ slab }), new Written({ slab, masked: true }), new Written({ slab })]
        const sent: number[][] = [[], [], []]
        const kept: { piece: Uint8Array; copy: Uint8Array }[] = []
        const flush = (who: number, takes: boolean): void => {
          const written = writers[who]!
          const before = written.pieces.length
          written.takes = takes
          written.flush()
          if (takes) return
          for (const [i, piece] of written.pieces.slice(before).entries()) {
            kept.push({ piece, copy: written.copies[before + i]! })
          }
        }
        for (const { who, size, isText, flush: flushes, takes } of steps) {
          if (isText) writers[who]!.writer.text(0x81, String.fromCharCode(97 + (size % 26)).repeat(size))
          else writers[who]!.writer.bytes(0x82, new Uint8Array(size).fill(size % 251))
          sent[who]!.push(size)
          if (flushes) flush(who, takes)
        }
        for (const who of [0, 1, 2]) flush(who, true)
        for (const [who, written] of writers.entries()) {
          expect(fastSizes(concat(...written.copies))).toEqual(sent[who])
        }
        // What a transport did not take at once is never written to again.
        for (const { piece, copy } of kept) expect(Buffer.compare(piece, copy)).toBe(0)
      }),
      { numRuns: 60 },
    )
  })

  it('use the same memory over and over when everything is taken', () => {
    let made = 0
    const slab = new Slab((length) => {
      made++
      return new Uint8Array(length)
    })
    const [one, two] = [new Written({ slab }), new Written({ slab })]
    for (let i = 0; i < 200; i++) {
      one.writer.bytes(0x82, new Uint8Array(4000))
      two.writer.bytes(0x82, new Uint8Array(4000))
      one.flush()
      two.flush()
    }
    expect(made).toBe(1)
  })

  it('take little more memory than they write when everything is kept', () => {
    let made = 0
    const slab = new Slab((length) => {
      made += length
      return new Uint8Array(length)
    })
    const one = new Written({ slab, takes: false })
    for (let i = 0; i < 3000; i++) {
      one.writer.bytes(0x82, new Uint8Array(48))
      one.flush()
    }
    expect(made).toBeLessThan(3000 * 50 + 2 * SLAB_SIZE)
  })

  it('go on in fresh memory when one of them fills the slab before it flushes', () => {
    const slab = new Slab((length) => new Uint8Array(length))
    const [one, two] = [new Written({ slab }), new Written({ slab })]
    two.writer.text(0x81, 'early')
    for (let i = 0; i < 20; i++) one.writer.bytes(0x82, new Uint8Array(8000).fill(i))
    expect(slab.used).toBeLessThanOrEqual(SLAB_SIZE)
    expect(naiveDecode(two.flush()).map(({ payload }) => new TextDecoder().decode(payload))).toEqual(['early'])
    expect(fastSizes(one.flush())).toEqual(Array.from({ length: 20 }, () => 8000))
  })
})

describe('A transport that calls back while it is written to', () => {
  it('gets the frames it causes behind those that are being flushed (RFC 6455 5.4)', () => {
    const written = new Written()
    const got: Uint8Array[] = []
    const take = (bytes: Uint8Array): boolean => {
      got.push(bytes.slice())
      if (got.length === 1) {
        written.writer.bytes(0x8a, utf8('oooo'))
        written.writer.flush({ write: take })
      }
      return true
    }
    written.writer.bytes(0x82, new Uint8Array(9000).fill(1))
    written.writer.flush({ write: take })
    expect(fastSizes(concat(...got))).toEqual([9000, 4])
  })
})

function bound(written: Written): { writer: FrameWriter; flush: () => Uint8Array } {
  return { writer: written.writer, flush: () => written.flush() }
}

/** The naive encoder is slow by its nature; this one knows whole bytes. */
function naiveEncodeFast(payload: Uint8Array, key: Uint8Array | undefined, first = 0x82): Uint8Array {
  const { length } = payload
  const bit = key === undefined ? 0 : 0x80
  const head =
    length <= 125
      ? [first, bit | length]
      : length <= 65_535
        ? [first, bit | 126, length >> 8, length & 255]
        : [first, bit | 127, 0, 0, 0, 0, length >>> 24, (length >> 16) & 255, (length >> 8) & 255, length & 255]
  if (key === undefined) return concat(Uint8Array.from(head), payload)
  return concat(
    Uint8Array.from(head),
    key,
    payload.map((byte, i) => byte ^ key[i % 4]!),
  )
}

/** The payload lengths of frames, each checked to be filled with one byte alone. */
function fastSizes(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const sizes: number[] = []
  for (let at = 0; at < bytes.length;) {
    const masked = (bytes[at + 1]! & 0x80) !== 0
    let length = bytes[at + 1]! & 0x7f
    at += 2
    if (length === 126) {
      length = view.getUint16(at)
      at += 2
    } else if (length === 127) {
      length = Number(view.getBigUint64(at))
      at += 8
    }
    const key = masked ? bytes.subarray(at, at + 4) : new Uint8Array(4)
    if (masked) at += 4
    const payload = bytes.subarray(at, at + length).map((byte, i) => byte ^ key[i & 3]!)
    if (payload.some((byte) => byte !== payload[0])) throw new Error(`payload of ${length} bytes is mixed up`)
    sizes.push(payload.length)
    at += length
  }
  return sizes
}
