/**
 * Why a connection was closed, as a number. RFC 6455 7.4, and the IANA registry of close codes (11.7) as it stands today.
 */

/** The registered close codes below 3000, by the names of the registry. */
export const CloseCode = {
  NormalClosure: 1000,
  GoingAway: 1001,
  ProtocolError: 1002,
  UnsupportedData: 1003,
  /** Never on the wire: what is reported for a Close frame without a code. RFC 6455 7.1.5. */
  NoStatusReceived: 1005,
  /** Never on the wire: what is reported when no Close frame came at all. RFC 6455 7.1.5. */
  AbnormalClosure: 1006,
  InvalidPayloadData: 1007,
  PolicyViolation: 1008,
  MessageTooBig: 1009,
  /** Sent by clients alone: the server did not agree to an extension the client needs. RFC 6455 7.4.1. */
  MandatoryExtension: 1010,
  InternalError: 1011,
  ServiceRestart: 1012,
  TryAgainLater: 1013,
  BadGateway: 1014,
  /** Never on the wire: what is reported when the TLS handshake failed. RFC 6455 7.4.1. */
  TlsHandshake: 1015,
} as const
export type CloseCode = (typeof CloseCode)[keyof typeof CloseCode]

/** RFC 6455 7.4.2: 0-999 are not used. */
const FIRST_CODE = 1000
/** RFC 6455 7.4.2: 1000-2999 belong to the protocol; this is the last one that the registry has assigned for the wire. */
const LAST_PROTOCOL_CODE = 1014
/** RFC 6455 7.4.2: 3000-3999 are registered by libraries and frameworks, 4000-4999 are for private use. */
const FIRST_APPLICATION_CODE = 3000
const LAST_APPLICATION_CODE = 4999

/**
 * Tell whether a close code may stand in a Close frame. RFC 6455 7.4.1: 1004 is reserved; 1005, 1006 and 1015 MUST NOT be
 * set in a Close frame; 7.4.2: what is not registered is not used.
 */
export function isWireCloseCode(code: number): boolean {
  if (code >= FIRST_APPLICATION_CODE) return code <= LAST_APPLICATION_CODE && Number.isInteger(code)
  if (code < FIRST_CODE || code > LAST_PROTOCOL_CODE) return false
  return (
    Number.isInteger(code) && code !== 1004 && code !== CloseCode.NoStatusReceived && code !== CloseCode.AbnormalClosure
  )
}

const meanings: ReadonlyMap<number, string> = new Map([
  [1000, 'normal closure: the purpose of the connection has been fulfilled'],
  [1001, 'going away: the server goes down or the browser leaves the page'],
  [1002, 'protocol error'],
  [1003, 'unsupported data: a kind of message this endpoint does not accept'],
  [1004, 'reserved; never on the wire'],
  [1005, 'no status: the Close frame carried no code; never on the wire'],
  [1006, 'abnormal closure: no Close frame came; never on the wire'],
  [1007, 'invalid payload: for example text that is not UTF-8'],
  [1008, 'policy violation'],
  [1009, 'message too big to process'],
  [1010, 'mandatory extension: the client needs one the server did not agree to'],
  [1011, 'internal error: the server met a condition it did not expect'],
  [1012, 'service restart'],
  [1013, 'try again later'],
  [1014, 'bad gateway: the upstream server gave an invalid answer'],
  [1015, 'TLS handshake failure; never on the wire'],
])

/** Say in words what a close code means. */
export function describeCloseCode(code: number): string {
  const meaning = meanings.get(code)
  if (meaning !== undefined) return meaning
  if (code >= FIRST_APPLICATION_CODE && code <= 3999)
    return 'registered with IANA by a library, framework or application'
  if (code >= 4000 && code <= LAST_APPLICATION_CODE) return 'private use, by agreement of the two applications'
  if (code >= FIRST_CODE && code < FIRST_APPLICATION_CODE) return 'not assigned by the registry; never on the wire'
  return 'outside the ranges of RFC 6455 7.4.2; never on the wire'
}
