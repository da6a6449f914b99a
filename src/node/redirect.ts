/**
 * Where an answer sends the client instead, and whether it may go there. RFC 6455 4.1: a client MAY follow redirects; ours
 * does so only when told. RFC 9110 15.4.
 */
import { mapScheme } from './client-url.ts'
import { HandshakeError, type SeenAnswer } from './handshake-error.ts'

/** RFC 9110 15.4: those that ask for the same request elsewhere, and 303, which for a GET comes to the same. */
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308]

export function isRedirect(status: number | undefined): boolean {
  return status !== undefined && REDIRECTS.includes(status)
}

/** The URL an answer names, or why nobody goes there. */
export function redirectTarget(from: URL, response: SeenAnswer): URL | HandshakeError {
  const { location } = response.headers
  const refuse = (why: string): HandshakeError => new HandshakeError('redirect', why, { response })
  if (location === undefined) return refuse(`status ${response.statusCode} without a Location`)
  if (from.protocol !== 'ws:' && from.protocol !== 'wss:')
    return refuse('a redirect from a Unix socket is not followed')
  if (!URL.canParse(location, httpOf(from))) return refuse('a redirect to something that is no URL')
  const to = mapScheme(new URL(location, httpOf(from)))
  to.hash = ''
  if (to.protocol !== 'ws:' && to.protocol !== 'wss:') {
    return refuse(`a redirect to ${to.protocol}, ws: or wss: is required`)
  }
  // What was to be secret on the way stays so.
  if (from.protocol === 'wss:' && to.protocol === 'ws:') return refuse('a redirect from wss: to ws: is not followed')
  return to
}

/** Whether two URLs belong to the same host: only there may credentials go along. */
export function isSameHost(from: URL, to: URL): boolean {
  return from.host === to.host
}

/** Servers that redirect write http: or a path. */
function httpOf(url: URL): string {
  return url.href.replace(/^ws/, 'http')
}
