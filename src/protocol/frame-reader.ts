/**
 * Bytes in, headers and unmasked payload parts out: the reading half of RFC 6455 5.2 and 5.3. What lies whole in a chunk is
 * decoded and unmasked where it lies; only a header that is split is carried over.
 */
import {
  createFrameHeader,
  decodeFrameHeader,
  headerLengthOf,
  MAX_HEADER_LENGTH,
  type FrameHeader,
} from './frame-header.ts'
import { applyMask, rotateMaskKey } from './mask.ts'

/** Who listens to a reader. Both calls answer whether to go on; after `false` the reader stops where it is. */
export interface FrameSink {
  /** A header is complete; it is valid during this call only. After `false` the reader goes on with the payload when it is asked to. */
  frameHeader(header: FrameHeader): boolean
  /** `chunk[start, end)` is payload, unmasked; `last` tells that the frame ends with it. Empty frames come as one empty part. */
  framePayload(chunk: Uint8Array, start: number, end: number, last: boolean): boolean
}

/** What the last header said. It is told before anything else is read, so one serves all readers. */
const header: FrameHeader = createFrameHeader()

/** Reads the frames of one direction of one connection: a machine with two states, in a header or in a payload. */
export class FrameReader {
  readonly #sink: FrameSink
  /** The beginning of a header that the last chunk broke off in; made when that first happens. */
  #carry: Uint8Array | undefined
  #carried = 0
  #inPayload = false
  /** Bytes of the current payload that are still to come. */
  #remaining = 0
  #isMasked = false
  /** The mask key, turned to where the payload goes on. */
  #maskKey = 0

  constructor(sink: FrameSink) {
    this.#sink = sink
  }

  /** Whether the next byte begins a frame. */
  get isBetweenFrames(): boolean {
    return !this.#inPayload && this.#carried === 0
  }

  /** Whether what comes next is payload, if it be none. */
  get isInPayload(): boolean {
    return this.#inPayload
  }

  /** Whether a frame without payload was left behind its header: all of it is there, and it was not told. */
  get holdsEmptyFrame(): boolean {
    return this.#inPayload && this.#remaining === 0
  }

  /** Whether a chunk holds bytes of one frame and nothing behind them. */
  isWithinOneFrame(chunk: Uint8Array): boolean {
    if (this.#inPayload) return chunk.length <= this.#remaining
    if (this.#carried > 0 || chunk.length < 2 || chunk.length < headerLengthOf(chunk[1]!)) return false
    return chunk.length <= decodeFrameHeader(chunk, 0, header) + header.payloadLength
  }

  /** Read on in `chunk` from `from`; answer where it stopped: at the end, unless the sink said so before. */
  read(chunk: Uint8Array, from: number): number {
    const end = chunk.length
    let at = from
    // A frame without payload may have been left behind its header.
    while (at < end || (this.#inPayload && this.#remaining === 0)) {
      if (!this.#inPayload) {
        at = this.#readHeader(chunk, at)
        if (!this.#inPayload) return at // the chunk broke off in the header
        if (!this.#sink.frameHeader(header)) return at
      }
      const available = end - at
      const last = this.#remaining <= available
      const partEnd = last ? at + this.#remaining : end
      if (partEnd === at && !last) return at // the chunk ended with the header
      if (this.#isMasked) applyMask(chunk, at, partEnd, this.#maskKey)
      if (last) {
        this.#inPayload = false
      } else {
        this.#remaining -= available
        this.#maskKey = rotateMaskKey(this.#maskKey, available)
      }
      const start = at
      at = partEnd
      if (!this.#sink.framePayload(chunk, start, partEnd, last)) return at
    }
    return at
  }

  /** Decode the header that begins or goes on at `at`, if it ends in this chunk; answer how far it got. */
  #readHeader(chunk: Uint8Array, at: number): number {
    if (this.#carried > 0) return this.#readSplitHeader(chunk, at)
    const available = chunk.length - at
    if (available < 2 || available < headerLengthOf(chunk[at + 1]!)) return this.#carryOver(chunk, at)
    const payloadStart = decodeFrameHeader(chunk, at, header)
    this.#beginPayload()
    return payloadStart
  }

  #beginPayload(): void {
    this.#inPayload = true
    this.#remaining = header.payloadLength
    this.#isMasked = header.masked
    this.#maskKey = header.maskKey
  }

  #carryOver(chunk: Uint8Array, at: number): number {
    this.#carry ??= new Uint8Array(MAX_HEADER_LENGTH)
    this.#carry.set(chunk.subarray(at))
    this.#carried = chunk.length - at
    return chunk.length
  }

  #readSplitHeader(chunk: Uint8Array, from: number): number {
    const carry = this.#carry!
    let at = from
    while (this.#carried < 2 || this.#carried < headerLengthOf(carry[1]!)) {
      if (at === chunk.length) return at
      carry[this.#carried++] = chunk[at++]!
    }
    this.#carried = 0
    decodeFrameHeader(carry, 0, header)
    this.#beginPayload()
    return at
  }
}
