/**
 * What a handshake comes by: the seam between the decisions, which are the same for all versions of HTTP, and how each of
 * them carries a request and its answer. RFC 6455 4.2; RFC 8441 5.
 */
import type { Duplex } from 'node:stream'
import type { HandshakeOffer } from '../handshake/handshake-offer.ts'
import type { RequestTarget } from '../handshake/host.ts'
import type { Rejection } from '../handshake/rejection.ts'
import type { AcceptAnswer } from '../handshake/server-handshake.ts'
import type { RawRequest } from './raw-request.ts'

/** A request that has passed every check, as far as all versions of HTTP have it. */
export type Handshake = RequestTarget & HandshakeOffer

/** Who wants to come in, and over what. */
export interface UpgradeTransport {
  readonly request: RawRequest
  readonly stream: Duplex
  /** What came in the same segment as the request. */
  readonly head: Uint8Array | undefined
  /** The client's address, be it behind proxies. */
  readonly remoteAddress: string | undefined
  /** The status that lets in. */
  readonly openStatus: 101 | 200
  /** Check the request; called once, before `accept`. */
  read(): Handshake | Rejection
  /**
   * Make the answer that lets the client in; what is returned sends it.
   * @throws TypeError for what cannot be sent.
   */
  accept(answer: AcceptAnswer): () => void
  /** Answer with an error, and end the stream. */
  refuse(rejection: Rejection): void
}
