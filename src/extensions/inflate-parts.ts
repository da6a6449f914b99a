/**
 * Decompression of a message whose parts are not whole blocks: the one case that needs a zlib stream object, which lives
 * as long as the message. RFC 7692 6.2 and 7.2.2.
 */
import { createInflateRaw, type InflateRaw, type ZlibOptions } from 'node:zlib'
import { checkStreamEnd, inflateFailure, MESSAGE_TAIL, TOO_BIG } from './inflate-end.ts'
import type { InflateResult } from './inflate-message.ts'

/** One part of the message and what may come of it. */
export interface InflatePart {
  readonly input: Uint8Array
  readonly final: boolean
}

/** What is known after a part, or a piece of it; `hasMore` tells that the part has not given all yet. */
export type PartDone = (result: InflateResult, hasMore: boolean) => void

const NOTHING = new Uint8Array(0)

/** Inflates the parts of one message, one after the other, and each of them piece by piece, no faster than it is asked to. */
export class PartInflater {
  readonly #stream: InflateRaw
  /** What the part under way is answered with, and how many bytes that may be. */
  #done: PartDone | undefined
  #limit = 0
  #isFinal = false
  /** Whether zlib still works on the part. */
  #isWriting = false
  /** Of the whole message. */
  #length = 0
  #lastByte: number | undefined
  /** Whether zlib has met the end of its stream, or something it could not read. */
  #ended = false
  #failure: unknown

  constructor(options: ZlibOptions) {
    this.#stream = createInflateRaw(options)
    this.#stream.on('readable', () => this.#settle())
    this.#stream.on('end', () => {
      this.#ended = true
      this.#settle()
    })
    this.#stream.on('error', (error) => {
      this.#failure = error
      this.#settle()
    })
  }

  /**
   * Begin with the next part, which must stay as it is until it has given all; with more than `limit` plain bytes the answer
   * is `TOO_BIG`.
   */
  inflate({ input, final }: InflatePart, limit: number, done: PartDone): void {
    this.#length += input.length
    this.#lastByte = input[input.length - 1] ?? this.#lastByte
    this.#isFinal = final
    // After a final block there is nothing left to inflate, only to count.
    if (!this.#ended && this.#failure === undefined) {
      this.#isWriting = true
      if (final) this.#stream.end(Buffer.concat([input, MESSAGE_TAIL]))
      else this.#stream.write(input, () => this.#written())
    }
    this.more(limit, done)
  }

  /** Go on with the part that has more. */
  more(limit: number, done: PartDone): void {
    this.#limit = limit
    this.#done = done
    this.#settle()
  }

  /** Give the zlib object back. A part under way is answered with nothing. */
  dispose(): void {
    this.#stream.destroy()
    this.#answer(NOTHING, false)
  }

  #written(): void {
    this.#isWriting = false
    this.#settle()
  }

  #settle(): void {
    if (this.#done === undefined) return
    if (this.#failure !== undefined) return this.#answer(inflateFailure(this.#failure), false)
    const piece = this.#stream.read() as Uint8Array | null
    if (piece !== null) return this.#answer(piece.length > this.#limit ? TOO_BIG : piece, this.#hasMore())
    if (this.#hasMore()) return
    const end = { length: this.#length, lastByte: this.#lastByte }
    const failure = this.#isFinal ? checkStreamEnd(this.#stream.bytesWritten, end) : undefined
    this.#answer(failure ?? NOTHING, false)
  }

  /** The last part is over with the stream itself. */
  #hasMore(): boolean {
    if (this.#ended) return false
    return this.#isFinal || this.#isWriting || this.#stream.readableLength > 0
  }

  #answer(result: InflateResult, hasMore: boolean): void {
    const done = this.#done
    this.#done = undefined
    if (!(result instanceof Uint8Array) || (this.#isFinal && !hasMore)) this.#stream.destroy()
    done?.(result, hasMore)
  }
}
