/** A message written as frames: cut into fragments, masked or not, compressed or not. RFC 6455 5.2 to 5.4, RFC 7692 6.1. */
import {
  applyMask,
  encodeFrameHeader,
  encodeMaskKey,
  encodedHeaderLength,
  FIN_BIT,
  Opcode,
  RSV1_BIT,
} from '../wire/codec.ts'

export interface FramePlan {
  readonly opcode: Opcode
  readonly payload: Uint8Array
  /** The payload goes out compressed: RSV1 marks the first frame. */
  readonly isCompressed: boolean
  /** How many frames, 1 or more; control frames are always one. */
  readonly fragments: number
  /** The key of each frame, or undefined for frames that are not masked. */
  readonly maskKey: ((frame: number) => number) | undefined
}

export function buildFrames(plan: FramePlan): Uint8Array[] {
  const pieces = cut(plan.payload, plan.fragments)
  return pieces.map((piece, index) => {
    const isFirst = index === 0
    const opcode = isFirst ? plan.opcode : Opcode.Continuation
    const fin = index === pieces.length - 1 ? FIN_BIT : 0
    const rsv1 = isFirst && plan.isCompressed ? RSV1_BIT : 0
    return buildFrame(fin | rsv1 | opcode, piece, plan.maskKey?.(index))
  })
}

function buildFrame(firstByte: number, payload: Uint8Array, maskKey: number | undefined): Uint8Array {
  const isMasked = maskKey !== undefined
  const headerLength = encodedHeaderLength(payload.length, isMasked)
  const bytes = new Uint8Array(headerLength + payload.length)
  const at = encodeFrameHeader(bytes, 0, firstByte, payload.length, isMasked)
  if (isMasked) encodeMaskKey(bytes, at, maskKey)
  bytes.set(payload, headerLength)
  if (isMasked) applyMask(bytes, headerLength, bytes.length, maskKey)
  return bytes
}

/** Cut bytes into this many pieces of nearly the same length. */
function cut(bytes: Uint8Array, count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, index) =>
    bytes.subarray(Math.floor((index * bytes.length) / count), Math.floor(((index + 1) * bytes.length) / count)),
  )
}

/** Frames as one run of bytes. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}

/** Cut a run of bytes where its frames end, by their own length fields. What is left over comes last. */
export function splitFrames(bytes: Uint8Array, lengthOf: (rest: Uint8Array) => number | undefined): Uint8Array[] {
  const frames: Uint8Array[] = []
  let at = 0
  while (at < bytes.length) {
    const rest = bytes.subarray(at)
    const length = lengthOf(rest)
    if (length === undefined || length > rest.length) return [...frames, rest]
    frames.push(rest.subarray(0, length))
    at += length
  }
  return frames
}
