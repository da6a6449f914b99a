/**
 * The URL and the subprotocols of a client, checked as the browser's constructor does, and what a URL says about where to
 * connect. WHATWG WebSockets 3.1; RFC 6455 3.
 */
import { isToken } from '../handshake/header-grammar.ts'

const SCHEMES: ReadonlyMap<string, string> = new Map([
  ['http:', 'ws:'],
  ['https:', 'wss:'],
])
/** A path of the file system, then a colon, then a path of the server: `ws+unix:/run/chat.sock:/rooms?id=7`. */
const UNIX_SCHEME = 'ws+unix:'

/** RFC 6455 3: the ports of ws: and wss: when none is given. */
const DEFAULT_PORT = 80
const DEFAULT_SECURE_PORT = 443

/** Where a URL leads. */
export interface Endpoint {
  readonly isSecure: boolean
  /** For the Host field: with the port unless it is the default one. */
  readonly authority: string
  /** Without the brackets of an IPv6 address. */
  readonly hostname: string
  readonly port: number
  /** The path of a Unix socket; host and port mean nothing then. */
  readonly socketPath: string | undefined
  /** Path and query. */
  readonly target: string
}

/**
 * A relative URL is resolved against the page's own, where there is a page.
 * @throws DOMException SyntaxError for anything but ws:, wss:, http:, https: and ws+unix:, and for a fragment.
 */
export function parseWebSocketUrl(text: string | URL): URL {
  const url = mapScheme(parse(text))
  if (url.protocol === UNIX_SCHEME ? url.host !== '' : url.protocol !== 'ws:' && url.protocol !== 'wss:') {
    throw new DOMException(`scheme of '${url.href}', ws:, wss: or ws+unix:/ is required`, 'SyntaxError')
  }
  // RFC 6455 3: fragment identifiers MUST NOT be used.
  if (url.hash !== '' || url.href.endsWith('#')) {
    throw new DOMException(`'${url.href}' has a fragment, none may stand there`, 'SyntaxError')
  }
  return url
}

/** Write http: as ws: and https: as wss:. */
export function mapScheme(url: URL): URL {
  const scheme = SCHEMES.get(url.protocol)
  return scheme === undefined ? url : new URL(scheme + url.href.slice(url.protocol.length))
}

function parse(text: string | URL): URL {
  const { location } = globalThis as { location?: { href?: unknown } }
  const base = typeof location?.href === 'string' ? location.href : undefined
  try {
    return new URL(text, base)
  } catch {
    throw new DOMException(`'${String(text)}' is no URL`, 'SyntaxError')
  }
}

/** Read off where a checked URL leads. */
export function endpointOf(url: URL): Endpoint {
  if (url.protocol === UNIX_SCHEME) return unixEndpointOf(url)
  const isSecure = url.protocol === 'wss:'
  const port = url.port === '' ? (isSecure ? DEFAULT_SECURE_PORT : DEFAULT_PORT) : Number(url.port)
  const hostname = url.hostname.replace(/^\[(.*)\]$/, '$1')
  return {
    isSecure,
    authority: url.host,
    hostname,
    port,
    socketPath: undefined,
    target: url.pathname + url.search,
  }
}

function unixEndpointOf(url: URL): Endpoint {
  const colon = url.pathname.indexOf(':')
  const path = colon === -1 ? url.pathname : url.pathname.slice(0, colon)
  const target = colon === -1 ? '/' : url.pathname.slice(colon + 1)
  return {
    isSecure: false,
    authority: 'localhost',
    hostname: 'localhost',
    port: DEFAULT_PORT,
    socketPath: decode(path),
    target: (target.startsWith('/') ? target : `/${target}`) + url.search,
  }
}

/** `user:password` of a URL that has them. */
export function credentialsOf(url: URL): string | undefined {
  if (url.username === '' && url.password === '') return undefined
  return `${decode(url.username)}:${decode(url.password)}`
}

/** A percent sign that escapes nothing stands for itself. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Whether the constructor was given subprotocols, as in a browser, rather than options. */
export function isProtocols(given: string | object): given is string | Iterable<string> {
  return typeof given === 'string' || Symbol.iterator in given
}

/** @throws DOMException SyntaxError unless all are tokens and none stands twice. RFC 6455 4.1, item 10. */
export function requireProtocols(protocols: readonly string[]): void {
  const seen = new Set<string>()
  for (const protocol of protocols) {
    if (!isToken(protocol)) throw new DOMException(`subprotocol '${protocol}' is no token`, 'SyntaxError')
    if (seen.has(protocol)) throw new DOMException(`subprotocol '${protocol}' stands there twice`, 'SyntaxError')
    seen.add(protocol)
  }
}
