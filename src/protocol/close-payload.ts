/**
 * The body of a Close frame: nothing, or a code in two bytes and a reason in UTF-8. RFC 6455 5.5.1 and 7.1.5.
 */
import { CloseCode, isWireCloseCode } from './close-code.ts'
import { MAX_SHORT_LENGTH } from './frame-header.ts'
import type { TextCodec } from './text-codec.ts'
import { Violations, type Violation } from './violation.ts'

/** Bytes that the code takes. RFC 6455 5.5.1: a 2-byte unsigned integer in network byte order. */
export const CLOSE_CODE_LENGTH = 2
/** The longest reason, in bytes: what is left of a control frame behind the code. */
export const MAX_REASON_LENGTH: number = MAX_SHORT_LENGTH - CLOSE_CODE_LENGTH

export interface ClosePayload {
  /** 1005 when the body was empty. RFC 6455 7.1.5. */
  readonly code: number
  readonly reason: string
}

/** Read the body of a Close frame, or tell which rule it breaks. */
export function decodeClosePayload(bytes: Uint8Array, codec: TextCodec): ClosePayload | Violation {
  if (bytes.length === 0) return { code: CloseCode.NoStatusReceived, reason: '' }
  if (bytes.length < CLOSE_CODE_LENGTH) return Violations.ClosePayloadTooShort
  const code = (bytes[0]! << 8) | bytes[1]!
  if (!isWireCloseCode(code)) return Violations.InvalidCloseCode
  const reason = codec.decode(bytes, CLOSE_CODE_LENGTH, bytes.length)
  return reason === undefined ? Violations.CloseReasonNotUtf8 : { code, reason }
}

/** Say what stands in a body that breaks a rule, without the reason. */
export function describeClosePayload(bytes: Uint8Array): string {
  if (bytes.length < CLOSE_CODE_LENGTH) return 'Close frame with a payload of 1 byte'
  return `Close frame with code ${(bytes[0]! << 8) | bytes[1]!}`
}

/**
 * Write the body of a Close frame. `code` undefined gives an empty body.
 * @throws RangeError for a code that must not stand on the wire, a reason over 123 bytes, or a reason without a code;
 * TypeError for a reason that is not a string.
 */
export function encodeClosePayload(code: number | undefined, reason: string, codec: TextCodec): Uint8Array {
  if (typeof reason !== 'string') throw new TypeError(`a close reason must be a string, got ${typeof reason}`)
  if (code === undefined) {
    if (reason !== '') throw new RangeError('a close reason needs a close code')
    return new Uint8Array(0)
  }
  if (!isWireCloseCode(code)) {
    throw new RangeError(`close code ${code} must not be sent; 1000-1003, 1007-1014 and 3000-4999 may (RFC 6455 7.4)`)
  }
  const length = codec.byteLength(reason)
  if (length > MAX_REASON_LENGTH) {
    throw new RangeError(`close reason of ${length} bytes, at most ${MAX_REASON_LENGTH} fit (RFC 6455 5.5.1)`)
  }
  const bytes = new Uint8Array(CLOSE_CODE_LENGTH + length)
  bytes[0] = code >> 8
  bytes[1] = code
  codec.encode(reason, bytes, CLOSE_CODE_LENGTH)
  return bytes
}

/** Cut a reason so that it fits into a Close frame, at a character's end. */
export function fitReason(reason: string, codec: TextCodec): string {
  let fitted = reason.slice(0, MAX_REASON_LENGTH)
  while (codec.byteLength(fitted) > MAX_REASON_LENGTH) fitted = fitted.slice(0, -1)
  return fitted.replace(/[\ud800-\udbff]$/, '')
}
