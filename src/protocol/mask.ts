/**
 * Masking and unmasking, which are the same thing: every byte of the payload XOR the byte of the key at its place modulo
 * four. RFC 6455 5.3.
 */

/**
 * From this many bytes on, words pay for finding their alignment: at 125 bytes they are 4 x as fast as the plain loop, at
 * 16 KiB 16 x (bench/micro/mask.ts).
 */
const WORDWISE_FROM = 64
const WORD = 8
const WORDS_A_STEP = 4

/** The key, twice, to be read as one word in the byte order of this machine. */
const keyBytes: Uint8Array = new Uint8Array(WORD)
const keyWord: BigUint64Array = new BigUint64Array(keyBytes.buffer)

/**
 * The bytes that were masked by words last, a view over their memory, and where in it they begin. They are told by their
 * identity: to ask typed arrays for their buffers, or to make a view, would cost more than a small payload itself.
 */
let viewed: Uint8Array = keyBytes
let words: BigUint64Array = keyWord
let viewedOffset = 0

/**
 * Mask or unmask `bytes[start, end)` in place. The key is 32 bits, its first byte highest, and applies from `start`;
 * to go on in the middle of a payload, rotate it first. Four arguments, because a call for each frame must not allocate.
 */
export function applyMask(bytes: Uint8Array, start: number, end: number, maskKey: number): void {
  let at = start
  let key = maskKey
  if (end - at >= WORDWISE_FROM) {
    if (viewed !== bytes) view(bytes)
    const misaligned = (viewedOffset + at) & (WORD - 1)
    if (misaligned !== 0) {
      const aligned = at + WORD - misaligned
      maskBytes(bytes, at, aligned, key)
      key = rotateMaskKey(key, aligned - at)
      at = aligned
    }
    at = maskWords(at, end, key)
  }
  maskBytes(bytes, at, end, key)
}

/** Turn the key so that it applies from a byte that lies `count` bytes further on. */
export function rotateMaskKey(maskKey: number, count: number): number {
  const bits = (count & 3) << 3
  return bits === 0 ? maskKey : (maskKey << bits) | (maskKey >>> (32 - bits))
}

/** Let go of the buffer that was masked last, so that it is not kept alive. */
export function releaseMaskView(): void {
  viewed = keyBytes
  words = keyWord
  viewedOffset = 0
}

function view(bytes: Uint8Array): void {
  const { buffer, byteOffset } = bytes
  viewed = bytes
  viewedOffset = byteOffset
  words = new BigUint64Array(buffer, 0, Math.floor((byteOffset + bytes.length) / WORD))
}

function maskBytes(bytes: Uint8Array, start: number, end: number, maskKey: number): void {
  const key0 = maskKey >>> 24
  const key1 = (maskKey >>> 16) & 0xff
  const key2 = (maskKey >>> 8) & 0xff
  const key3 = maskKey & 0xff
  let at = start
  for (const last = end - 3; at < last; at += 4) {
    bytes[at] = bytes[at]! ^ key0
    bytes[at + 1] = bytes[at + 1]! ^ key1
    bytes[at + 2] = bytes[at + 2]! ^ key2
    bytes[at + 3] = bytes[at + 3]! ^ key3
  }
  if (at < end) bytes[at] = bytes[at]! ^ key0
  if (at + 1 < end) bytes[at + 1] = bytes[at + 1]! ^ key1
  if (at + 2 < end) bytes[at + 2] = bytes[at + 2]! ^ key2
}

/** Mask the viewed bytes from an aligned `start` on, as many whole words as there are before `end`; answer where they end. */
function maskWords(start: number, end: number, maskKey: number): number {
  for (let i = 0; i < WORD; i++) keyBytes[i] = maskKey >>> (24 - ((i & 3) << 3))
  const key = keyWord[0]!
  const array = words
  const last = Math.floor((viewedOffset + end) / WORD)
  let i = (viewedOffset + start) / WORD
  for (const lastStep = last - WORDS_A_STEP + 1; i < lastStep; i += WORDS_A_STEP) {
    array[i] = array[i]! ^ key
    array[i + 1] = array[i + 1]! ^ key
    array[i + 2] = array[i + 2]! ^ key
    array[i + 3] = array[i + 3]! ^ key
  }
  for (; i < last; i++) array[i] = array[i]! ^ key
  return last * WORD - viewedOffset
}
