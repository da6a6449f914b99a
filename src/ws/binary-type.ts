/**
 * In which form `ws` hands binary messages over. Text comes as a Buffer, whatever this says.
 */
import { Blob } from 'node:buffer'
import { bufferOf } from '../node/platform.ts'

export type BinaryType = 'nodebuffer' | 'arraybuffer' | 'blob' | 'fragments'

const BINARY_TYPES: readonly string[] = ['nodebuffer', 'arraybuffer', 'blob', 'fragments']

export function isBinaryType(type: unknown): type is BinaryType {
  return typeof type === 'string' && BINARY_TYPES.includes(type)
}

export function inForm(message: Uint8Array, type: BinaryType): Buffer | Buffer[] | ArrayBuffer | Blob {
  switch (type) {
    case 'nodebuffer':
      return bufferOf(message)
    case 'arraybuffer':
      return new Uint8Array(message).buffer
    case 'blob':
      return new Blob([new Uint8Array(message)])
    case 'fragments':
      return [bufferOf(message)]
  }
}
