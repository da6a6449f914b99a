/**
 * Hosts and request targets, as they stand in a handshake. RFC 3986 3.2 (host and port), RFC 9112 3.2 (forms of the
 * request target), RFC 6455 3 (what a WebSocket URI may hold).
 */

/** RFC 3986 3.2.2, 3.2.3: a name, an IPv4 address or an IPv6 address in brackets, then perhaps a port. No user, no path. */
const HOST = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9\-._~%!$&'()*+,;=]+)(?::\d*)?$/

/** RFC 9112 3.2.1: a path and perhaps a query. RFC 6455 3: fragments MUST NOT be used. */
// eslint-disable-next-line no-control-regex -- control characters are what it keeps out
const ORIGIN_FORM = /^\/[^\x00-\x20#\x7f]*$/

/** RFC 9112 3.2.2: the form that proxies get, and that every server MUST accept. */
const ABSOLUTE_FORM = /^(?:https?|wss?):\/\/([^/?#]*)(.*)$/i

/** The ports that are left out of an origin and of a Host header. RFC 6455 3, RFC 9110 4.2. */
const DEFAULT_PORTS: readonly (readonly [scheme: string, port: string])[] = [
  ['http', ':80'],
  ['https', ':443'],
  ['ws', ':80'],
  ['wss', ':443'],
]

/** What a request asks for: the resource (path and query) and the host that is to serve it. */
export interface RequestTarget {
  readonly resource: string
  readonly host: string
}

/** Tell whether a text can stand in a Host header: a host and perhaps a port. */
export function isHost(text: string): boolean {
  return HOST.test(text)
}

/** Tell whether a text is a path with perhaps a query. RFC 6455 3, "resource name". */
export function isResourceName(text: string): boolean {
  return ORIGIN_FORM.test(text)
}

/** Bring both forms of a request target to one; `undefined` for any other form. RFC 6455 4.2.1, item 1. */
export function parseRequestTarget(target: string, host: string): RequestTarget | undefined {
  if (isResourceName(target)) return { resource: target, host }
  const absolute = ABSOLUTE_FORM.exec(target)
  if (absolute === null) return undefined
  const [, authority = '', rest = ''] = absolute
  const resource = rest.startsWith('/') ? rest : `/${rest}`
  // RFC 9112 3.2.2: the Host header MUST be ignored in favour of the target.
  return isHost(authority) && isResourceName(resource) ? { resource, host: authority } : undefined
}

/** Bring a host to the form in which two can be compared: lower case, without the default port of the scheme. */
export function normalizeHost(host: string, scheme: string): string {
  const lower = host.toLowerCase()
  if (lower.endsWith(':')) return lower.slice(0, -1)
  for (const [name, port] of DEFAULT_PORTS)
    if (name === scheme && lower.endsWith(port)) return lower.slice(0, -port.length)
  return lower
}
