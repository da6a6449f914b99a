/**
 * The URL and the subprotocols of a client, checked as the browser's constructor does. WHATWG WebSockets 3.1; RFC 6455 3.
 */
import { isToken } from '../handshake/header-grammar.ts'

const SCHEMES: ReadonlyMap<string, string> = new Map([
  ['http:', 'ws:'],
  ['https:', 'wss:'],
])

/** @throws DOMException SyntaxError for anything but ws:, wss:, http: and https:, and for a fragment. */
export function parseWebSocketUrl(text: string | URL): URL {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw new DOMException(`'${text}' is no URL`, 'SyntaxError')
  }
  const scheme = SCHEMES.get(url.protocol)
  if (scheme !== undefined) url = new URL(scheme + url.href.slice(url.protocol.length))
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:') {
    throw new DOMException(`scheme ${url.protocol} of '${text}', ws: or wss: is required`, 'SyntaxError')
  }
  // RFC 6455 3: fragment identifiers MUST NOT be used.
  if (url.hash !== '' || url.href.endsWith('#')) {
    throw new DOMException(`'${text}' has a fragment, which means nothing here`, 'SyntaxError')
  }
  return url
}

/** @throws DOMException SyntaxError unless all are tokens and none stands twice. RFC 6455 4.1, item 10. */
export function requireProtocols(protocols: readonly string[]): void {
  const seen = new Set<string>()
  for (const protocol of protocols) {
    if (typeof protocol !== 'string' || !isToken(protocol)) {
      throw new DOMException(`subprotocol '${protocol}' is no token`, 'SyntaxError')
    }
    if (seen.has(protocol)) throw new DOMException(`subprotocol '${protocol}' stands there twice`, 'SyntaxError')
    seen.add(protocol)
  }
}
