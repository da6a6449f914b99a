/**
 * Why a client's handshake came to nothing: one class for what the network, a proxy and the server may do.
 * RFC 6455 4.1; RFC 9110 15.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { FailureCode } from '../handshake/handshake-failure.ts'

/** How much of the body of a refusal is kept, in bytes. */
export const BODY_KEPT = 4096

/**
 * - the rules an answer may break, as `accept-mismatch`; of them `status` is a refusal, told by `status`, `headers`, `body`;
 * - `timeout`, `aborted`: it took too long, or the caller gave up;
 * - `network`, `tls`: no connection, or none that can be trusted; the `cause` is Node's error;
 * - `malformed`: the answer is no HTTP, or its head is too long;
 * - `http2`: the server does not speak HTTP/2, or takes no WebSockets over it;
 * - `redirect`, `proxy`: a redirect that is not followed, a proxy that does not let through.
 */
export type HandshakeErrorCode =
  FailureCode | 'timeout' | 'aborted' | 'network' | 'tls' | 'malformed' | 'http2' | 'redirect' | 'proxy'

/** An answer as far as it tells why. */
export interface SeenAnswer {
  readonly statusCode?: number | undefined
  readonly headers: IncomingHttpHeaders
}

/** Why a handshake came to nothing. */
export class HandshakeError extends Error {
  /** A stable name. */
  readonly code: HandshakeErrorCode
  /** The status of the answer, when there was one. */
  readonly status: number | undefined
  /** The header fields of the answer, when there was one. */
  readonly headers: IncomingHttpHeaders | undefined
  /** The first 4 KiB of the body of a refusal. */
  readonly body: string | undefined

  constructor(
    code: HandshakeErrorCode,
    message: string,
    seen: { response?: SeenAnswer; body?: string; cause?: unknown } = {},
  ) {
    super(message, seen.cause === undefined ? {} : { cause: seen.cause })
    this.name = 'HandshakeError'
    this.code = code
    this.status = seen.response?.statusCode
    this.headers = seen.response?.headers
    this.body = seen.body
  }
}

/** What Node's TLS errors are called by. */
const TLS_CODE = /^(?:ERR_TLS|ERR_SSL|ERR_OSSL|EPROTO|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|HOSTNAME_MISMATCH)/
/** And those of its parser. */
const PARSER_CODE = /^HPE_/
const HEAD_TOO_LONG = 'HPE_HEADER_OVERFLOW'

/** Say in the handshake's words what Node reports. */
export function fromNodeError(cause: Error): HandshakeError {
  if (cause instanceof HandshakeError) return cause
  const { code = '' } = cause as NodeJS.ErrnoException
  if (code === HEAD_TOO_LONG) return new HandshakeError('malformed', 'the head of the answer is too long', { cause })
  if (PARSER_CODE.test(code)) {
    return new HandshakeError('malformed', `the answer is no HTTP: ${cause.message}`, { cause })
  }
  if (TLS_CODE.test(code)) return new HandshakeError('tls', cause.message, { cause })
  return new HandshakeError('network', describe(cause), { cause })
}

/** When a host has several addresses, Node's error for all of them has a list and an empty message. */
function describe(cause: Error): string {
  if (!(cause instanceof AggregateError)) return cause.message
  return cause.errors.map((error: Error) => error.message).join('; ')
}
