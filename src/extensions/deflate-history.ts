/**
 * The plain bytes that a message may refer back to: the LZ77 sliding window of RFC 7692 7.1.1, kept by itself. A zlib
 * object is given them as its dictionary, so that none has to live from one message to the next.
 */

const NOTHING = new Uint8Array(0)
const FIRST_CAPACITY = 512
/** Few steps leave little behind for the garbage collector, and memory that was never written to costs nothing yet. */
const GROWTH = 4

/** The last `size` bytes of what was appended, in a buffer that grows with its use. */
export class DeflateHistory {
  readonly #size: number
  #buffer: Uint8Array = NOTHING
  #start = 0
  #end = 0

  constructor(size: number) {
    this.#size = size
  }

  get length(): number {
    return this.#end - this.#start
  }

  /** Bytes that are held for it, used or not. */
  get capacity(): number {
    return this.#buffer.length
  }

  /** All of it, as a view that is good until the next change. */
  bytes(): Uint8Array {
    return this.#buffer.subarray(this.#start, this.#end)
  }

  append(bytes: Uint8Array): void {
    const added = bytes.length > this.#size ? bytes.subarray(bytes.length - this.#size) : bytes
    if (this.#end + added.length > this.#buffer.length) this.#makeRoom(added.length)
    this.#buffer.set(added, this.#end)
    this.#end += added.length
    this.#start = Math.max(this.#start, this.#end - this.#size)
  }

  #makeRoom(added: number): void {
    const kept = Math.min(this.length, this.#size - added)
    const from = this.#end - kept
    // An eighth more than the window, so that a full window is moved once for every eighth of itself.
    const most = this.#size + (this.#size >> 3)
    if (this.#buffer.length < most) {
      const capacity = Math.min(most, Math.max(kept + added, GROWTH * this.#buffer.length, FIRST_CAPACITY))
      const larger = Buffer.allocUnsafeSlow(capacity)
      larger.set(this.#buffer.subarray(from, this.#end))
      this.#buffer = larger
    } else {
      this.#buffer.copyWithin(0, from, this.#end)
    }
    this.#start = 0
    this.#end = kept
  }
}
