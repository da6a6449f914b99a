/** Cuts the bytes of one direction into frames. RFC 6455 5.2. */
import {
  createFrameHeader,
  decodeFrameHeader,
  FIN_BIT,
  headerLengthOf,
  MASK_KEY_LENGTH,
  OPCODE_BITS,
  RSV1_BIT,
} from 'barewire/protocol'

/** A frame as it crossed the wire. */
export interface SplitFrame {
  /** Header and payload, the latter perhaps cut. */
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly headerLength: number
  /** The payload's true length. */
  readonly payloadLength: number
  readonly cut: boolean
  readonly fin: boolean
  readonly opcode: number
  /** RSV1: the message is compressed. RFC 7692 6. */
  readonly compressed: boolean
  readonly maskKey: Uint8Array | undefined
}

export class FrameSplitter {
  readonly #keep: number
  readonly #onFrame: (frame: SplitFrame) => void
  readonly #header = createFrameHeader()
  #parts: Uint8Array<ArrayBuffer> = new Uint8Array(0)
  /** Bytes of the frame in `#parts` that were not kept and are still to come. */
  #skip = 0
  #current: { headerLength: number; payloadLength: number } | undefined

  /** `keep` is how many payload bytes of a frame are worth keeping. */
  constructor(keep: number, onFrame: (frame: SplitFrame) => void) {
    this.#keep = keep
    this.#onFrame = onFrame
  }

  /** Take in bytes; they are copied, because whoever reads them next unmasks them in place. */
  push(chunk: Uint8Array): void {
    let rest = chunk
    if (this.#skip > 0) {
      const skipped = Math.min(this.#skip, rest.length)
      this.#skip -= skipped
      rest = rest.subarray(skipped)
      if (this.#skip > 0) return
      this.#emit(this.#parts)
      this.#parts = new Uint8Array(0)
    }
    const joined = new Uint8Array(this.#parts.length + rest.length)
    joined.set(this.#parts)
    joined.set(rest, this.#parts.length)
    this.#parts = this.#cut(joined)
  }

  /** Emit all whole frames; answer what is left. */
  #cut(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    let at = 0
    while (bytes.length - at >= 2) {
      const headerLength = headerLengthOf(bytes[at + 1]!)
      if (bytes.length - at < headerLength) break
      decodeFrameHeader(bytes, at, this.#header)
      const { payloadLength } = this.#header
      this.#current = { headerLength, payloadLength }
      const end = at + headerLength + payloadLength
      if (bytes.length >= end) {
        this.#emit(bytes.slice(at, at + headerLength + Math.min(payloadLength, this.#keep)))
        at = end
        continue
      }
      const keptEnd = at + headerLength + this.#keep
      if (payloadLength <= this.#keep || bytes.length < keptEnd) break
      this.#skip = end - bytes.length
      return bytes.slice(at, keptEnd)
    }
    return bytes.slice(at)
  }

  #emit(bytes: Uint8Array<ArrayBuffer>): void {
    const { headerLength, payloadLength } = this.#current!
    const first = bytes[0]!
    const isMasked = (bytes[1]! & 0x80) !== 0
    this.#onFrame({
      bytes,
      headerLength,
      payloadLength,
      cut: bytes.length < headerLength + payloadLength,
      fin: (first & FIN_BIT) !== 0,
      opcode: first & OPCODE_BITS,
      compressed: (first & RSV1_BIT) !== 0,
      maskKey: isMasked ? bytes.slice(headerLength - MASK_KEY_LENGTH, headerLength) : undefined,
    })
  }
}
