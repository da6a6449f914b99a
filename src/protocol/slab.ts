/**
 * Room for outgoing frames, shared by all connections of a process: what several of them write in turns lies side by side,
 * and one that writes alone finds its frames in one piece, to leave in one write. Not a matter of any RFC.
 */
import type { Allocate } from './payload-buffer.ts'

/** Bytes of a slab. */
export const SLAB_SIZE = 65_536

/**
 * A slab grows from its start and is used anew from there once everything in it was written out; when a transport keeps
 * some of it, it goes on behind that, until it is full and a fresh one is made.
 */
export class Slab {
  readonly #allocate: Allocate
  #bytes: Uint8Array
  /** Up to where it is used. */
  used = 0
  /** Regions that are open or not yet written. */
  #regions = 0
  /** Whether some transport kept a region, so that the bytes must not be used anew. */
  #kept = false

  constructor(allocate: Allocate) {
    this.#allocate = allocate
    this.#bytes = new Uint8Array(0)
  }

  get bytes(): Uint8Array {
    return this.#bytes
  }

  /** Begin a region with room for `length` bytes, at most SLAB_SIZE; answer where. It may lie in fresh bytes. */
  open(length: number): number {
    if (this.used + length > this.#bytes.length) {
      this.#bytes = this.#allocate(SLAB_SIZE)
      this.used = 0
      this.#regions = 0
      this.#kept = false
    }
    this.#regions++
    return this.used
  }

  /** Take note that so many regions of `bytes` were handed to the transport; `taken` tells that nobody reads them any more. */
  settle(bytes: Uint8Array, regions: number, taken: boolean): void {
    if (bytes !== this.#bytes) return
    this.#regions -= regions
    if (!taken) this.#kept = true
    if (this.#regions === 0 && !this.#kept) this.used = 0
  }
}
