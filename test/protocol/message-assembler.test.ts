import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FrameReader } from '../../src/protocol/frame-reader.ts'
import { MessageAssembler, type AssemblerOptions } from '../../src/protocol/message-assembler.ts'
import { plainTextCodec } from '../../src/protocol/text-codec.ts'
import { concat, cutAt, hex, toHex, utf8 } from '../support/hex.ts'
import { naiveAssemble, naiveEncode, naiveIsUtf8, naiveIsUtf8Prefix, type NaiveFrame } from '../support/naive.ts'

/** Reads bytes, and tells what came of them, one line each. */
function assembling(options: Partial<AssemblerOptions> = {}): {
  lines: string[]
  read: (bytes: Uint8Array) => boolean
} {
  const lines: string[] = []
  const note = (line: string): boolean => lines.push(line.trim()) > 0
  let isBroken = false
  const assembler = new MessageAssembler(
    {
      isServer: false,
      maxPayload: 1 << 24,
      maxFragments: 1 << 20,
      partsFrom: Number.MAX_SAFE_INTEGER,
      textAsBytes: false,
      codec: plainTextCodec,
      allocate: (length) => new Uint8Array(length),
      ...options,
    },
    {
      message: (message, isText) =>
        note(`${isText ? 'text' : 'binary'} ${toHex(typeof message === 'string' ? utf8(message) : message)}`),
      encoded: (payload, isText) => note(`encoded ${isText ? 'text' : 'binary'} ${toHex(payload)}`),
      part: (bytes, { isText, isEncoded, final }) =>
        note(`part ${isEncoded ? 'encoded ' : ''}${isText ? 'text' : 'binary'}${final ? '. ' : ' '}${toHex(bytes)}`),
      control: (opcode, payload) => note(`control ${opcode} ${toHex(payload)}`),
      violation: ({ id }, seen) => {
        isBroken = true
        note(`${id}: ${seen}`)
      },
    },
    0x20,
  )
  const reader = new FrameReader(assembler)
  return {
    lines,
    read: (bytes) => {
      if (!isBroken) reader.read(bytes, 0)
      return !isBroken
    },
  }
}

function frame(opcode: number, payload: Uint8Array | string, { fin = true, rsv = 0 } = {}): Uint8Array {
  return naiveEncode({ fin, rsv, opcode, payload: typeof payload === 'string' ? utf8(payload) : payload })
}

/** A message cut into frames, with control frames between them. */
const message = fc
  .record({
    isText: fc.boolean(),
    text: fc.string({ unit: 'grapheme', maxLength: 80 }),
    cuts: fc.array(fc.nat(100), { maxLength: 4 }),
    control: fc.option(fc.record({ opcode: fc.constantFrom(9, 10), payload: fc.uint8Array({ maxLength: 5 }) })),
  })
  .map(({ isText, text, cuts, control }): NaiveFrame[] => {
    const payload = utf8(text)
    const places = [0, ...cuts.map((cut) => Math.min(cut, payload.length)).toSorted((a, b) => a - b), payload.length]
    const frames = places.slice(1).map((end, i) => ({
      fin: i === places.length - 2,
      rsv: 0,
      opcode: i > 0 ? 0 : isText ? 1 : 2,
      payload: payload.slice(places[i], end),
    }))
    if (control === null) return frames
    return [frames[0]!, { fin: true, rsv: 0, ...control }, ...frames.slice(1)]
  })

describe('Messages out of frames', () => {
  it('are what the naive assembler gives, cut into any chunks (RFC 6455 5.4)', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 5 }), fc.array(fc.nat(500)), (list, places) => {
        const frames = list.flat()
        const bytes = concat(...frames.map(naiveEncode))
        const { lines, read } = assembling()
        for (const chunk of cutAt(
          bytes,
          places.filter((place) => place < bytes.length),
        ))
          read(chunk)
        const names: Record<number, string> = { 1: 'text', 2: 'binary', 9: 'control 9', 10: 'control 10' }
        expect(lines).toEqual(
          naiveAssemble(frames).map(({ opcode, payload }) => `${names[opcode]} ${toHex(payload)}`.trim()),
        )
      }),
    )
  })

  it('fail at the first byte that cannot be text, in chunks of one byte (RFC 6455 8.1)', () => {
    const bytes = fc.array(fc.constantFrom(...hex('41 80 bf c2 e0 a0 e2 82 ac ed 9f f0 90 f4 8f ff')), { maxLength: 8 })
    fc.assert(
      fc.property(bytes, fc.nat(8), (list, cut) => {
        const payload = Uint8Array.from(list)
        const place = Math.min(cut, payload.length)
        const { lines, read } = assembling()
        read(frame(1, payload.slice(0, place), { fin: false }))
        const header = naiveEncode({ fin: true, rsv: 0, opcode: 0, payload: payload.slice(place) }).slice(0, 2)
        const isFirstGood = naiveIsUtf8Prefix(payload.slice(0, place))
        expect(read(header)).toBe(place === payload.length ? naiveIsUtf8(payload) : isFirstGood)
        for (let at = place; at < payload.length; at++) {
          const isLast = at === payload.length - 1
          const isGood = isLast ? naiveIsUtf8(payload) : naiveIsUtf8Prefix(payload.slice(0, at + 1))
          expect(read(payload.slice(at, at + 1))).toBe(isGood)
          if (!isGood) break
        }
        if (naiveIsUtf8(payload)) expect(lines).toEqual([`text ${toHex(payload)}`.trim()])
        else expect(lines.length).toBe(1)
      }),
      { numRuns: 500 },
    )
  })

  it('check long text in one go, and characters cut by its chunks with care (RFC 6455 8.1)', () => {
    const text = utf8('aé€😀'.repeat(100))
    for (let cut = 60; cut < 80; cut++) {
      const { lines, read } = assembling()
      read(frame(1, text.slice(0, cut), { fin: false }))
      read(frame(0, text.slice(cut, cut + 300), { fin: false }))
      read(frame(0, text.slice(cut + 300)))
      expect(lines).toEqual([`text ${toHex(text)}`])
      for (const at of [0, 64, 299]) {
        const bad = text.slice(cut, cut + 300)
        bad[at] = 0xff
        const other = assembling()
        other.read(frame(1, text.slice(0, cut), { fin: false }))
        expect(other.read(frame(0, bad, { fin: false }))).toBe(false)
        expect(other.lines).toEqual(['text-not-utf8: text message with a byte that cannot be UTF-8'])
      }
    }
  })

  it('tell what was seen when a rule is broken (RFC 6455 5.2, 10.4)', () => {
    const broken = (bytes: Uint8Array, options: Partial<AssemblerOptions> = {}): string[] => {
      const { lines, read } = assembling(options)
      read(bytes)
      return lines
    }
    expect(broken(hex('93 05'))).toEqual([
      'reserved-opcode: frame with FIN 1, RSV 001, opcode 3, not masked, payload of 5 bytes',
    ])
    expect(broken(hex('01 85 01 02 03 04'))).toEqual([
      'masked-from-server: frame with FIN 0, RSV 000, opcode 1, masked, payload of 5 bytes',
    ])
    expect(broken(hex('82 05'), { maxPayload: 4 })).toEqual([
      'message-too-big: message of at least 5 bytes, at most 4 allowed',
    ])
    expect(broken(hex('02 00 00 00 00 00'), { maxFragments: 2 })).toEqual([
      'too-many-fragments: message of more than 2 fragments',
    ])
    expect(broken(hex('81 01 ff'))).toEqual(['text-not-utf8: text message that is not UTF-8'])
    expect(broken(hex('01 01 c3 80 00'))).toEqual(['text-not-utf8: text message that ends inside a character'])
  })

  it('that carry the bits of an extension come as they are, whole or in fragments (RFC 6455 5.2)', () => {
    const { lines, read } = assembling()
    read(frame(1, hex('ff fe'), { rsv: 2 }))
    read(frame(2, hex('ff'), { fin: false, rsv: 2 }))
    read(frame(0, hex('fe')))
    read(frame(1, hex('c3 a9')))
    expect(lines).toEqual(['encoded text ff fe', 'encoded binary ff fe', 'text c3 a9'])
  })

  it('that are too big to be collected come in parts, what was collected with the first (RFC 6455 5.4)', () => {
    const { lines, read } = assembling({ partsFrom: 4 })
    read(frame(2, hex('01 02'), { fin: false }))
    read(frame(0, hex(''), { fin: false }))
    read(frame(0, hex('03 04 05'), { fin: false }))
    read(frame(0, hex(''), { fin: false }))
    read(frame(0, hex('')))
    read(frame(2, hex('01 02 03 04')))
    read(frame(1, hex('01 02 03 04 05'), { rsv: 2 }))
    expect(lines).toEqual([
      'part binary 01 02 03 04 05',
      'part binary.',
      'binary 01 02 03 04',
      'part encoded text. 01 02 03 04 05',
    ])
  })

  it('hand text over as bytes where asked, checked all the same (RFC 6455 8.1)', () => {
    const { lines, read } = assembling({ textAsBytes: true })
    read(frame(1, 'é'))
    read(frame(1, hex('c3'), { fin: false }))
    read(frame(0, hex('a9')))
    read(frame(1, hex('c3')))
    expect(lines).toEqual(['text c3 a9', 'text c3 a9', 'text-not-utf8: text message that is not UTF-8'])
  })

  it('take control frames in pieces, inside a message in pieces (RFC 6455 5.5)', () => {
    const { lines, read } = assembling()
    for (const byte of concat(
      frame(2, 'ab', { fin: false }),
      frame(9, hex('01 02 03')),
      frame(10, ''),
      frame(0, 'c'),
    )) {
      read(Uint8Array.of(byte))
    }
    expect(lines).toEqual(['control 9 01 02 03', 'control 10', 'binary 61 62 63'])
  })
})
