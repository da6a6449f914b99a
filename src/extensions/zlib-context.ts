/**
 * zlib called at once, message after message, on one object that keeps its window: the context takeover of RFC 7692
 * 7.1.1 as it is meant. `node:zlib` offers that only through its thread pool, or at once with a new object for each call;
 * the handle inside its streams does both. Where a Node has no such handle nothing is kept, and the one-shot functions do
 * the work.
 */
import { constants, createDeflateRaw, createInflateRaw, type ZlibOptions } from 'node:zlib'

/** What lies in a stream of `node:zlib`, as its own synchronous functions use it. */
interface ZlibStream {
  readonly _handle: {
    onerror: (message: string, errno: number, code: string) => void
    writeSync(
      flush: number,
      ...inputThenOutput: [Uint8Array, start: number, length: number, Uint8Array, start: number, length: number]
    ): void
    reset(): void
  }
  /** Room left in the output, then input left unread. */
  readonly _writeState: Uint32Array
  close(): void
}

/** The handle writes to memory that it is given; a stream that is never used as one needs next to none itself. */
const STREAM_CHUNK = 64

export class ZlibContext {
  static #kept: boolean | undefined
  readonly #stream: ZlibStream
  #failed = false

  private constructor(stream: unknown) {
    this.#stream = stream as ZlibStream
    this.#stream._handle.onerror = () => {
      this.#failed = true
    }
  }

  /** An object that compresses, or `undefined` where Node has none that could be kept. */
  static deflate(options: ZlibOptions): ZlibContext | undefined {
    return ZlibContext.#canKeep() ? ZlibContext.#make(createDeflateRaw, options) : undefined
  }

  /** An object that decompresses, or `undefined` where Node has none that could be kept. */
  static inflate(options: ZlibOptions): ZlibContext | undefined {
    return ZlibContext.#canKeep() ? ZlibContext.#make(createInflateRaw, options) : undefined
  }

  static #canKeep(): boolean {
    return (ZlibContext.#kept ??= ZlibContext.#works())
  }

  static #make(create: (options: ZlibOptions) => unknown, options: ZlibOptions): ZlibContext | undefined {
    try {
      return new ZlibContext(create({ ...options, chunkSize: STREAM_CHUNK }))
    } catch {
      // No memory, for example.
      return undefined
    }
  }

  /** Whether such objects do what is relied on here. */
  static #works(): boolean {
    const deflater = ZlibContext.#make(createDeflateRaw, { windowBits: 9 })
    const inflater = ZlibContext.#make(createInflateRaw, { windowBits: 9 })
    try {
      const plain = Uint8Array.of(1, 2, 3)
      const compressed = new Uint8Array(32)
      const output = new Uint8Array(32)
      for (let round = 0; round < 2; round++) {
        if (deflater?.write(constants.Z_SYNC_FLUSH, plain, compressed) !== true || deflater.unread !== 0) return false
        const made = compressed.subarray(0, compressed.length - deflater.room)
        if (inflater?.write(constants.Z_BLOCK, made, output) !== true) return false
        if (output.length - inflater.room !== plain.length || plain.some((byte, at) => output[at] !== byte))
          return false
        // Z_BLOCK stops between the block and the empty one behind it.
        if (inflater.unread === 0) return false
        if (!inflater.write(constants.Z_BLOCK, made.subarray(made.length - inflater.unread), output)) return false
        if (inflater.unread !== 0) return false
      }
      return !inflater!.write(constants.Z_SYNC_FLUSH, Uint8Array.of(0xff), output)
    } catch {
      return false
    } finally {
      deflater?.close()
      inflater?.close()
    }
  }

  /** Work until the input is read or the output is full; false when zlib found a mistake, and then until `reset`. */
  write(flush: number, input: Uint8Array, output: Uint8Array, start = 0): boolean {
    const { _handle: handle } = this.#stream
    handle.writeSync(flush, input, 0, input.length, output, start, output.length - start)
    return !this.#failed
  }

  /** Of the last call: how many bytes of the output were not written to. */
  get room(): number {
    return this.#stream._writeState[0]!
  }

  /** Of the last call: how many bytes of the input were not read. */
  get unread(): number {
    return this.#stream._writeState[1]!
  }

  /** Forget everything that was written before. */
  reset(): void {
    this.#failed = false
    this.#stream._handle.reset()
  }

  /** Give the memory back. */
  close(): void {
    this.#stream.close()
  }
}
