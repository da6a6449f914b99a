/**
 * In which form binary messages are handed to an application. WHATWG WebSockets 3.1, `binaryType`.
 */
import { Blob } from 'node:buffer'
import { bufferOf } from './platform.ts'

/** `blob` and `arraybuffer` are the standard's; `nodebuffer` is a Buffer, `bytes` a Uint8Array, and neither is copied. */
export type BinaryType = 'blob' | 'arraybuffer' | 'nodebuffer' | 'bytes'

const BINARY_TYPES: readonly string[] = ['blob', 'arraybuffer', 'nodebuffer', 'bytes']

export function isBinaryType(type: unknown): type is BinaryType {
  return BINARY_TYPES.includes(type as string)
}

export function inForm(bytes: Uint8Array, type: BinaryType): Blob | ArrayBuffer | Uint8Array {
  switch (type) {
    case 'blob':
      return new Blob([bytes])
    case 'arraybuffer':
      return toArrayBuffer(bytes)
    case 'nodebuffer':
      return bufferOf(bytes)
    case 'bytes':
      return bytes
  }
}

/** A message that has its memory for itself is not copied; for small ones `slice` of the buffer takes twice as long. */
function toArrayBuffer(bytes: Uint8Array): ArrayBuffer {
  const { buffer, byteLength } = bytes
  if (byteLength === buffer.byteLength) return buffer as ArrayBuffer
  const copy = new ArrayBuffer(byteLength)
  new Uint8Array(copy).set(bytes)
  return copy
}
