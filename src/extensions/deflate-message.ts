/**
 * One run of zlib from plain to compressed bytes: at once for small messages, in zlib's thread pool for large ones, with
 * windows that fit. RFC 7692 7.2.1.
 */
import { constants, deflateRaw, deflateRawSync, type ZlibOptions } from 'node:zlib'
import { MIN_DEFLATE_WINDOW_BITS, type DeflateSettings } from './deflate-options.ts'
import { enqueuePoolJob, type PoolJob } from './pool-queue.ts'

/** What one run works with. */
export interface DeflateTask {
  readonly input: Uint8Array
  /** The plain bytes to look back at. */
  readonly history: Uint8Array | undefined
  /** The agreed window, 9 to 15. */
  readonly windowBits: number
  readonly settings: DeflateSettings
}

/** zlib looks back at most so many bytes less than its window (MIN_LOOKAHEAD in deflate.h). */
const WINDOW_MARGIN = 262
/** Room for the block headers of what does not shrink. */
const OUTPUT_MARGIN = 64
/** For up to so many bytes less memory costs no compression, and need not be cleared. */
const SMALL_INPUT = 1024
export const SMALL_MEM_LEVEL = 5

// RFC 1951 3.2.4: a block without compression holds up to 65,535 bytes behind a header of five.
const MOST_STORED = 0xffff
const STORED_HEADER = 5

/** Compress now. The answer ends with the four octets of a flush. */
export function deflateNow(task: DeflateTask): Uint8Array {
  try {
    return deflateRawSync(task.input, zlibOptions(task))
  } catch {
    return store(task.input)
  }
}

/** Compress in zlib's thread pool; the task is asked for when its turn has come. */
export function deflateInPool(jobs: number, prepare: () => DeflateTask, done: (output: Uint8Array) => void): PoolJob {
  return enqueuePoolJob(jobs, (release) => {
    const task = prepare()
    const answer = (output: Uint8Array): void => {
      try {
        done(output)
      } finally {
        release()
      }
    }
    try {
      deflateRaw(task.input, zlibOptions(task), (error, output) => answer(error === null ? output : store(task.input)))
    } catch {
      answer(store(task.input))
    }
  })
}

/** The smallest window, no larger than agreed, that holds so many bytes. */
export function fittedWindowBits(length: number, agreed: number): number {
  const bits = 32 - Math.clz32(Math.min(length + WINDOW_MARGIN, 1 << agreed) - 1)
  return Math.min(agreed, Math.max(MIN_DEFLATE_WINDOW_BITS, bits))
}

function zlibOptions({ input, history, windowBits, settings }: DeflateTask): ZlibOptions {
  const { length } = input
  const { memLevel } = settings
  const options: ZlibOptions = {
    // The memory of a window that fits is made sooner.
    windowBits: fittedWindowBits(length + (history?.length ?? 0), windowBits),
    level: settings.level,
    memLevel: length > SMALL_INPUT ? memLevel : Math.min(memLevel, SMALL_MEM_LEVEL),
    strategy: settings.strategy,
    chunkSize: Math.min(settings.deflateChunkSize, length + OUTPUT_MARGIN),
    // RFC 7692 7.2.1: ends with an empty block without compression.
    finishFlush: constants.Z_SYNC_FLUSH,
  }
  if (history !== undefined && history.length > 0) options.dictionary = history
  return options
}

/** What is left to do when zlib gets no memory: blocks without compression. RFC 1951 3.2.4. */
export function store(input: Uint8Array): Uint8Array {
  const blocks = Math.ceil(input.length / MOST_STORED) + 1
  const output = new Uint8Array(input.length + blocks * STORED_HEADER)
  let to = 0
  // The last block is empty: a flush.
  for (let block = 0; block < blocks; block++) {
    const bytes = input.subarray(block * MOST_STORED, (block + 1) * MOST_STORED)
    const { length } = bytes
    output.set([0x00, length & 0xff, length >> 8, ~length & 0xff, (~length >> 8) & 0xff], to)
    output.set(bytes, to + STORED_HEADER)
    to += STORED_HEADER + length
  }
  return output
}
