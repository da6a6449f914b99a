/**
 * The limits of HTTP/2 sessions, for a server that listens by itself. RFC 9113 5.1.2, 9.1.
 */
import type { TlsOptions } from 'node:tls'
import { checkCount, checkTimeout, defaults } from './limits.ts'

export interface Http2Options {
  /** Streams of one session at once, each a socket; a client keeps further ones back. Default 256. RFC 9113 5.1.2. */
  readonly maxConcurrentStreams?: number
  /** Milliseconds that a session may be without a stream; then it gets GOAWAY. 0 for ever. Default 60,000. */
  readonly sessionIdleTimeout?: number
}

/** Options, checked and completed. */
export type Http2Settings = Required<Http2Options>

/** @throws TypeError or RangeError that names the option. */
export function checkHttp2(http2: unknown, tls: TlsOptions | undefined): Http2Settings | undefined {
  if (http2 === undefined || http2 === false) return undefined
  if (http2 !== true && (typeof http2 !== 'object' || http2 === null)) {
    throw new TypeError('http2 must be true, false or its options')
  }
  if (tls === undefined) {
    throw new TypeError(
      'http2 needs tls, or a server of http2.createServer() given to attach where a proxy has ended TLS',
    )
  }
  const { maxConcurrentStreams, sessionIdleTimeout } = http2 === true ? ({} as Http2Options) : (http2 as Http2Options)
  return {
    maxConcurrentStreams: checkCount(
      'http2.maxConcurrentStreams',
      maxConcurrentStreams ?? defaults.maxConcurrentStreams,
      1,
    ),
    sessionIdleTimeout: checkTimeout('http2.sessionIdleTimeout', sessionIdleTimeout ?? defaults.sessionIdleTimeout, 0),
  }
}
