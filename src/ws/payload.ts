/**
 * What applications written for `ws` hand to `send`, turned into what the core takes.
 */
import type { Blob } from 'node:buffer'
import { isWireCloseCode } from '../protocol/close-code.ts'
import { CLOSE_CODE_LENGTH } from '../protocol/close-payload.ts'
import { MAX_SHORT_LENGTH } from '../protocol/frame-header.ts'
import { isBytes, toPayload, type Sendable } from '../node/payload.ts'

/**
 * A string, bytes in any form, a list of Buffers, a number, which stands for its digits, or what `Buffer.from` takes; nothing
 * at all is no bytes.
 */
export type Data = Sendable | number | readonly Uint8Array[] | ArrayLike<number> | Blob | null | undefined | false

/** RFC 6455 5.5. */
const MAX_CONTROL_PAYLOAD = MAX_SHORT_LENGTH
/** RFC 6455 5.5.1. */
const MAX_REASON_LENGTH = MAX_CONTROL_PAYLOAD - CLOSE_CODE_LENGTH

const NOTHING = Buffer.alloc(0)

/** @throws TypeError ERR_INVALID_ARG_TYPE, which is Node's own, for anything else. */
export function readPayload(data: Exclude<Data, Blob>): string | Uint8Array {
  if (typeof data === 'number') return String(data)
  if (typeof data === 'string') return data
  if (data === null || data === undefined || data === false) return NOTHING
  if (isBytes(data)) return toPayload(data)
  if (isFragments(data)) return Buffer.concat(data)
  return Buffer.from(data as ArrayLike<number>)
}

/** A message as `binaryType` 'fragments' hands it out. */
function isFragments(data: unknown): data is readonly Uint8Array[] {
  return Array.isArray(data) && data.length > 0 && data.every((part) => part instanceof Uint8Array)
}

/** What is to stand in a Close frame, by the names of the errors of `ws`. */
export function readClose(
  code: number | undefined,
  reason: string | Uint8Array | undefined,
): { code: number | undefined; reason: string } {
  // A reason alone cannot be sent: RFC 6455 5.5.1.
  if (code === undefined) return { code, reason: '' }
  if (typeof code !== 'number' || !isWireCloseCode(code)) {
    throw new TypeError('First argument must be a valid error code number')
  }
  const text = typeof reason === 'string' || reason === undefined ? (reason ?? '') : Buffer.from(reason).toString()
  if (Buffer.byteLength(text) > MAX_REASON_LENGTH) {
    throw new RangeError(`The message must not be greater than ${MAX_REASON_LENGTH} bytes`)
  }
  return { code, reason: text }
}

/** The body of a ping or pong. */
export function readControl(data: Exclude<Data, Blob>): Uint8Array {
  const payload = readPayload(data)
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload
  checkControlLength(bytes.length)
  return bytes
}

/** @throws RangeError for more bytes than a control frame may carry. RFC 6455 5.5. */
export function checkControlLength(length: number): void {
  if (length > MAX_CONTROL_PAYLOAD) {
    throw new RangeError(`The data size must not be greater than ${MAX_CONTROL_PAYLOAD} bytes`)
  }
}
