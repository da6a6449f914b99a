/**
 * The token that came with a handshake, wherever it stands. A page can set no header of a WebSocket, so it has the
 * subprotocol, a cookie, or the query; the header is for programs. RFC 6750 2.1 and 2.3, RFC 6265 4.2.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { BEARER_PREFIX } from '../protocol/index.ts'

/**
 * The name of the cookie: its own, for a browser sends it unasked, with those of every other program on this host. The
 * prefix binds it to this very host and to TLS, so that no neighbour can set it (draft-ietf-httpbis-rfc6265bis 4.1.3.2).
 */
export const TOKEN_COOKIE = '__Host-barewire-chat'
/** The name of the parameter beside `access_token`. */
const PARAMETER = 'token'
const BEARER = /^Bearer +([^\s,]+)$/i

export interface Handshake {
  /** The request target. */
  readonly url: string
  readonly headers: Pick<IncomingHttpHeaders, 'authorization' | 'cookie'>
  readonly protocols: readonly string[]
}

export interface HandshakeToken {
  readonly token: string
  /** A browser sends a cookie without being asked: one that is no good must not keep anybody out. */
  readonly isCookie: boolean
}

/** The first that is there: subprotocol, header, query, and last the cookie. */
export function tokenOf({ url, headers, protocols }: Handshake): HandshakeToken | undefined {
  const offered = protocols.find((offer) => offer.startsWith(BEARER_PREFIX))?.slice(BEARER_PREFIX.length)
  const token = offered ?? BEARER.exec(headers.authorization ?? '')?.[1] ?? fromQuery(url)
  if (token !== undefined) return { token, isCookie: false }
  const cookie = fromCookie(headers.cookie)
  return cookie === undefined ? undefined : { token: cookie, isCookie: true }
}

/** RFC 6265 4.2.1: pairs with `; ` between them. */
function fromCookie(cookie = ''): string | undefined {
  for (const pair of cookie.split(';')) {
    const [name, value] = pair.trim().split('=', 2)
    if (name === TOKEN_COOKIE && value !== undefined && value !== '') return value
  }
  return undefined
}

function fromQuery(url: string): string | undefined {
  const query = new URLSearchParams(url.split('?', 2)[1] ?? '')
  return query.get('access_token') || query.get(PARAMETER) || undefined
}
