/**
 * Headers and payloads in, bytes out: the writing half of RFC 6455 5.2 and 5.3. Frames gather here until they are flushed,
 * small ones encoded into one piece, large payloads by reference.
 */
import { encodeFrameHeader, encodeMaskKey, encodedHeaderLength, FIN_BIT, MAX_HEADER_LENGTH } from './frame-header.ts'
import { applyMask, releaseMaskView } from './mask.ts'
import { Opcode, type ControlCounter } from './opcode.ts'
import { copyOf, type Allocate } from './payload-buffer.ts'
import { SLAB_SIZE, type Slab } from './slab.ts'
import type { TextCodec } from './text-codec.ts'

/**
 * From this many bytes on a payload is not copied: two pieces in one `writev` cost less than the copy.
 */
const BY_REFERENCE_FROM = 8192

/** A UTF-16 unit takes at most three bytes of UTF-8. */
const UTF8_BYTES_PER_UNIT = 3

/**
 * Takes the bytes that are flushed; `more` tells that others follow at once. Answers `true` when the transport has taken
 * everything so far and will not read these bytes again.
 */
export interface WriteTarget {
  write(bytes: Uint8Array, more: boolean): boolean | void
}

export interface FrameWriterOptions {
  /**
   * Where mask keys come from, 32 unpredictable bits each; `undefined` at a server. RFC 6455 5.1: a
   * client MUST mask, a server MUST NOT; 5.3.
   */
  readonly randomMask: (() => number) | undefined
  readonly codec: TextCodec
  /** Counts the control frames. */
  readonly controlsOut?: ControlCounter | undefined
  readonly allocate: Allocate
  readonly slab: Slab
}

/** Encodes the frames of one direction of one connection, in the order they are given. */
export class FrameWriter {
  readonly #options: FrameWriterOptions
  /** Pieces that are complete, before the region that is open. */
  #pieces: Uint8Array[] | undefined
  /** The open region of the slab: these bytes from `#start` to `#end`. */
  #region: Uint8Array | undefined
  #start = 0
  #end = 0
  /** Regions begun in `#region` since the last flush. */
  #regions = 0
  #pending = 0
  #isFlushing = false

  constructor(options: FrameWriterOptions) {
    this.#options = options
  }

  /** Bytes encoded and not flushed. */
  get pending(): number {
    return this.#pending
  }

  get codec(): TextCodec {
    return this.#options.codec
  }

  /** Add a whole message in one frame. */
  message(payload: string | Uint8Array, isText: boolean): void {
    this.data(FIN_BIT | (isText ? Opcode.Text : Opcode.Binary), payload)
  }

  /** Add a frame of a message. `firstByte` is FIN, RSV and opcode. */
  data(firstByte: number, payload: string | Uint8Array): void {
    if (typeof payload === 'string') this.text(firstByte, payload)
    else this.bytes(firstByte, payload)
  }

  /** Add a frame with a text payload. `firstByte` is FIN, RSV and opcode. */
  text(firstByte: number, text: string): void {
    const { codec, slab } = this.#options
    const most = MAX_HEADER_LENGTH + text.length * UTF8_BYTES_PER_UNIT
    if (most > BY_REFERENCE_FROM) return this.#frame(firstByte, codec.toUtf8(text), true)
    // The header goes in front of a length that is not known yet: guessed as for ASCII, and moved when that was wrong.
    const masked = this.#options.randomMask !== undefined
    const at = this.#reserve(most)
    const guessed = at + encodedHeaderLength(text.length, masked)
    const end = codec.encode(text, slab.bytes, guessed)
    const length = end - guessed
    const payloadStart = at + encodedHeaderLength(length, masked)
    if (payloadStart !== guessed) slab.bytes.copyWithin(payloadStart, guessed, end)
    this.#writeHeader(at, firstByte, length)
    this.#commit(payloadStart + length)
  }

  /** Add a frame with these bytes as payload. From 8 KiB on they are sent from where they are: do not write to them. */
  bytes(firstByte: number, payload: Uint8Array): void {
    this.#frame(firstByte, payload, false)
  }

  /** Add a control frame: never fragmented, never compressed. RFC 6455 5.5. */
  control(opcode: number, payload: Uint8Array): void {
    this.#options.controlsOut?.count(opcode)
    this.#frame(FIN_BIT | opcode, payload, false)
  }

  /** Add bytes that are frames already, made for any number of connections. Never for a client: its frames are masked. */
  encoded(frames: Uint8Array): void {
    if (frames.length >= BY_REFERENCE_FROM || this.#pending === 0) return this.#piece(frames)
    const at = this.#reserve(frames.length)
    this.#options.slab.bytes.set(frames, at)
    this.#commit(at + frames.length)
  }

  /**
   * Hand everything over, frames that are added meanwhile behind the others. Answers `false` when that is under way already:
   * whoever is written to has called back.
   */
  flush(target: WriteTarget): boolean {
    if (this.#isFlushing) return false
    this.#isFlushing = true
    try {
      while (this.#pending > 0) this.#handOver(target)
    } finally {
      this.#isFlushing = false
    }
    return true
  }

  #handOver(target: WriteTarget): void {
    this.#seal()
    const pieces = this.#pieces! // there is at least one where anything is pending
    const region = this.#region
    const regions = this.#regions
    this.#pieces = undefined
    this.#region = undefined
    this.#regions = 0
    this.#pending = 0
    let taken = false
    const last = pieces.length - 1
    for (let i = 0; i <= last; i++) taken = target.write(pieces[i]!, i < last) === true
    if (region !== undefined) this.#options.slab.settle(region, regions, taken)
  }

  #frame(firstByte: number, payload: Uint8Array, owned: boolean): void {
    const masked = this.#options.randomMask !== undefined
    const length = payload.length
    const headerLength = encodedHeaderLength(length, masked)
    if (length < BY_REFERENCE_FROM) {
      const at = this.#reserve(headerLength + length)
      copy(payload, this.#options.slab.bytes, at + headerLength)
      this.#writeHeader(at, firstByte, length)
      return this.#commit(at + headerLength + length)
    }
    const at = this.#reserve(headerLength)
    if (!masked) {
      this.#writeHeader(at, firstByte, 0, length)
      this.#commit(at + headerLength)
      return this.#piece(payload)
    }
    const own = owned ? payload : copyOf(payload, this.#options.allocate)
    const maskKey = this.#options.randomMask!()
    const { slab } = this.#options
    this.#commit(encodeMaskKey(slab.bytes, encodeFrameHeader(slab.bytes, at, firstByte, length, true), maskKey))
    applyMask(own, 0, length, maskKey)
    releaseMaskView()
    this.#piece(own)
  }

  /** Write the header of a frame; of its payload so many bytes follow it in the slab, and are masked there: all or none. */
  #writeHeader(at: number, firstByte: number, payloadInSlab: number, length: number = payloadInSlab): void {
    const { slab, randomMask } = this.#options
    const bytes = slab.bytes
    const masked = randomMask !== undefined
    const headerEnd = encodeFrameHeader(bytes, at, firstByte, length, masked)
    if (!masked) return
    const maskKey = randomMask()
    const payloadStart = encodeMaskKey(bytes, headerEnd, maskKey)
    applyMask(bytes, payloadStart, payloadStart + payloadInSlab, maskKey)
  }

  /** Make room for `length` bytes in one piece with what was encoded last, if there is; answer where. */
  #reserve(length: number): number {
    const { slab } = this.#options
    const region = this.#region
    if (region !== undefined && region === slab.bytes && this.#end === slab.used && slab.used + length <= SLAB_SIZE) {
      return this.#end
    }
    this.#seal()
    const at = slab.open(length)
    if (this.#region !== slab.bytes) {
      this.#region = slab.bytes
      this.#regions = 0
    }
    this.#regions++
    this.#start = at
    this.#end = at
    return at
  }

  #commit(end: number): void {
    this.#pending += end - this.#end
    this.#end = end
    this.#options.slab.used = end
  }

  #piece(bytes: Uint8Array): void {
    this.#seal()
    this.#addPiece(bytes)
    this.#pending += bytes.length
  }

  /** Mostly there is but one: an array that begins empty makes room for many. */
  #addPiece(bytes: Uint8Array): void {
    if (this.#pieces === undefined) this.#pieces = [bytes]
    else this.#pieces.push(bytes)
  }

  /** Turn what was encoded since the last seal into a piece. */
  #seal(): void {
    if (this.#end > this.#start) this.#addPiece(this.#region!.subarray(this.#start, this.#end))
    this.#start = this.#end
  }
}

/** Copy a payload: below 64 bytes a loop beats the call. */
function copy(from: Uint8Array, to: Uint8Array, offset: number): void {
  const { length } = from
  if (length >= 64) return to.set(from, offset)
  let i = 0
  for (const last = length - 3; i < last; i += 4) {
    to[offset + i] = from[i]!
    to[offset + i + 1] = from[i + 1]!
    to[offset + i + 2] = from[i + 2]!
    to[offset + i + 3] = from[i + 3]!
  }
  for (; i < length; i++) to[offset + i] = from[i]!
}

/** Encode one frame that is not masked, for any number of connections. */
export function encodeFrame(firstByte: number, payload: Uint8Array, allocate: Allocate): Uint8Array {
  const frame = allocate(encodedHeaderLength(payload.length, false) + payload.length)
  frame.set(payload, encodeFrameHeader(frame, 0, firstByte, payload.length, false))
  return frame
}
