/**
 * Errors as applications written for `ws` expect them: with its codes, where it has one for the rule that was broken, and
 * Node's own where there was no connection.
 */
import { HandshakeError } from '../node/handshake-error.ts'
import { ProtocolError, Violations, type Violation } from '../protocol/violation.ts'

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
  const code = error instanceof ProtocolError ? CODES.get(error.violation.id) : undefined
  return code === undefined ? error : Object.assign(error, { code })
}

/** What Node itself says of a connection that did not come about; any other failure of a handshake as it is. */
export function inNodeWords(error: Error): Error {
  const isOfNode = error instanceof HandshakeError && (error.code === 'network' || error.code === 'tls')
  return isOfNode && error.cause instanceof Error ? error.cause : error
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
