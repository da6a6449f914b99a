/**
 * A handshake that is accepted, as far as an application has a say in it: the data of the socket to come, the subprotocol and
 * the header fields that go with the answer. RFC 6455 4.2.2.
 */
import type { HeaderInput } from './header-fields.ts'

/** What `upgrade` answers to let a client in. */
export interface Acceptance<Data> {
  /** What `socket.data` will be. */
  readonly data?: Data
  /** The subprotocol, one of those offered. */
  readonly protocol?: string | undefined
  /** Fields to add to the answer. */
  readonly headers?: HeaderInput
}

/**
 * Accept a handshake from `upgrade`, the counterpart of `reject`. It answers what it is given, so that an object by itself
 * says the same.
 * @example accept({ data: { user: 'ada' }, protocol: 'chat.v1', headers: { 'Set-Cookie': 'seen=1' } })
 */
export function accept<Data = undefined>(acceptance: Acceptance<Data> = {}): Acceptance<Data> {
  return acceptance
}
