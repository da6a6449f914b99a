/**
 * Why a client fails a handshake that the server has answered: one row for every rule about the answer.
 * RFC 6455 4.1 (the numbered list at its end), 9.1, 11.3.
 */

/** Where each rule stands, by its stable name. */
export const FailureSections = {
  'http-version': 'RFC 6455 4.1',
  status: 'RFC 6455 4.1, item 1',
  upgrade: 'RFC 6455 4.1, item 2',
  connection: 'RFC 6455 4.1, item 3',
  'accept-missing': 'RFC 6455 4.1, item 4',
  'accept-duplicated': 'RFC 6455 11.3.3',
  'accept-mismatch': 'RFC 6455 4.1, item 4',
  'extensions-duplicated': 'RFC 6455 11.3.2',
  'extensions-malformed': 'RFC 6455 9.1',
  'extension-unrequested': 'RFC 6455 4.1, item 5',
  'extension-repeated': 'RFC 6455 9.1',
  'extension-parameters': 'RFC 6455 9.1',
  'extension-bits': 'RFC 6455 9.1',
  'protocol-duplicated': 'RFC 6455 11.3.4',
  'protocol-unrequested': 'RFC 6455 4.1, item 6',
  'protocol-missing': 'WHATWG WebSockets 3.1',
} as const

/** The stable name of a rule that an answer broke. */
export type FailureCode = keyof typeof FailureSections

/** What was wrong with an answer. A value, not an exception: the peer is at fault, not the caller. */
export class HandshakeFailure {
  readonly code: FailureCode
  /** What was seen, what was required. */
  readonly message: string
  /** Where the rule stands. */
  readonly section: string

  constructor(code: FailureCode, message: string) {
    this.code = code
    this.message = message
    this.section = FailureSections[code]
  }
}
