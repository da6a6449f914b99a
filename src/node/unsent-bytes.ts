/**
 * How many bytes of an application's messages are not sent yet, without the headers of their frames.
 * WHATWG WebSockets 3.1, `bufferedAmount`.
 */
import { Blob } from 'node:buffer'
import type { DuplexBinding } from './duplex-binding.ts'
import { nodeTextCodec } from './platform.ts'

export class UnsentBytes {
  /** Since nothing was unsent the last time. */
  #added = 0
  /** What came when nothing could be sent any more. WHATWG: it counts all the same, and for ever. */
  #dropped = 0
  /** What was still unsent when the connection ended. */
  #kept = 0

  add(bytes: number): void {
    this.#added += bytes
  }

  drop(bytes: number): void {
    this.#dropped += bytes
  }

  /** Everything that was added has left. */
  allSent(): void {
    this.#added = 0
  }

  /** The connection is about to end. */
  keep(binding: DuplexBinding<unknown>): void {
    this.#kept = Math.max(this.#kept, this.#in(binding))
  }

  /** `binding` is the connection as long as there is one. */
  count(binding: DuplexBinding<unknown> | undefined): number {
    return (binding === undefined ? this.#kept : this.#in(binding)) + this.#dropped
  }

  /** Never more than what the connection holds, which may have left in part, or be smaller because it was deflated. */
  #in(binding: DuplexBinding<unknown>): number {
    return Math.min(this.#added, binding.output.bufferedAmount)
  }
}

/** Bytes of a client's frame without its header. RFC 6455 5.2: two bytes, the extended length and the mask key stand before a client's payload. */
export function withoutHeader(bytes: number): number {
  if (bytes <= 6 + 125) return bytes - 6
  return bytes <= 8 + 65_535 ? bytes - 8 : bytes - 14
}

/** Bytes of a message, as UTF-8 if it is text. */
export function lengthOf(data: string | Uint8Array | Blob): number {
  if (typeof data === 'string') return nodeTextCodec.byteLength(data)
  return data instanceof Blob ? data.size : data.byteLength
}
