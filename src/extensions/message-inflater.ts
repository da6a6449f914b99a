/**
 * The receiving half of permessage-deflate on one connection: which messages are decompressed at once, which in zlib's
 * thread pool, and what is remembered of them. RFC 7692 6.2, 7.1.1 and 7.2.2.
 */
import type { ZlibOptions } from 'node:zlib'
import { CloseCode } from '../protocol/close-code.ts'
import type { DecodeFailure } from '../protocol/extension.ts'
import { PayloadBuffer } from '../protocol/payload-buffer.ts'
import { DeflateHistory } from './deflate-history.ts'
import type { DeflateSettings } from './deflate-options.ts'
import { endsWithFlush, TOO_BIG } from './inflate-end.ts'
import { inflateFlushed, inflateInPool, inflateNow, type InflateResult, type InflateTask } from './inflate-message.ts'
import { KeptInflater } from './kept-deflate.ts'
import { PartInflater } from './inflate-parts.ts'
import { enqueuePoolJob, withdrawPoolJob, type PoolJob } from './pool-queue.ts'

/** A message of up to so many compressed bytes that comes in parts is put together before zlib sees it. */
const MOST_HELD = 16 * 1024
/** Decompression is several times as fast: this much more takes about the time of a message that is compressed at once. */
const OUTPUT_AT_ONCE = 4
/** What may always be inflated, whatever the ratio: it cannot hurt, and a short message may well be one long run. */
const FREE_OF_RATIO = 16 * 1024
const NOTHING = new Uint8Array(0)

type Answer = (result: InflateResult, hasMore?: boolean) => void
type Done = (result: InflateResult, hasMore: boolean) => void

export class MessageInflater {
  readonly #settings: DeflateSettings
  readonly #windowBits: number
  readonly #takeover: boolean
  #history: DeflateHistory | undefined
  /** For small messages. */
  #kept: KeptInflater | undefined
  /** Of a message in parts: those that wait for the rest, and the stream they go into when they are many. */
  #held: PayloadBuffer | undefined
  #parts: PartInflater | undefined
  /** Of the current message. */
  #bytesIn = 0
  #bytesOut = 0
  /** Whether the part under way has not given all yet. */
  #hasMore = false
  /** What waits for its turn in the pool. */
  #job: PoolJob | undefined
  #disposed = false

  constructor(settings: DeflateSettings, windowBits: number, takeover: boolean) {
    this.#settings = settings
    this.#windowBits = windowBits
    this.#takeover = takeover
  }

  decode(bytes: Uint8Array, final: boolean, limit: number, done: Done): void {
    if (this.#disposed) return
    this.#bytesIn += bytes.length
    const most = Math.min(limit, this.#ratioLimit())
    const answer = (result: InflateResult, hasMore = false): void => {
      if (this.#disposed) return
      this.#hasMore = hasMore
      if (result === TOO_BIG) return done(this.#tooBig(limit, most), false)
      if (result instanceof Uint8Array) this.#remember(result, final && !hasMore)
      done(result, hasMore)
    }
    if (this.#parts !== undefined) return this.#inflatePart(bytes, final, most, answer)
    if (final) return this.#inflateWhole(this.#withHeld(bytes), most, answer)
    this.#hold(bytes, most, answer)
  }

  dispose(): void {
    this.#disposed = true
    if (this.#job !== undefined) withdrawPoolJob(this.#job)
    this.#parts?.dispose()
    this.#parts = undefined
    this.#held = undefined
    this.#kept?.drop()
    this.#history = undefined
  }

  #inflateWhole(input: Uint8Array, limit: number, answer: Answer): void {
    // RFC 7692 7.2.3.6 wants 0x00 here, but there is only one thing that nothing can mean.
    if (input.length === 0) return answer(NOTHING)
    const { asyncThreshold, concurrencyLimit } = this.#settings
    const atOnce = Math.min(limit, asyncThreshold * OUTPUT_AT_ONCE)
    this.#kept ??= new KeptInflater(this.#settings, this.#windowBits, this.#takeover)
    const kept = this.#kept.inflate(input, this.#history, atOnce)
    if (kept !== undefined) return answer(kept)
    const task = this.#task(input, limit)
    if (input.length <= asyncThreshold) {
      const result = inflateNow(atOnce < limit ? this.#task(input, atOnce) : task)
      // More than is done at once may still be less than is allowed: then it starts anew in the pool.
      if (result !== TOO_BIG || atOnce === limit) return answer(result)
    }
    this.#job = inflateInPool(task, concurrencyLimit, answer)
  }

  /**
   * Keep a part until its message is whole, or until it ends as a flush does (then it is inflated for itself), or until
   * there is too much: hundreds of small fragments then cost one run of zlib.
   */
  #hold(bytes: Uint8Array, limit: number, answer: Answer): void {
    const held = (this.#held ??= new PayloadBuffer((length) => new Uint8Array(length)))
    held.push(bytes, 0, bytes.length)
    if (held.length > MOST_HELD) return this.#inflatePart(held.take(), false, limit, answer)
    if (!endsWithFlush(bytes)) return answer(NOTHING)
    const input = held.take()
    this.#kept?.drop()
    const atOnce = Math.min(limit, this.#settings.asyncThreshold * OUTPUT_AT_ONCE)
    const output = inflateFlushed(this.#task(input, atOnce))
    // What only looked like a flush goes into a stream for good, or a peer could have each part inflated from the start.
    if (output === undefined) this.#inflatePart(input, false, limit, answer)
    else answer(output)
  }

  /** Inflate a part in a stream, or go on with the one that has more. */
  #inflatePart(input: Uint8Array, final: boolean, limit: number, answer: Answer): void {
    this.#kept?.drop()
    const parts = (this.#parts ??= new PartInflater(this.#streamOptions()))
    const goesOn = this.#hasMore
    // The chunk it lies in may be written to again before its turn comes.
    const part = { input: goesOn ? NOTHING : input.slice(), final }
    this.#job = enqueuePoolJob(this.#settings.concurrencyLimit, (release) => {
      if (this.#disposed) return release()
      const done = (result: InflateResult, hasMore: boolean): void => {
        try {
          answer(result, hasMore)
        } finally {
          release()
        }
      }
      if (goesOn) parts.more(limit, done)
      else parts.inflate(part, limit, done)
    })
  }

  #task(input: Uint8Array, limit: number): InflateTask {
    return {
      input,
      history: this.#history?.bytes(),
      windowBits: this.#windowBits,
      chunkSize: this.#settings.inflateChunkSize,
      limit,
    }
  }

  #streamOptions(): ZlibOptions {
    const { history, windowBits, chunkSize } = this.#task(NOTHING, 0)
    return { windowBits, chunkSize, ...(history !== undefined && history.length > 0 && { dictionary: history }) }
  }

  #withHeld(bytes: Uint8Array): Uint8Array {
    if (this.#held === undefined || this.#held.length === 0) return bytes
    this.#held.push(bytes, 0, bytes.length)
    return this.#held.take()
  }

  /** Keep in step with what the peer may refer back to. */
  #remember(output: Uint8Array, final: boolean): void {
    this.#bytesOut += output.length
    if (this.#takeover || !final) {
      this.#history ??= new DeflateHistory(1 << this.#windowBits)
      this.#history.append(output)
    }
    if (!final) return
    // RFC 7692 7.1.1: without context takeover a message refers to nothing before it.
    if (!this.#takeover) this.#history = undefined
    this.#parts = undefined
    this.#bytesIn = 0
    this.#bytesOut = 0
  }

  #ratioLimit(): number {
    const { maxInflateRatio } = this.#settings
    if (maxInflateRatio === Infinity) return Infinity
    return Math.max(FREE_OF_RATIO, Math.floor(this.#bytesIn * maxInflateRatio)) - this.#bytesOut
  }

  /** 1009 for the ratio too: the message is refused for its size, and the same in more bytes would be welcome. */
  #tooBig(limit: number, most: number): DecodeFailure {
    const reason =
      most < limit
        ? `message inflates to more than ${this.#settings.maxInflateRatio} times its ${this.#bytesIn} bytes`
        : `message inflates to more than the ${limit + this.#bytesOut} bytes allowed`
    return { closeCode: CloseCode.MessageTooBig, reason }
  }
}
