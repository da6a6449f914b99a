/**
 * Every MUST about a frame header, in one pure function. RFC 6455 5.1, 5.2, 5.4 and 5.5; RFC 7692 6.1.
 */
import { MAX_LENGTH_16, MAX_SHORT_LENGTH, type FrameHeader } from './frame-header.ts'
import { Opcode, isControl, isDefinedOpcode } from './opcode.ts'
import { Violations, type Violation } from './violation.ts'

/** RFC 6455 5.2: the most significant bit of a 64-bit length MUST be 0. */
const FIRST_LENGTH_WITH_HIGH_BIT: number = 2 ** 63

/** What a header is judged by besides itself. */
export interface HeaderContext {
  /** Whether a server reads: what comes to it must be masked, what comes to a client must not. */
  readonly isServer: boolean
  /** The reserved bits that negotiated extensions claim. */
  readonly claimedRsv: number
  /** Whether a message is unfinished: its last frame had FIN 0. */
  readonly inMessage: boolean
}

/** Judge a header: the rule it breaks, or `undefined`. */
export function checkHeader(header: FrameHeader, context: HeaderContext): Violation | undefined {
  // RFC 6455 5.1: a server MUST close the connection upon an unmasked frame, a client upon a masked one.
  if (header.masked !== context.isServer) {
    return context.isServer ? Violations.UnmaskedFromClient : Violations.MaskedFromServer
  }
  // RFC 6455 5.2: an unknown opcode MUST fail the connection.
  if (!isDefinedOpcode(header.opcode)) return Violations.ReservedOpcode
  if (header.rsv !== 0) {
    const violation = checkReservedBits(header, context.claimedRsv)
    if (violation !== undefined) return violation
  }
  if (header.lengthFieldSize !== 1) {
    const violation = checkLengthField(header)
    if (violation !== undefined) return violation
  }
  if (isControl(header.opcode)) {
    // RFC 6455 5.5: all control frames MUST NOT be fragmented and MUST have 125 bytes or less.
    if (!header.fin) return Violations.ControlFragmented
    if (header.payloadLength > MAX_SHORT_LENGTH) return Violations.ControlTooLong
    return undefined
  }
  // RFC 6455 5.4: a continuation continues a message, and nothing but a continuation does.
  if (header.opcode === Opcode.Continuation) return context.inMessage ? undefined : Violations.OrphanContinuation
  return context.inMessage ? Violations.InterleavedMessage : undefined
}

function checkReservedBits(header: FrameHeader, claimed: number): Violation | undefined {
  // RFC 6455 5.2: a nonzero bit that no negotiated extension defines MUST fail the connection.
  if ((header.rsv & ~claimed) !== 0) return Violations.ReservedBits
  // RFC 7692 6.1: the bit marks the first frame of a data message and stands nowhere else.
  if (isControl(header.opcode)) return Violations.CompressedControl
  if (header.opcode === Opcode.Continuation) return Violations.CompressedContinuation
  return undefined
}

function checkLengthField(header: FrameHeader): Violation | undefined {
  if (header.payloadLength >= FIRST_LENGTH_WITH_HIGH_BIT) return Violations.LengthHighBit
  // RFC 6455 5.2: the minimal number of bytes MUST be used to encode the length.
  const longestShorter = header.lengthFieldSize === 3 ? MAX_SHORT_LENGTH : MAX_LENGTH_16
  return header.payloadLength <= longestShorter ? Violations.LengthNotMinimal : undefined
}
