/**
 * What has arrived of a message that is not whole yet. Large parts are kept where they lie, small ones are copied together,
 * so that the memory held stays within a small multiple of the bytes held, however finely a peer cuts them. RFC 6455 10.4.
 */

/** Makes room for bytes; what is in it need not be zero, since all of it is written before it is read. */
export type Allocate = (length: number) => Uint8Array

/** Parts below this are copied: a view and the chunk it pins cost more than the copy. */
const COPY_BELOW = 4096
/** The room made for copied parts: doubled from the first size to the last. */
const FIRST_ROOM = 256
const LAST_ROOM = 65_536

export class PayloadBuffer {
  readonly #allocate: Allocate
  #parts: Uint8Array[] = []
  #length = 0
  /** Where small parts are copied to; from `#begun` to `#filled` lies what is not in `#parts` yet. */
  #room: Uint8Array | undefined
  #begun = 0
  #filled = 0

  constructor(allocate: Allocate) {
    this.#allocate = allocate
  }

  /** Bytes held. */
  get length(): number {
    return this.#length
  }

  /** Add `chunk[start, end)`. The chunk may be kept, so it must not be written to any more. */
  push(chunk: Uint8Array, start: number, end: number): void {
    const length = end - start
    this.#length += length
    if (length >= COPY_BELOW && length * 2 >= chunk.buffer.byteLength) {
      this.#seal()
      this.#parts.push(chunk.subarray(start, end))
      return
    }
    if (this.#room === undefined || this.#room.length - this.#filled < length) this.#makeRoom(length)
    const room = this.#room!
    if (length < 32) {
      for (let at = start; at < end; at++) room[this.#filled++] = chunk[at]!
    } else {
      room.set(chunk.subarray(start, end), this.#filled)
      this.#filled += length
    }
  }

  /** Give out all that is held as one piece, and begin anew. */
  take(): Uint8Array {
    this.#seal()
    const parts = this.#parts
    const whole = parts.length === 1 ? parts[0]! : this.#join(parts)
    this.clear()
    return whole
  }

  /** Let go of everything. */
  clear(): void {
    if (this.#parts.length > 0) this.#parts = []
    this.#length = 0
    this.#room = undefined
    this.#begun = 0
    this.#filled = 0
  }

  #join(parts: readonly Uint8Array[]): Uint8Array {
    const whole = this.#allocate(this.#length)
    let at = 0
    for (const part of parts) {
      whole.set(part, at)
      at += part.length
    }
    return whole
  }

  /** Turn what was copied since the last seal into a part; the rest of the room stays in use. */
  #seal(): void {
    if (this.#filled > this.#begun) this.#parts.push(this.#room!.subarray(this.#begun, this.#filled))
    this.#begun = this.#filled
  }

  #makeRoom(length: number): void {
    this.#seal()
    const doubled = this.#room === undefined ? FIRST_ROOM : Math.min(this.#room.length * 2, LAST_ROOM)
    this.#room = this.#allocate(Math.max(doubled, length))
    this.#begun = 0
    this.#filled = 0
  }
}
