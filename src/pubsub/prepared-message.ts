/**
 * A message made ready for many connections: its frame is encoded once, and deflated once for all that agreed on the same
 * window. RFC 6455 5.2; RFC 7692 7.2.1 for what may be shared.
 */
import type { ExtensionInstance } from '../protocol/extension.ts'
import { FIN_BIT } from '../protocol/frame-header.ts'
import { encodeFrame } from '../protocol/frame-writer.ts'
import { Opcode } from '../protocol/opcode.ts'
import type { Allocate } from '../protocol/payload-buffer.ts'
import type { TextCodec } from '../protocol/text-codec.ts'

/** What the platform lends. */
export interface Encoding {
  readonly codec: TextCodec
  readonly allocate: Allocate
}

export class PreparedMessage {
  /** The message, in UTF-8 if it is text, where it lies in the frame: what it was made from may change. */
  readonly payload: Uint8Array
  readonly isText: boolean
  /** The frame for everybody without an extension. */
  readonly frame: Uint8Array
  readonly #encoding: Encoding
  /** What extensions made of the payload, by what they agreed on; and the frames around that. */
  #encodings: Map<string, Uint8Array> | undefined
  #frames: Map<Uint8Array, Uint8Array> | undefined

  constructor(message: string | Uint8Array, isText: boolean, encoding: Encoding) {
    this.#encoding = encoding
    this.isText = isText
    const bytes = typeof message === 'string' ? encoding.codec.toUtf8(message) : message
    this.frame = encodeFrame(this.#firstByte(), bytes, encoding.allocate)
    this.payload = this.frame.subarray(this.frame.length - bytes.length)
  }

  /** The frame for a connection with this extension, whose context is kept in step. */
  frameFor(extension: ExtensionInstance): Uint8Array {
    if (this.payload.length < extension.threshold) return this.frame
    this.#encodings ??= new Map()
    const encoded = extension.encodeShared(this.payload, this.#encodings)
    return encoded === undefined ? this.frame : this.#frameAround(encoded, extension.rsv)
  }

  #frameAround(encoded: Uint8Array, rsv: number): Uint8Array {
    this.#frames ??= new Map()
    let frame = this.#frames.get(encoded)
    if (frame === undefined) {
      frame = encodeFrame(this.#firstByte() | rsv, encoded, this.#encoding.allocate)
      this.#frames.set(encoded, frame)
    }
    return frame
  }

  #firstByte(): number {
    return FIN_BIT | (this.isText ? Opcode.Text : Opcode.Binary)
  }
}
