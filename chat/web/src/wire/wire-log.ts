/**
 * What crossed the wire, put in order: frames taken apart, the fragments of a message joined, the inflated bytes beside the
 * deflated ones. It holds a bounded number of frames; the oldest go first.
 */
import { RecordDirection, RecordKind, type WireRecord } from '../../../protocol/wire.ts'
import { isControl, Opcode, RSV1_BIT } from './codec.ts'
import { dissectFrame, type DissectedFrame } from './frame-fields.ts'

export interface WireFrame {
  readonly kind: 'frame'
  readonly key: string
  /** As the server counts, over both directions. */
  readonly number: number
  readonly direction: 'in' | 'out'
  /** Milliseconds since the epoch. */
  readonly time: number
  readonly bytes: Uint8Array
  readonly isRedacted: boolean
  readonly isCut: boolean
  readonly frame: DissectedFrame
  /** The message it belongs to; control frames are messages of their own. */
  readonly message: WireMessage
}

/** A connection began or ended. */
export interface WireMark {
  readonly kind: 'begin' | 'end'
  readonly key: string
  readonly time: number
  readonly text: string
}

export interface WireMessage {
  /** text, binary, or the control opcode. */
  readonly opcode: number
  readonly isCompressed: boolean
  readonly frames: WireFrame[]
  isComplete: boolean
  /** The message after inflating, as the server saw it. */
  plain: Uint8Array | undefined
}

export type WireItem = WireFrame | WireMark

/** More frames than this are not kept. */
export const WIRE_FRAMES_MOST = 1500

export class WireLog {
  items: readonly WireItem[] = []
  /** Records the server could not keep for us. */
  lost = 0
  #conn = ''
  #lastNumber = 0
  #generation = 0
  #open: { in?: WireMessage; out?: WireMessage } = {}

  /** This connection is looked at from now on; the one that was already goes on where it stood. */
  begin(conn: string, text: string, time: number): void {
    if (conn === this.#conn) return
    this.#conn = conn
    this.#lastNumber = 0
    this.#generation++
    this.#open = {}
    this.#push({ kind: 'begin', key: `begin-${this.#generation}`, time, text })
  }

  /** It has ended. */
  end(text: string, time: number): void {
    this.#push({ kind: 'end', key: `end-${this.#generation}-${time}`, time, text })
  }

  add(record: WireRecord): void {
    if (record.kind === RecordKind.plain) return this.#addPlain(record)
    const frame = dissectFrame(record.bytes)
    // A tap that was cut and opened again tells from the beginning.
    if (frame === undefined || record.number <= this.#lastNumber) return
    this.#lastNumber = record.number
    const direction = record.direction === RecordDirection.in ? 'in' : 'out'
    const message = this.#messageOf(direction, frame)
    const item: WireFrame = {
      kind: 'frame',
      key: `${this.#generation}-${record.number}`,
      number: record.number,
      direction,
      time: record.time,
      bytes: record.bytes,
      isRedacted: record.redacted,
      isCut: record.cut,
      frame,
      message,
    }
    message.frames.push(item)
    if (frame.header.fin) message.isComplete = true
    this.#push(item)
  }

  clear(): void {
    this.items = []
    this.lost = 0
  }

  /** RFC 6455 5.4: a continuation belongs to the message that is open; control frames may stand between. */
  #messageOf(direction: 'in' | 'out', { header }: DissectedFrame): WireMessage {
    const open = this.#open[direction]
    if (header.opcode === Opcode.Continuation && open !== undefined) {
      if (header.fin) delete this.#open[direction]
      return open
    }
    const isCompressed = (header.rsv & RSV1_BIT) !== 0
    const message = { opcode: header.opcode, isCompressed, frames: [], isComplete: false, plain: undefined }
    if (!header.fin && !isControl(header.opcode)) this.#open[direction] = message
    return message
  }

  #addPlain(record: WireRecord): void {
    const last = this.items.findLast((item) => item.kind === 'frame' && item.number === record.ref)
    if (last?.kind !== 'frame') return
    last.message.plain = record.bytes
    this.items = [...this.items]
  }

  #push(item: WireItem): void {
    const kept = this.items.length >= WIRE_FRAMES_MOST ? this.items.slice(-WIRE_FRAMES_MOST + 1) : this.items
    this.items = [...kept, item]
  }
}

/** The bytes of a message as the application sees them, joined from its fragments; undefined while they are compressed. */
export function messageBytes(message: WireMessage): Uint8Array | undefined {
  if (message.plain !== undefined) return message.plain
  if (message.isCompressed) return undefined
  return joinPayloads(message)
}

/** The payloads of all fragments, unmasked, one behind the other. */
export function joinPayloads(message: WireMessage): Uint8Array {
  const length = message.frames.reduce((sum, { frame }) => sum + frame.payload.length, 0)
  const joined = new Uint8Array(length)
  let at = 0
  for (const { frame } of message.frames) {
    joined.set(frame.payload, at)
    at += frame.payload.length
  }
  return joined
}

export interface FrameFilter {
  readonly kind: 'all' | 'text' | 'binary' | 'control'
  readonly direction: 'both' | 'in' | 'out'
  /** Found in the text of the message, in any case. */
  readonly text: string
}

export function matchesFilter(item: WireItem, filter: FrameFilter): boolean {
  if (item.kind !== 'frame') return filter.text === ''
  if (filter.direction !== 'both' && item.direction !== filter.direction) return false
  const control = isControl(item.message.opcode)
  if (filter.kind === 'control' && !control) return false
  if (filter.kind === 'text' && item.message.opcode !== Opcode.Text) return false
  if (filter.kind === 'binary' && item.message.opcode !== Opcode.Binary) return false
  if (filter.text === '') return true
  const bytes = messageBytes(item.message)
  const text = bytes === undefined ? '' : new TextDecoder().decode(bytes)
  return text.toLowerCase().includes(filter.text.toLowerCase())
}
