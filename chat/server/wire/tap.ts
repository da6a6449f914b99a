/**
 * Records the frames of one chat connection for the page that owns it. Bytes come from the TCP stream; what a compressed
 * message said comes from the application, which knows every message in its order, so that nothing is inflated twice.
 */
import { encodeRecord, RecordDirection, RecordKind, WIRE_LIMITS, type WireRecord } from '../../protocol/index.ts'
import { FrameSplitter, type SplitFrame } from './frame-splitter.ts'
import { redactMessage } from './redaction.ts'

/** Opcodes from here on are control frames. RFC 6455 5.5. */
const FIRST_CONTROL_OPCODE = 8
const STAR = 0x2a

export interface WireCounters {
  bytesIn: number
  bytesOut: number
  framesIn: number
  framesOut: number
  payloadIn: number
  payloadOut: number
  plainIn: number
  plainOut: number
}

export interface TapListener {
  record(record: Uint8Array<ArrayBuffer>): void
}

/** The data messages of one direction: their frames, waiting for what they said. */
interface Lane {
  readonly splitter: FrameSplitter
  /** Frames of messages whose text is not known yet; the last frame of each has `fin`. */
  readonly frames: { frame: SplitFrame; number: number; time: number }[]
  /** Texts of messages whose frames have not been seen yet. */
  readonly texts: (string | Uint8Array)[]
}

export class WireTap {
  readonly counters: WireCounters = {
    bytesIn: 0,
    bytesOut: 0,
    framesIn: 0,
    framesOut: 0,
    payloadIn: 0,
    payloadOut: 0,
    plainIn: 0,
    plainOut: 0,
  }
  readonly lost = { records: 0, bytes: 0 }
  #number = 0
  #listener: TapListener | undefined
  #kept: Uint8Array<ArrayBuffer>[] = []
  #keptBytes = 0
  readonly #in: Lane = this.#lane(RecordDirection.in)
  readonly #out: Lane = this.#lane(RecordDirection.out)

  /** Bytes that the peer has sent, before anybody unmasks them. */
  bytesIn(chunk: Uint8Array): void {
    this.counters.bytesIn += chunk.length
    this.#in.splitter.push(chunk)
  }

  bytesOut(chunk: Uint8Array): void {
    this.counters.bytesOut += chunk.length
    this.#out.splitter.push(chunk)
  }

  /** A message has come from the peer. */
  messageIn(message: string | Uint8Array): void {
    this.counters.plainIn += byteLength(message)
    this.#in.texts.push(message)
    this.#settle(this.#in, RecordDirection.in)
  }

  /** A message was given to send. */
  messageOut(message: string | Uint8Array): void {
    this.counters.plainOut += byteLength(message)
    this.#out.texts.push(message)
    this.#settle(this.#out, RecordDirection.out)
  }

  /** The connection is over: what will never be a whole message is shown as it is, without its payload. */
  end(): void {
    for (const [lane, direction] of [
      [this.#in, RecordDirection.in],
      [this.#out, RecordDirection.out],
    ] as const) {
      for (const waiting of lane.frames.splice(0)) this.#frame(waiting, direction, '')
    }
  }

  /** Hand everything kept, and everything that comes, to one listener. */
  listen(listener: TapListener): void {
    for (const record of this.#kept) listener.record(record)
    this.#kept = []
    this.#keptBytes = 0
    this.#listener = listener
  }

  unlisten(listener: TapListener): void {
    if (this.#listener === listener) this.#listener = undefined
  }

  #lane(direction: WireRecord['direction']): Lane {
    const splitter = new FrameSplitter(WIRE_LIMITS.recordBytes, (frame) => this.#split(frame, direction))
    return { splitter, frames: [], texts: [] }
  }

  #split(frame: SplitFrame, direction: WireRecord['direction']): void {
    const isIn = direction === RecordDirection.in
    this.counters[isIn ? 'framesIn' : 'framesOut'] += 1
    const waiting = { frame, number: (this.#number += 1), time: performance.timeOrigin + performance.now() }
    if (frame.opcode >= FIRST_CONTROL_OPCODE) return this.#frame(waiting, direction, undefined)
    this.counters[isIn ? 'payloadIn' : 'payloadOut'] += frame.payloadLength
    const lane = isIn ? this.#in : this.#out
    lane.frames.push(waiting)
    this.#settle(lane, direction)
  }

  /** Record the messages of which both frames and text are known. */
  #settle(lane: Lane, direction: WireRecord['direction']): void {
    for (;;) {
      const last = lane.frames.findIndex(({ frame }) => frame.fin)
      if (last === -1 || lane.texts.length === 0) return
      const message = lane.texts.shift()!
      const frames = lane.frames.splice(0, last + 1)
      const text = typeof message === 'string' ? message : undefined
      const shown = text === undefined ? undefined : redactMessage(text)
      const redacted = shown !== text
      const compressed = frames[0]!.frame.compressed
      for (const waiting of frames) {
        // One plain frame can keep its text with stars in it; anything else loses its whole payload.
        const replacement = redacted ? (frames.length === 1 && !compressed ? shown : '') : undefined
        this.#frame(waiting, direction, replacement)
      }
      if (!compressed) continue
      const bytes = shown === undefined ? (message as Uint8Array) : new TextEncoder().encode(shown)
      const cut = bytes.length > WIRE_LIMITS.recordBytes
      const { number: ref, time } = frames.at(-1)!
      this.#record({
        kind: RecordKind.plain,
        direction,
        redacted,
        cut,
        number: ref,
        ref,
        time,
        bytes: cut ? bytes.subarray(0, WIRE_LIMITS.recordBytes) : bytes,
      })
    }
  }

  /** Record a frame. `replacement` stands for a payload with a secret: stars where it is the empty string. */
  #frame(
    { frame, number, time }: Lane['frames'][number],
    direction: WireRecord['direction'],
    replacement: string | undefined,
  ): void {
    const { cut, headerLength } = frame
    const bytes = frame.bytes
    if (replacement !== undefined) {
      const payload = bytes.subarray(headerLength)
      const text = new TextEncoder().encode(replacement)
      if (text.length === payload.length) payload.set(text)
      else payload.fill(STAR)
      const key = frame.maskKey
      if (key !== undefined) for (let i = 0; i < payload.length; i += 1) payload[i]! ^= key[i & 3]!
    }
    this.#record({
      kind: RecordKind.frame,
      direction,
      redacted: replacement !== undefined,
      cut,
      number,
      ref: 0,
      time,
      bytes,
    })
  }

  #record(record: WireRecord): void {
    const bytes = encodeRecord(record)
    if (this.#listener !== undefined) return this.#listener.record(bytes)
    this.#kept.push(bytes)
    this.#keptBytes += bytes.length
    while (this.#keptBytes > WIRE_LIMITS.keptBytes && this.#kept.length > 1) {
      const gone = this.#kept.shift()!
      this.#keptBytes -= gone.length
      this.lost.records += 1
      this.lost.bytes += gone.length
    }
  }
}

function byteLength(message: string | Uint8Array): number {
  return typeof message === 'string' ? Buffer.byteLength(message) : message.length
}
