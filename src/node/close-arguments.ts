/**
 * The arguments of `close` as the browser's interface takes them: converted first, then checked, before anything changes.
 * WHATWG WebSockets 3.1, `close`; Web IDL 3.3.1 ([Clamp] unsigned short).
 */
import { MAX_REASON_LENGTH } from '../protocol/close-payload.ts'
import { CloseCode } from '../protocol/close-code.ts'
import { nodeTextCodec } from './platform.ts'

const LARGEST_UNSIGNED_SHORT = 65_535
/** RFC 6455 7.4.2: what applications and libraries have for themselves. */
const OWN_CODES = { first: 3000, last: 4999 } as const

export interface CloseArguments {
  readonly code: number | undefined
  readonly reason: string
}

/**
 * @throws DOMException InvalidAccessError for a code other than 1000 and 3000-4999, SyntaxError for a reason of more than
 * 123 bytes. A reason without a code goes with 1000.
 */
export function readCloseArguments(code: unknown, reason: unknown): CloseArguments {
  const number = code === undefined ? undefined : clamp(Number(code))
  const text = reason === undefined ? '' : String(reason)
  if (number !== undefined && !isOwnCode(number)) {
    throw new DOMException(`close code ${number}, 1000 or 3000-4999 is required`, 'InvalidAccessError')
  }
  const length = nodeTextCodec.byteLength(text)
  if (length > MAX_REASON_LENGTH) {
    throw new DOMException(`close reason of ${length} bytes, at most ${MAX_REASON_LENGTH} fit`, 'SyntaxError')
  }
  return { code: number ?? (text === '' ? undefined : CloseCode.NormalClosure), reason: text }
}

/** Tell whether an application may close with this code. */
export function isOwnCode(code: number): boolean {
  return code === CloseCode.NormalClosure || (code >= OWN_CODES.first && code <= OWN_CODES.last)
}

/** Web IDL: into the range, then to the nearest integer, of two the even one. */
function clamp(value: number): number {
  if (Number.isNaN(value)) return 0
  const inRange = Math.min(Math.max(value, 0), LARGEST_UNSIGNED_SHORT)
  const floor = Math.floor(inRange)
  if (inRange - floor !== 0.5) return Math.round(inRange)
  return floor % 2 === 0 ? floor : floor + 1
}
