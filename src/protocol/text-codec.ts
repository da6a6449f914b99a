/**
 * How text and bytes are turned into each other. The plain functions of utf8.ts do everywhere; a platform that has faster
 * ones hands them in here.
 */
import { decodeUtf8, encodeUtf8, isUtf8, utf8Length } from './utf8.ts'

export interface TextCodec {
  /** Tell whether `bytes[start, end)` is UTF-8. */
  isUtf8(bytes: Uint8Array, start: number, end: number): boolean
  /** Decode `bytes[start, end)`, or `undefined` when it is not UTF-8. */
  decode(bytes: Uint8Array, start: number, end: number): string | undefined
  /** Tell how many bytes the text takes; a lone surrogate counts as U+FFFD. */
  byteLength(text: string): number
  /** Encode into bytes of their own. */
  toUtf8(text: string): Uint8Array
  /** Encode at `offset`, where there is room; answer where it ends. */
  encode(text: string, bytes: Uint8Array, offset: number): number
}

/** The codec that runs everywhere. */
export const plainTextCodec: TextCodec = {
  isUtf8,
  decode: (bytes, start, end) => (isUtf8(bytes, start, end) ? decodeUtf8(bytes, start, end) : undefined),
  byteLength: utf8Length,
  toUtf8(text) {
    const bytes = new Uint8Array(utf8Length(text))
    encodeUtf8(text, bytes, 0)
    return bytes
  },
  encode: encodeUtf8,
}
