/**
 * Errors as applications written for `ws` expect them: with its codes, where it has one for the rule that was broken, and
 * Node's own where there was no connection.
 */
import { HandshakeError } from '../node/handshake-error.ts'
import { ProtocolError, Violations, type Violation } from '../protocol/violation.ts'

const STATES: readonly string[] = ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED']
/** The reserved bits of a frame, as a ProtocolError tells them, of which only the first is set. */
const RSV1_ALONE = /RSV 100/

const CODES: ReadonlyMap<Violation['id'], string> = new Map([
  [Violations.UnmaskedFromClient.id, 'WS_ERR_EXPECTED_MASK'],
  [Violations.MaskedFromServer.id, 'WS_ERR_UNEXPECTED_MASK'],
  [Violations.ReservedBits.id, 'WS_ERR_UNEXPECTED_RSV_2_3'],
  [Violations.CompressedControl.id, 'WS_ERR_UNEXPECTED_RSV_1'],
  [Violations.CompressedContinuation.id, 'WS_ERR_UNEXPECTED_RSV_1'],
  [Violations.ReservedOpcode.id, 'WS_ERR_INVALID_OPCODE'],
  [Violations.OrphanContinuation.id, 'WS_ERR_INVALID_OPCODE'],
  [Violations.InterleavedMessage.id, 'WS_ERR_INVALID_OPCODE'],
  [Violations.LengthHighBit.id, 'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH'],
  [Violations.ControlFragmented.id, 'WS_ERR_EXPECTED_FIN'],
  [Violations.ControlTooLong.id, 'WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH'],
  [Violations.ClosePayloadTooShort.id, 'WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH'],
  [Violations.InvalidCloseCode.id, 'WS_ERR_INVALID_CLOSE_CODE'],
  [Violations.CloseReasonNotUtf8.id, 'WS_ERR_INVALID_UTF8'],
  [Violations.TextNotUtf8.id, 'WS_ERR_INVALID_UTF8'],
  [Violations.MessageTooBig.id, 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'],
  [Violations.TooManyFragments.id, 'WS_ERR_TOO_MANY_BUFFERED_PARTS'],
])

/** Give an error the code that `ws` has for it. */
export function withCode(error: Error): Error & { code?: string } {
  const code = error instanceof ProtocolError ? codeOf(error) : undefined
  return code === undefined ? error : Object.assign(error, { code })
}

function codeOf({ violation, message }: ProtocolError): string | undefined {
  const isRsv1 = violation.id === Violations.ReservedBits.id && RSV1_ALONE.test(message)
  return isRsv1 ? CODES.get(Violations.CompressedControl.id) : CODES.get(violation.id)
}

/**
 * Why a connection did not come about: as Node says it, or as `ws` does where applications look for that, with the `status`,
 * the `headers` and the `body` of a refusal beside it.
 */
export function whyNotOpen(error: Error): Error {
  if (!(error instanceof HandshakeError)) return error
  const { code, cause, status, headers, body } = error
  if ((code === 'network' || code === 'tls') && cause instanceof Error) return cause
  if (code === 'timeout') return new Error('Opening handshake has timed out', { cause: error })
  if (code !== 'status') return error
  return Object.assign(new Error(`Unexpected server response: ${status}`, { cause: error }), { status, headers, body })
}

/** Why nothing can be sent. */
export function notOpen(readyState: number): Error {
  return new Error(`WebSocket is not open: readyState ${readyState} (${STATES[readyState]})`)
}

/** Report what the application threw as Node reports it. */
export function rethrow(error: unknown): void {
  process.nextTick(() => {
    throw error
  })
}

/** Call the application: what it throws is reported, and stops nothing of the connection's. */
export function tell(call: () => void): void {
  try {
    call()
  } catch (error) {
    rethrow(error)
  }
}
