/**
 * What an application may hand to `send`, turned into what the core takes. A number or an object is a mistake, never bytes:
 * libraries that took them for a length have sent the memory of their process.
 */
import { isAnyArrayBuffer } from 'node:util/types'

/** A text message, or bytes in any of the platform's forms. */
export type Sendable = string | ArrayBuffer | SharedArrayBuffer | ArrayBufferView

/** Tell whether a value is bytes in one of those forms. */
export function isBytes(value: unknown): value is Exclude<Sendable, string> {
  return ArrayBuffer.isView(value) || isAnyArrayBuffer(value)
}

/** @throws TypeError for anything else. */
export function toPayload(data: Sendable): string | Uint8Array {
  if (typeof data === 'string' || data instanceof Uint8Array) return data
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  if (isAnyArrayBuffer(data)) return new Uint8Array(data)
  throw new TypeError(`a message must be a string, an ArrayBuffer or a view of one, got ${nameOf(data)}`)
}

/** The same for the body of a ping or pong, where a string stands for its UTF-8. */
export function toBytes(data: Sendable | undefined): Uint8Array | undefined {
  if (data === undefined) return undefined
  const payload = toPayload(data)
  return typeof payload === 'string' ? Buffer.from(payload) : payload
}

function nameOf(value: unknown): string {
  if (value === null) return 'null'
  return typeof value === 'object' ? (value.constructor?.name ?? 'an object') : typeof value
}
