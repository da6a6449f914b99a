/**
 * What Node lends to the sans-I/O core: fast text, memory that is not zeroed first, and unpredictable mask keys.
 */
import { isUtf8 } from 'node:buffer'
import { randomFillSync } from 'node:crypto'
import { encodeUtf8 } from '../protocol/utf8.ts'
import { builtin } from './builtin.ts'
import { Slab } from '../protocol/slab.ts'
import type { Allocate } from '../protocol/payload-buffer.ts'
import type { TextCodec } from '../protocol/text-codec.ts'

/** View bytes as a Buffer, without copying. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** What a decoder writes for bytes that are no UTF-8; also a character of its own. */
const REPLACEMENT = '\ufffd'
/** Below this many units a loop is taken, which spares the call into Node. */
const ENCODE_IN_LOOP_BELOW = 32

/** Node's own functions: decoding shows by itself whether it met anything but UTF-8. */
export const nodeTextCodec: TextCodec = {
  isUtf8: (bytes, start, end) => isUtf8(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end)),
  decode(bytes, start, end) {
    const text = bufferOf(bytes).toString('utf8', start, end)
    // A one-byte string cannot hold the replacement, so for ASCII this search costs nothing.
    if (!text.includes(REPLACEMENT) || isUtf8(bytes.subarray(start, end))) return text
    return undefined
  },
  byteLength: (text) => Buffer.byteLength(text),
  toUtf8: (text) => Buffer.from(text),
  encode(text, bytes, offset) {
    if (text.length < ENCODE_IN_LOOP_BELOW) return encodeUtf8(text, bytes, offset)
    return offset + bufferOf(bytes).write(text, offset)
  },
}

/** A little less than the largest block that glibc's malloc draws conclusions from. */
const LARGE_BLOCK = 32 * 1024 * 1024 - 65_536
let hasShownLargeBlock = false

/**
 * glibc gives the free end of its heap back to the system again and again, and gets it anew, page by page, with the next
 * messages, until it has seen a large block come free (mallopt(3), M_MMAP_THRESHOLD). This one is never written to: it
 * takes no memory, and other allocators make nothing of it. Its gain is in the bench: `16 KiB binary`, `64 KiB binary`.
 */
function showLargeBlock(): void {
  hasShownLargeBlock = true
  Buffer.allocUnsafeSlow(LARGE_BLOCK)
}

/** Small pieces of memory share blocks of this size, as those of Node's own pool do. */
const BLOCK_SIZE = 8192
let block: ArrayBufferLike | undefined
let blockUsed = 0

/**
 * Memory that is not zeroed: the core writes every byte before it reads it. No Buffers, whose `slice` is not a copy, as
 * messages lie in it.
 */
export const allocate: Allocate = (length) => {
  if (length > BLOCK_SIZE / 2) {
    if (!hasShownLargeBlock) showLargeBlock()
    return new Uint8Array(Buffer.allocUnsafeSlow(length).buffer)
  }
  if (block === undefined || blockUsed + length > BLOCK_SIZE) {
    block = Buffer.allocUnsafeSlow(BLOCK_SIZE).buffer
    // Who transfers a message to another thread must not take those of other connections along: it is copied instead, or
    // from Node 21 on the transfer throws.
    builtin.workerThreads.markAsUntransferable(block)
    blockUsed = 0
  }
  const at = blockUsed
  // The next piece begins at a whole word again.
  blockUsed = (at + length + 7) & ~7
  return new Uint8Array(block, at, length)
}

/**
 * Copy bytes that have to wait into memory of their own. Node's pool would be shared with whatever else is copied meanwhile,
 * and a few bytes would keep all of it: 8 KiB up to Node 24, 64 KiB from Node 26 on.
 */
export function ownCopy(bytes: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length)
  copy.set(bytes)
  return copy
}

/** Room for the outgoing frames of all connections of this process. */
export const sharedSlab: Slab = new Slab((length) => Buffer.allocUnsafeSlow(length))

/** Mask keys are drawn this many at a time, so that few frames pay for a call into the random source. */
const KEYS_AT_ONCE = 2048
const keys: Int32Array = new Int32Array(KEYS_AT_ONCE)
let usedKeys = KEYS_AT_ONCE

/** Draw a mask key. RFC 6455 5.3, 10.3: it MUST come from a strong source, so that nobody can predict it. */
export function randomMask(): number {
  if (usedKeys === KEYS_AT_ONCE) {
    randomFillSync(keys)
    usedKeys = 0
  }
  return keys[usedKeys++]!
}
