/**
 * Every MUST that a peer can break on an open connection: one row each, with its section, the close code that answers it,
 * and a sentence. RFC 6455 sections 5, 7 and 8; RFC 7692 sections 6 and 7; the codes are those of 7.4.1.
 */
import { CloseCode } from './close-code.ts'

/** One row of the catalogue. */
export interface Violation {
  /** A stable name for programs and logs. */
  readonly id: string
  /** Where the MUST stands. */
  readonly section: string
  /** What the Close frame that answers it carries. */
  readonly closeCode: number
  /** What the standard (or a limit of this endpoint) requires. */
  readonly rule: string
}

function row(id: string, section: string, closeCode: number, rule: string): Violation {
  return { id, section, closeCode, rule }
}

const {
  ProtocolError: PROTOCOL,
  InvalidPayloadData: PAYLOAD,
  MessageTooBig: TOO_BIG,
  PolicyViolation: POLICY,
} = CloseCode

/** The catalogue, in the order of the standard. */
export const Violations = {
  UnmaskedFromClient: row('unmasked-from-client', 'RFC 6455 5.1', PROTOCOL, 'a client MUST mask every frame it sends'),
  MaskedFromServer: row('masked-from-server', 'RFC 6455 5.1', PROTOCOL, 'a server MUST NOT mask any frame it sends'),
  ReservedBits: row(
    'reserved-bits',
    'RFC 6455 5.2',
    PROTOCOL,
    'RSV1, RSV2 and RSV3 MUST be 0 unless an extension was negotiated that defines them',
  ),
  ReservedOpcode: row('reserved-opcode', 'RFC 6455 5.2', PROTOCOL, 'the opcodes 3-7 and 11-15 are reserved'),
  LengthNotMinimal: row(
    'length-not-minimal',
    'RFC 6455 5.2',
    PROTOCOL,
    'the minimal number of bytes MUST be used to encode the payload length',
  ),
  LengthHighBit: row(
    'length-high-bit',
    'RFC 6455 5.2',
    PROTOCOL,
    'the most significant bit of a 64-bit payload length MUST be 0',
  ),
  OrphanContinuation: row(
    'orphan-continuation',
    'RFC 6455 5.4',
    PROTOCOL,
    'a continuation frame MUST follow a data frame whose FIN bit is 0',
  ),
  InterleavedMessage: row(
    'interleaved-message',
    'RFC 6455 5.4',
    PROTOCOL,
    'the fragments of one message MUST NOT be interleaved with those of another',
  ),
  ControlFragmented: row('control-fragmented', 'RFC 6455 5.5', PROTOCOL, 'control frames MUST NOT be fragmented'),
  ControlTooLong: row(
    'control-too-long',
    'RFC 6455 5.5',
    PROTOCOL,
    'control frames MUST have a payload of 125 bytes or less',
  ),
  ClosePayloadTooShort: row(
    'close-payload-too-short',
    'RFC 6455 5.5.1',
    PROTOCOL,
    'the body of a Close frame MUST be empty or begin with a 2-byte code',
  ),
  InvalidCloseCode: row(
    'invalid-close-code',
    'RFC 6455 7.4',
    PROTOCOL,
    'a Close frame may carry 1000-1003, 1007-1014 and 3000-4999 only',
  ),
  CloseReasonNotUtf8: row(
    'close-reason-not-utf8',
    'RFC 6455 5.5.1',
    PAYLOAD,
    'the reason of a Close frame MUST be UTF-8',
  ),
  TextNotUtf8: row('text-not-utf8', 'RFC 6455 8.1', PAYLOAD, 'a text message MUST be valid UTF-8'),
  CompressedControl: row(
    'compressed-control',
    'RFC 7692 6.1',
    PROTOCOL,
    'an endpoint MUST NOT set the Per-Message Compressed bit of control frames',
  ),
  CompressedContinuation: row(
    'compressed-continuation',
    'RFC 7692 6.1',
    PROTOCOL,
    'an endpoint MUST NOT set the Per-Message Compressed bit of a non-first fragment',
  ),
  NotDecodable: row('not-decodable', 'RFC 7692 7.2.2', PAYLOAD, 'the payload MUST be what the extension can decode'),
  MessageTooBig: row('message-too-big', 'RFC 6455 10.4', TOO_BIG, 'a message may not be larger than the limit'),
  TooManyFragments: row(
    'too-many-fragments',
    'RFC 6455 10.4',
    POLICY,
    'a message may not have more fragments than the limit',
  ),
} as const satisfies Record<string, Violation>

/** What the peer did, as the `error` of a failed connection: the row and the sentence with the figures. */
export class ProtocolError extends Error {
  readonly violation: Violation
  /** The close code that stands for it. */
  readonly closeCode: number

  constructor(violation: Violation, seen: string, closeCode: number = violation.closeCode) {
    super(`${seen}: ${violation.rule} (${violation.section})`)
    this.name = 'ProtocolError'
    this.violation = violation
    this.closeCode = closeCode
  }
}
