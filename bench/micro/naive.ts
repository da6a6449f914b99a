/**
 * The protocol's inner loops as one would write them down from the RFC, with no thought of speed: what the fast paths are
 * compared with.
 */

/** RFC 6455 5.3, byte by byte. */
export function naiveMask(bytes: Uint8Array, start: number, end: number, maskKey: number): void {
  const key = [maskKey >>> 24, (maskKey >>> 16) & 0xff, (maskKey >>> 8) & 0xff, maskKey & 0xff]
  for (let i = start; i < end; i++) bytes[i] = bytes[i]! ^ key[(i - start) % 4]!
}

/** Bytes in, messages out: every chunk is appended to what is left of the last, and every payload copied. RFC 6455 5.2. */
export class NaiveReader {
  #buffer: Uint8Array = new Uint8Array(0)
  readonly #onMessage: (payload: Uint8Array) => void

  constructor(onMessage: (payload: Uint8Array) => void) {
    this.#onMessage = onMessage
  }

  receive(chunk: Uint8Array): void {
    const joined = new Uint8Array(this.#buffer.length + chunk.length)
    joined.set(this.#buffer)
    joined.set(chunk, this.#buffer.length)
    this.#buffer = joined
    for (let frame = this.#next(); frame !== undefined; frame = this.#next()) this.#onMessage(frame)
  }

  #at = 0

  #next(): Uint8Array | undefined {
    const bytes = this.#buffer
    const view = new DataView(bytes.buffer)
    const left = bytes.length - this.#at
    const short = left < 2 ? 0 : bytes[this.#at + 1]! & 0x7f
    const headerLength = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0) + 4
    if (left < headerLength) return this.#keep()
    const length =
      short === 126 ? view.getUint16(this.#at + 2) : short === 127 ? Number(view.getBigUint64(this.#at + 2)) : short
    if (left < headerLength + length) return this.#keep()
    const start = this.#at + headerLength
    const payload = bytes.slice(start, start + length)
    naiveMask(payload, 0, length, view.getUint32(start - 4))
    this.#at = start + length
    return payload
  }

  #keep(): undefined {
    this.#buffer = this.#buffer.slice(this.#at)
    this.#at = 0
  }
}

/** One frame a message, nothing shared, header and payload joined by a copy. */
export function naiveFrame(payload: Uint8Array): Uint8Array {
  const header = payload.length < 126 ? [0x82, payload.length] : [0x82, 126, payload.length >> 8, payload.length & 0xff]
  return Uint8Array.from([...header, ...payload])
}
