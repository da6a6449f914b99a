/**
 * The plain bytes that a message may refer back to: the LZ77 sliding window of RFC 7692 7.1.1, kept by itself. zlib
 * is given them as a dictionary for each message, so that no zlib object lives between messages.
 */

const NOTHING = new Uint8Array(0)
const FIRST_CAPACITY = 256

/** The last `size` bytes of what was appended, in a buffer that grows with its use. */
export class DeflateHistory {
  readonly #size: number
  #buffer = NOTHING
  #start = 0
  #end = 0

  constructor(size: number) {
    this.#size = size
  }

  get length(): number {
    return this.#end - this.#start
  }

  /** The last `most` bytes, as a view that is good until the next change. */
  last(most: number): Uint8Array {
    return this.#buffer.subarray(Math.max(this.#start, this.#end - most), this.#end)
  }

  append(bytes: Uint8Array): void {
    const added = bytes.length > this.#size ? bytes.subarray(bytes.length - this.#size) : bytes
    if (this.#end + added.length > this.#buffer.length) this.#makeRoom(added.length)
    this.#buffer.set(added, this.#end)
    this.#end += added.length
    this.#start = Math.max(this.#start, this.#end - this.#size)
  }

  /** Forget everything and give the buffer back. */
  clear(): void {
    this.#buffer = NOTHING
    this.#start = 0
    this.#end = 0
  }

  #makeRoom(added: number): void {
    const kept = Math.min(this.length, this.#size - added)
    const from = this.#end - kept
    // A quarter more than the window, so that a full window is moved once for every quarter of itself.
    const most = this.#size + (this.#size >> 2)
    if (this.#buffer.length < most) {
      const capacity = Math.min(most, Math.max(kept + added, 2 * this.#buffer.length, FIRST_CAPACITY))
      const larger = new Uint8Array(capacity)
      larger.set(this.#buffer.subarray(from, this.#end))
      this.#buffer = larger
    } else {
      this.#buffer.copyWithin(0, from, this.#end)
    }
    this.#start = 0
    this.#end = kept
  }
}
