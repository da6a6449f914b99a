/**
 * Counting and checking what comes back. Where every byte is known beforehand each chunk is compared with it in one
 * memcmp; compressed streams are walked header by header, and one connection of each run is inflated and compared.
 */
import { inflateRawSync, constants } from 'node:zlib'
import type { FrameCycle } from './frames.ts'

export interface Counter {
  /** Take `bytes[0, length)`; answer how many messages are now complete that were not before. */
  take(bytes: Buffer, length: number): number
}

/** Compares with a known cycle of frames that all have one length. */
export class ExactCounter implements Counter {
  readonly #expected: Buffer
  readonly #cycleLength: number
  readonly #frameLength: number
  #at = 0
  #partial = 0

  constructor(cycle: FrameCycle) {
    this.#expected = cycle.bytes
    this.#cycleLength = cycle.offsets[cycle.count]!
    this.#frameLength = this.#cycleLength / cycle.count
    if (!Number.isInteger(this.#frameLength)) throw new Error('an exact counter needs frames of one length')
  }

  take(bytes: Buffer, length: number): number {
    for (let from = 0; from < length;) {
      const step = Math.min(length - from, this.#cycleLength - this.#at)
      if (bytes.compare(this.#expected, this.#at, this.#at + step, from, from + step) !== 0) {
        throw new Error(
          `the server sent other bytes than it should have, within ${step} bytes at ${this.#at} of the cycle`,
        )
      }
      this.#at = (this.#at + step) % this.#cycleLength
      from += step
    }
    this.#partial += length
    const messages = Math.floor(this.#partial / this.#frameLength)
    this.#partial -= messages * this.#frameLength
    return messages
  }
}

/** Walks the headers of a server's frames, one message a frame or more. */
export class HeaderCounter implements Counter {
  /** Header bytes of a frame whose header is not whole yet. */
  readonly #header = Buffer.alloc(10)
  #headerLength = 0
  #payloadLeft = 0
  #fin = false
  /** Whether it is a control frame, which is no message. */
  #control = false

  take(bytes: Buffer, length: number): number {
    let messages = 0
    for (let at = 0; at < length;) {
      if (this.#payloadLeft > 0) {
        const step = Math.min(this.#payloadLeft, length - at)
        this.payload(bytes.subarray(at, at + step))
        this.#payloadLeft -= step
        at += step
      } else {
        this.#header[this.#headerLength++] = bytes[at++]!
        if (!this.#headerDone()) continue
      }
      if (this.#payloadLeft === 0 && this.#fin && !this.#control) {
        messages++
        this.message()
      }
    }
    return messages
  }

  /** Called with each piece of payload. */
  payload(_part: Buffer): void {}
  /** Called at the end of each message. */
  message(): void {}
  /** Called with the first byte of each frame. */
  begin(_firstByte: number): void {}

  #headerDone(): boolean {
    const header = this.#header
    const short = header[1]!
    const needed = this.#headerLength < 2 ? 2 : short < 126 ? 2 : short === 126 ? 4 : 10
    if (this.#headerLength < needed) return false
    this.#fin = (header[0]! & 0x80) !== 0
    this.#control = (header[0]! & 0x08) !== 0
    this.#payloadLeft = short < 126 ? short : short === 126 ? header.readUInt16BE(2) : Number(header.readBigUInt64BE(2))
    this.#headerLength = 0
    this.begin(header[0]!)
    return true
  }
}

/** Walks the headers and also inflates and compares every message. RFC 7692 7.2.2. */
export class InflatingCounter extends HeaderCounter {
  readonly #expected: readonly Buffer[]
  readonly #takeover: boolean
  #window: Buffer = Buffer.alloc(0)
  #parts: Buffer[] = []
  #compressed = false
  #index = 0

  constructor(expected: readonly Buffer[], takeover: boolean) {
    super()
    this.#expected = expected
    this.#takeover = takeover
  }

  override begin(firstByte: number): void {
    if ((firstByte & 0x0f) !== 0) this.#compressed = (firstByte & 0x40) !== 0
  }

  override payload(part: Buffer): void {
    this.#parts.push(Buffer.from(part))
  }

  override message(): void {
    const body = Buffer.concat(this.#parts)
    this.#parts = []
    const message = this.#compressed ? this.#inflate(body) : body
    const expected = this.#expected[this.#index]!
    this.#index = (this.#index + 1) % this.#expected.length
    if (!message.equals(expected)) {
      throw new Error(`the server sent ${message.length} bytes that are not the ${expected.length} expected`)
    }
  }

  #inflate(body: Buffer): Buffer {
    const input = Buffer.concat([body, Buffer.from([0, 0, 0xff, 0xff])])
    const dictionary = this.#takeover && this.#window.length > 0 ? { dictionary: this.#window } : {}
    const message = inflateRawSync(input, { finishFlush: constants.Z_SYNC_FLUSH, ...dictionary })
    if (this.#takeover) this.#window = Buffer.concat([this.#window, message]).subarray(-32768)
    return message
  }
}
