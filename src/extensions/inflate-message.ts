/**
 * One run of zlib from compressed to plain bytes, inside the limits it is given: at once for small messages, in zlib's
 * thread pool for large ones. RFC 7692 7.2.2.
 */
import { inflateRaw, inflateRawSync, type InflateRaw, type ZlibOptions } from 'node:zlib'
import type { DecodeFailure } from '../protocol/extension.ts'
import { checkStreamEnd, inflateFailure, MESSAGE_TAIL, PART_TAIL, TOO_BIG, type MessageEnd } from './inflate-end.ts'
import { enqueuePoolJob, type PoolJob } from './pool-queue.ts'

/** What one run works with. */
export interface InflateTask {
  /** Compressed bytes that end their message. */
  readonly input: Uint8Array
  /** The plain bytes that the message may refer back to. */
  readonly history: Uint8Array | undefined
  readonly windowBits: number
  /** The largest piece to allocate at once. */
  readonly chunkSize: number
  /** The most plain bytes; with more the answer is `TOO_BIG`. */
  readonly limit: number
}

export type InflateResult = Uint8Array | DecodeFailure

/** zlib takes no larger limit on Node 20, where this is the longest Buffer. */
const MAX_OUTPUT = 2 ** 32 - 1
const MIN_CHUNK = 128
/** JSON shrinks to an eighth at best: most messages then need one piece of output. */
const EXPECTED_RATIO = 8
/** A result that fills less than half of a larger buffer than this is copied out of it: who keeps it keeps it alone. */
const KEEP_CHUNK_TO = 4096
/** zlib reads synchronous input before it returns, so all connections share one place to put the tail behind it. */
const SCRATCH_SIZE = 16 * 1024
const scratch = new Uint8Array(SCRATCH_SIZE)

/** Decompress now, in one call. */
export function inflateNow(task: InflateTask): InflateResult {
  try {
    return finish(inflateRawSync(withTail(task.input, MESSAGE_TAIL), zlibOptions(task)), endOf(task), task.limit)
  } catch (error) {
    return inflateFailure(error)
  }
}

/**
 * Decompress now a part that ends with the flush of its sender; `undefined` when it turns out not to end between two
 * blocks, or not to be well-formed at all, which then is for a stream object to find out.
 */
export function inflateFlushed(task: InflateTask): Uint8Array | undefined {
  try {
    const input = withTail(task.input, PART_TAIL)
    const { buffer, engine } = inflateRawSync(input, zlibOptions(task)) as unknown as WithEngine
    return engine.bytesWritten === input.length && buffer.length <= task.limit ? compact(buffer) : undefined
  } catch {
    return undefined
  }
}

/** Decompress in zlib's thread pool. The input is copied: it may change as soon as this has returned. */
export function inflateInPool(task: InflateTask, jobs: number, done: (result: InflateResult) => void): PoolJob {
  const end = endOf(task)
  const options = zlibOptions(task)
  const input = joined(task.input, MESSAGE_TAIL)
  const { limit } = task
  return enqueuePoolJob(jobs, (release) => {
    let isDone = false
    const answer = (result: InflateResult): void => {
      // zlib may report a second time for pieces that were on their way.
      if (isDone) return
      isDone = true
      try {
        done(result)
      } finally {
        release()
      }
    }
    try {
      inflateRaw(input, options, (error, output) => {
        answer(error === null ? finish(output, end, limit) : inflateFailure(error))
      })
    } catch (error) {
      answer(inflateFailure(error))
    }
  })
}

/** What zlib gives with the option `info`, which its types do not know. */
interface WithEngine {
  readonly buffer: Buffer
  readonly engine: InflateRaw
}

function zlibOptions({ input, history, windowBits, chunkSize, limit }: InflateTask): ZlibOptions {
  const options: ZlibOptions = {
    windowBits,
    chunkSize: Math.min(chunkSize, Math.max(MIN_CHUNK, input.length * EXPECTED_RATIO), Math.max(MIN_CHUNK, limit + 1)),
    maxOutputLength: Math.min(Math.max(limit, 1), MAX_OUTPUT),
    info: true,
  }
  // zlib copies it here and now, in the pool too.
  if (history !== undefined && history.length > 0) options.dictionary = history
  return options
}

function endOf({ input }: InflateTask): MessageEnd {
  return { length: input.length, lastByte: input[input.length - 1] }
}

function finish(output: unknown, end: MessageEnd, limit: number): InflateResult {
  const { buffer, engine } = output as WithEngine
  // zlib cannot be told that nothing at all may come.
  if (buffer.length > limit) return TOO_BIG
  return checkStreamEnd(engine.bytesWritten, end) ?? compact(buffer)
}

function compact(buffer: Buffer): Uint8Array {
  const held = buffer.buffer.byteLength
  return held > 2 * KEEP_CHUNK_TO && buffer.length * 2 < held ? Buffer.from(buffer) : buffer
}

/** `input` and `tail` in the scratch buffer, good until the next call. */
function withTail(input: Uint8Array, tail: Uint8Array): Uint8Array {
  const length = input.length + tail.length
  if (length > SCRATCH_SIZE) return joined(input, tail)
  scratch.set(input)
  scratch.set(tail, input.length)
  return scratch.subarray(0, length)
}

function joined(input: Uint8Array, tail: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(input.length + tail.length)
  bytes.set(input)
  bytes.set(tail, input.length)
  return bytes
}
