import { constants, deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { buildFrames, joinBytes, splitFrames } from '../../web/src/study/build-frames.ts'
import { conversations, replay } from '../../web/src/study/conversations.ts'
import { deflateMessage, inflateMessage } from '../../web/src/study/inflate.ts'
import { receiveAll } from '../../web/src/study/receive.ts'
import { ProtocolError } from '../../web/src/wire/codec.ts'
import { dissectFrame, fromHex, toHex, toText } from '../../web/src/wire/frame-fields.ts'

const hex = (text: string): Uint8Array<ArrayBuffer> => fromHex(text)!
const ascii = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)
const kinds = (happened: { kind: string }[]): string => happened.map(({ kind }) => kind).join(' ')

/** What a sender puts on the wire: RFC 7692 7.2.1. */
function deflateAsSender(bytes: Uint8Array, level: number): Uint8Array {
  return deflateRawSync(bytes, { level, finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
}

describe('inflateMessage (RFC 1951, RFC 7692 7.2)', () => {
  it('reads the examples of RFC 7692 7.2.3', () => {
    for (const example of [
      'f2 48 cd c9 c9 07 00',
      '00 05 00 fa ff 48 65 6c 6c 6f 00',
      'f3 48 cd c9 c9 07 00 00',
      'f2 48 05 00 00 00 ff ff ca c9 c9 07 00',
    ]) {
      expect(toText(inflateMessage(hex(example), 100))).toBe('Hello')
    }
  })

  it('reads what zlib writes, at every level', () => {
    const texts = fc.oneof(
      fc.uint8Array({ maxLength: 3000 }),
      fc.string({ maxLength: 400 }).map((text) => ascii(text.repeat(7))),
    )
    fc.assert(
      fc.property(texts, fc.constantFrom(0, 1, 6, 9), (bytes, level) => {
        expect(inflateMessage(deflateAsSender(bytes, level), 10_000)).toEqual(Uint8Array.from(bytes))
      }),
      { numRuns: 60 },
    )
  })

  it('reads what the browser writes', async () => {
    const bytes = ascii('the browser and the server '.repeat(40))
    expect(inflateMessage(await deflateMessage(bytes), 5000)).toEqual(bytes)
    expect(inflateMessage(await deflateMessage(new Uint8Array()), 5000)).toEqual(new Uint8Array())
  })

  it('stops at the limit and at nonsense, whatever comes', () => {
    expect(() => inflateMessage(deflateAsSender(new Uint8Array(5000), 9), 4999)).toThrow('more than 4999 bytes')
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          expect(inflateMessage(bytes, 5000).length).toBeLessThanOrEqual(5000)
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError)
        }
      }),
    )
  })
})

describe('buildFrames', () => {
  const plan = {
    opcode: 1,
    payload: ascii('Hello'),
    isCompressed: false,
    fragments: 1,
    maskKey: () => 0x37fa213d,
  } as const

  it('writes the masked text of RFC 6455 5.7, and the fragmented one', () => {
    expect(buildFrames(plan).map((frame) => toHex(frame))).toEqual(['81 85 37 fa 21 3d 7f 9f 4d 51 58'])
    const two = buildFrames({ ...plan, payload: ascii('Helo'), fragments: 2, maskKey: undefined })
    expect(two.map((frame) => toHex(frame))).toEqual(['01 02 48 65', '80 02 6c 6f'])
  })

  it('makes frames that any endpoint of the other side takes back to the same message', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 700 }),
        fc.integer({ min: 1, max: 4 }),
        fc.boolean(),
        (payload, fragments, masked) => {
          const frames = buildFrames({
            ...plan,
            opcode: 2,
            payload,
            fragments,
            maskKey: masked ? () => 0xfeedbeef : undefined,
          })
          const { happened } = receiveAll(joinBytes(frames), { role: masked ? 'server' : 'client', deflate: false })
          expect(happened).toMatchObject([{ kind: 'message', isText: false, bytes: Uint8Array.from(payload) }])
          const split = splitFrames(joinBytes(frames), (rest) => {
            const frame = dissectFrame(rest)
            return frame && frame.headerLength + frame.header.payloadLength
          })
          expect(split).toEqual(frames)
        },
      ),
    )
  })
})

describe('receiveAll', () => {
  it('names the rule that each flipped header bit breaks', () => {
    const rules = Array.from({ length: 16 }, (_, bit) => {
      const bytes = hex('81 85 37 fa 21 3d 7f 9f 4d 51 58')
      bytes[bit >>> 3]! ^= 0x80 >>> (bit & 7)
      const { happened } = receiveAll(bytes, { role: 'server', deflate: false, letGo: true })
      const closed = happened.find(({ kind }) => kind === 'closed')
      const error = closed?.kind === 'closed' ? closed.outcome.error : undefined
      return error instanceof ProtocolError ? error.violation.id : 'none'
    })
    expect(rules).toEqual([
      'none', // FIN: the message is not finished
      'reserved-bits',
      'reserved-bits',
      'reserved-bits',
      'none', // 0x1 becomes 0x9: a ping
      'reserved-opcode',
      'reserved-opcode',
      'orphan-continuation',
      'unmasked-from-client',
      'none', // a longer frame: it waits for the rest
      'none',
      'none',
      'none',
      'unmasked-from-client', // a shorter one: what is left is read as a header
      'none',
      'none',
    ])
  })

  it('inflates when deflate was agreed, and takes RSV1 for a violation when not', async () => {
    const payload = await deflateMessage(ascii('squeeze '.repeat(20)))
    const [frame] = buildFrames({ opcode: 1, payload, isCompressed: true, fragments: 1, maskKey: () => 1 })
    expect(receiveAll(frame!, { role: 'server', deflate: true }).happened).toMatchObject([
      { text: 'squeeze '.repeat(20) },
    ])
    expect(kinds(receiveAll(frame!, { role: 'server', deflate: false, letGo: true }).happened)).toMatch(
      /write.*closed$/,
    )
  })
})

describe('the conversations to step through', () => {
  it('each end closed, and go through these states', () => {
    const states = conversations.map(
      ({ id, steps }) =>
        `${id}: ${replay({ id, steps }, steps.length)
          .map(({ state }) => state)
          .join(' ')}`,
    )
    expect(states).toEqual([
      'talk: open open open draining closed',
      'fragments: open open open open draining closed',
      'weClose: closing closing draining closed',
      'badUtf8: open open draining draining closed',
      'unmasked: open draining closed',
      'silence: closing closing closed',
    ])
  })

  it('deliver, answer and refuse what the RFC says', () => {
    const happenedIn = (id: string): string[] => {
      const conversation = conversations.find((one) => one.id === id)!
      return replay(conversation, conversation.steps.length).map(({ happened }) => kinds([...happened]))
    }
    expect(happenedIn('talk').slice(0, 3)).toEqual(['', 'message', 'write'])
    expect(happenedIn('fragments').slice(0, 4)).toEqual(['', 'ping write', '', 'message'])
    expect(happenedIn('weClose').slice(0, 2)).toEqual(['write', 'message'])
    expect(happenedIn('badUtf8').slice(0, 4)).toEqual(['', '', 'write end', ''])
  })
})
