/**
 * What has arrived of a message that is not whole yet. Where more was announced, room is made ahead and filled while the
 * bytes are still in the cache; else large parts are kept where they lie and small ones are copied together. However finely
 * a peer cuts them, the memory written to stays within a small multiple of the bytes held. RFC 6455 10.4.
 */

/** Makes room for bytes; what is in it need not be zero, since all of it is written before it is read. */
export type Allocate = (length: number) => Uint8Array

/** Copy bytes whose memory is somebody else's. */
export function copyOf(bytes: Uint8Array, allocate: Allocate): Uint8Array {
  const copy = allocate(bytes.length)
  copy.set(bytes)
  return copy
}

/** Parts below this, and those that fill less than half of their chunk, are copied: they would pin more than they hold. */
const COPY_BELOW = 4096
/** The room made for copied parts: doubled from the first size to the last. */
const FIRST_ROOM = 256
const LAST_ROOM = 65_536
/**
 * So many times what has come is reserved at most for what was announced: a peer that announces much and sends little holds
 * little. Large blocks take no physical memory until they are written to.
 */
const MOST_AHEAD = 32
/** From here on it is not so many times, but four times. */
const MUCH_AHEAD = 1_048_576
const LESS_AHEAD = 4

export class PayloadBuffer {
  readonly #allocate: Allocate
  /** Whether chunks are lent, so that nothing may be kept where it lies. */
  isLent = false
  #parts: Uint8Array[] = []
  #length = 0
  /** Where parts are copied to; from `#begun` to `#filled` lies what is not in `#parts` yet. */
  #room: Uint8Array | undefined
  #begun = 0
  #filled = 0
  /** The size of the room that was made last by doubling. */
  #doubled = 0

  constructor(allocate: Allocate) {
    this.#allocate = allocate
  }

  /** Bytes held. */
  get length(): number {
    return this.#length
  }

  /**
   * Add `chunk[start, end)`. The chunk may be kept unless it is lent, so it must not be written to any more. `announced` is how many bytes
   * there will be in all, as far as that is known.
   */
  push(chunk: Uint8Array, start: number, end: number, announced: number = 0): void {
    const length = end - start
    this.#length += length
    if (this.#room === undefined || this.#room.length - this.#filled < length) {
      if (announced > this.#length) this.#makeRoomAhead(length, announced)
      else if (!this.isLent && length >= COPY_BELOW && length * 2 >= chunk.buffer.byteLength) {
        return this.#keep(chunk, start, end)
      } else this.#makeRoom(length)
    }
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
    this.#doubled = 0
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

  #keep(chunk: Uint8Array, start: number, end: number): void {
    this.#seal()
    this.#parts.push(chunk.subarray(start, end))
  }

  #makeRoom(length: number): void {
    this.#seal()
    this.#doubled = Math.min(Math.max(FIRST_ROOM, this.#doubled * 2), LAST_ROOM)
    this.#begin(Math.max(this.#doubled, length))
  }

  /** Make room for what is still to come. It takes in what was held before, as long as that is the smaller part of it. */
  #makeRoomAhead(length: number, announced: number): void {
    const before = this.#length - length
    const most = Math.max(Math.min(this.#length * MOST_AHEAD, MUCH_AHEAD), this.#length * LESS_AHEAD)
    const whole = Math.min(announced, most)
    // A few bytes more must not get a room of their own: frames of two bytes would cost a hundred times as much.
    if (whole < before * 2) return this.#makeRoom(whole - before)
    this.#seal()
    const parts = this.#parts
    this.#parts = []
    this.#begin(whole)
    for (const part of parts) {
      this.#room!.set(part, this.#filled)
      this.#filled += part.length
    }
  }

  #begin(room: number): void {
    this.#room = this.#allocate(room)
    this.#begun = 0
    this.#filled = 0
  }
}
