import { describe, expect, it } from 'vitest'
import { RecordDirection, RecordKind, type WireRecord } from '../../protocol/wire.ts'
import { acceptSteps, plainSha1 } from '../../web/src/wire/accept-steps.ts'
import { dissectFrame, fromHex, toHex, toText } from '../../web/src/wire/frame-fields.ts'
import { joinPayloads, matchesFilter, messageBytes, WIRE_FRAMES_MOST, WireLog } from '../../web/src/wire/wire-log.ts'

const hex = (text: string): Uint8Array => fromHex(text)!
const record = (number: number, bytes: string, more: Partial<WireRecord> = {}): WireRecord => ({
  kind: RecordKind.frame,
  direction: RecordDirection.in,
  redacted: false,
  cut: false,
  number,
  ref: 0,
  time: 1000 + number,
  bytes: hex(bytes),
  ...more,
})
const lastFrame = (log: WireLog) => {
  const item = log.items.at(-1)
  if (item?.kind !== 'frame') throw new Error('no frame')
  return item
}

describe('the proof of the handshake (RFC 6455 4.2.2)', () => {
  it('computes the example of RFC 6455 1.3 step by step', async () => {
    const steps = await acceptSteps('dGhlIHNhbXBsZSBub25jZQ==')
    expect(steps.keyBytes).toBe(16)
    expect(steps.concatenated).toBe('dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11')
    expect(toHex(steps.digest)).toBe('b3 7a 4f 2c c0 62 4f 16 90 f6 46 06 cf 38 59 45 b2 be c4 ea')
    expect(steps.accept).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
  })

  it('has a SHA-1 of its own for pages without crypto.subtle', async () => {
    for (const length of [0, 1, 55, 56, 63, 64, 65, 119, 120, 1000]) {
      const bytes = Uint8Array.from({ length }, (_, index) => index * 7)
      expect(plainSha1(bytes)).toEqual(new Uint8Array(await crypto.subtle.digest('SHA-1', bytes)))
    }
  })
})

describe('a frame taken apart (RFC 6455 5.2, 5.7)', () => {
  it('finds every field of a masked text frame', () => {
    const frame = dissectFrame(hex('81 85 37 fa 21 3d 7f 9f 4d 51 58'))!
    expect(frame.fields.map(({ name, start, bits, value }) => [name, start, bits, value])).toEqual([
      ['FIN', 0, 1, '1'],
      ['RSV1', 1, 1, '0'],
      ['RSV2', 2, 1, '0'],
      ['RSV3', 3, 1, '0'],
      ['opcode', 4, 4, 'text'],
      ['MASK', 8, 1, '1'],
      ['length', 9, 7, '5'],
      ['key', 16, 32, '37 fa 21 3d'],
      ['payload', 48, 40, ''],
    ])
    expect(toText(frame.payload)).toBe('Hello')
    expect(toHex(frame.wirePayload)).toBe('7f 9f 4d 51 58')
  })

  it('finds the extended lengths', () => {
    const short = dissectFrame(hex('82 7e 01 00'))!
    expect(short.fields.find(({ name }) => name === 'extended')).toMatchObject({ start: 16, bits: 16, value: '256' })
    expect(short.missing).toBe(256)
    const long = dissectFrame(hex('82 7f 00 00 00 00 00 01 00 00'))!
    expect(long.fields.find(({ name }) => name === 'extended')).toMatchObject({ start: 16, bits: 64, value: '65536' })
  })

  it('does not take an unfinished header for a frame', () => {
    for (const cut of ['', '81', '81 fe 00', '81 85 37 fa 21']) expect(dissectFrame(hex(cut))).toBeUndefined()
  })
})

describe('WireLog', () => {
  it('joins the fragments of a message, with a ping between them (RFC 6455 5.4)', () => {
    const log = new WireLog()
    log.add(record(1, '01 83 00 00 00 00 48 65 6c'))
    const { message } = lastFrame(log)
    expect(message.isComplete).toBe(false)
    log.add(record(2, '89 80 00 00 00 00'))
    log.add(record(3, '80 82 00 00 00 00 6c 6f'))
    expect(message.isComplete).toBe(true)
    expect(message.frames.map(({ number }) => number)).toEqual([1, 3])
    expect(toText(joinPayloads(message))).toBe('Hello')
    expect(lastFrame(log).message).toBe(message)
  })

  it('keeps both directions apart', () => {
    const log = new WireLog()
    log.add(record(1, '01 01 61'))
    log.add(record(2, '81 01 62', { direction: RecordDirection.out }))
    log.add(record(3, '80 01 63'))
    expect(toText(messageBytes(lastFrame(log).message)!)).toBe('ac')
  })

  it('shows a compressed message by what the server inflated (RFC 7692)', () => {
    const log = new WireLog()
    log.add(record(1, 'c1 07 f2 48 cd c9 c9 07 00'))
    const { message } = lastFrame(log)
    expect(message.isCompressed).toBe(true)
    expect(messageBytes(message)).toBeUndefined()
    log.add(record(0, '48 65 6c 6c 6f', { kind: RecordKind.plain, ref: 1 }))
    expect(toText(messageBytes(message)!)).toBe('Hello')
  })

  it('filters by kind, direction and text', () => {
    const log = new WireLog()
    log.add(record(1, '81 05 48 65 6c 6c 6f'))
    log.add(record(2, '82 01 00', { direction: RecordDirection.out }))
    log.add(record(3, '88 02 03 e8'))
    const numbers = (kind: 'all' | 'text' | 'binary' | 'control', direction: 'both' | 'in' | 'out', text = '') =>
      log.items
        .filter((item) => matchesFilter(item, { kind, direction, text }))
        .map((item) => item.kind === 'frame' && item.number)
    expect(numbers('all', 'both')).toEqual([1, 2, 3])
    expect(numbers('text', 'both')).toEqual([1])
    expect(numbers('binary', 'both')).toEqual([2])
    expect(numbers('control', 'both')).toEqual([3])
    expect(numbers('all', 'out')).toEqual([2])
    expect(numbers('all', 'both', 'hELL')).toEqual([1])
  })

  it(`keeps the newest ${WIRE_FRAMES_MOST} frames`, () => {
    const log = new WireLog()
    for (let number = 1; number <= WIRE_FRAMES_MOST + 5; number++) log.add(record(number, '81 00'))
    expect(log.items).toHaveLength(WIRE_FRAMES_MOST)
    expect(lastFrame(log).number).toBe(WIRE_FRAMES_MOST + 5)
  })

  it('takes every frame once when the tap is opened again', () => {
    const log = new WireLog()
    for (let round = 0; round < 2; round++) {
      log.begin('c1', 'first', 1)
      for (const number of [1, 2]) log.add(record(number, '81 00'))
    }
    log.add(record(3, '81 00'))
    expect(log.items.map((item) => (item.kind === 'frame' ? item.number : item.kind))).toEqual(['begin', 1, 2, 3])
  })

  it('counts the frames of the next connection anew', () => {
    const log = new WireLog()
    log.begin('c1', 'first', 1)
    log.add(record(1, '81 00'))
    log.end('1006', 2)
    log.begin('c2', 'second', 3)
    log.add(record(1, '81 00'))
    expect(new Set(log.items.map(({ key }) => key)).size).toBe(5)
    expect(log.items.map(({ kind }) => kind)).toEqual(['begin', 'frame', 'end', 'begin', 'frame'])
  })
})
