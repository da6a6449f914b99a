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
  /** The most plain bytes of this part; with more the answer is `TOO_BIG`. */
  readonly limit: number
}

/** Inflates the parts of one message, one after the other. */
export class PartInflater {
  readonly #stream: InflateRaw
  /** The part under way, and the plain bytes it has given so far. */
  #part: InflatePart | undefined
  #done: ((result: InflateResult) => void) | undefined
  #output: Uint8Array[] = []
  #outputLength = 0
  /** Of the whole message. */
  #length = 0
  #lastByte: number | undefined
  /** Whether zlib has met the end of its stream, or something it could not read. */
  #ended = false
  #failure: unknown

  constructor(options: ZlibOptions) {
    this.#stream = createInflateRaw(options)
    this.#stream.on('data', (bytes: Uint8Array) => this.#take(bytes))
    this.#stream.on('end', () => {
      this.#ended = true
      this.#settle()
    })
    this.#stream.on('error', (error) => {
      this.#failure = error
      this.#settle()
    })
  }

  /** Inflate the next part; the input must stay as it is until `done` is called. */
  inflate(part: InflatePart, done: (result: InflateResult) => void): void {
    const { input, final } = part
    this.#part = part
    this.#done = done
    this.#length += input.length
    this.#lastByte = input[input.length - 1] ?? this.#lastByte
    // After a final block there is nothing left to inflate, only to count.
    if (this.#ended || this.#failure !== undefined) return this.#settle()
    if (!final) this.#stream.write(input, () => this.#settle())
    else this.#stream.end(Buffer.concat([input, MESSAGE_TAIL]))
  }

  /** Give the zlib object back. A part under way is answered with nothing. */
  dispose(): void {
    this.#stream.destroy()
    this.#output = []
    if (this.#part !== undefined) this.#answer(Buffer.alloc(0))
  }

  #take(bytes: Uint8Array): void {
    if (this.#part === undefined) return
    this.#output.push(bytes)
    this.#outputLength += bytes.length
    if (this.#outputLength > this.#part.limit) this.#answer(TOO_BIG)
  }

  #settle(): void {
    const part = this.#part
    if (part === undefined) return
    if (this.#failure !== undefined) return this.#answer(inflateFailure(this.#failure))
    // The last part is over with the stream itself.
    if (part.final && !this.#ended) return
    const end = { length: this.#length, lastByte: this.#lastByte }
    const failure = part.final ? checkStreamEnd(this.#stream.bytesWritten, end) : undefined
    this.#answer(failure ?? Buffer.concat(this.#output))
  }

  #answer(result: InflateResult): void {
    const done = this.#done
    const over = this.#part?.final === true || !(result instanceof Uint8Array)
    this.#part = undefined
    this.#done = undefined
    this.#output = []
    this.#outputLength = 0
    if (over) this.#stream.destroy()
    done?.(result)
  }
}
