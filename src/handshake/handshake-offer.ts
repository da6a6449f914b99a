/**
 * The part of a request that is the same over every version of HTTP: where it comes from, what it would like to speak, and
 * what makes it no handshake. RFC 6455 4.2.1 items 6 to 9, 11.3; RFC 8441 5.
 */
import type { ExtensionOffer } from '../protocol/extension.ts'
import { quoted, valuesOf } from './header-fields.ts'
import { parseExtensionList, parseTokenList } from './header-grammar.ts'
import { Rejection, upgradeRequired } from './rejection.ts'

/** RFC 6455 4.1, item 9: the version this standard defines. */
const VERSION = '13'

/** What a client says about itself and its wishes. */
export interface HandshakeOffer {
  /** As sent; `undefined` when the client is no web page. */
  readonly origin: string | undefined
  /** The subprotocols, the most wanted first; unique tokens. */
  readonly protocols: readonly string[]
  /** The extensions, the most wanted first. */
  readonly extensions: readonly ExtensionOffer[]
}

/** RFC 6455 4.2.2, item 4, /version/: another one is answered with 426 and the version that is understood; 4.4. */
export function checkVersion(rawHeaders: readonly string[]): Rejection | undefined {
  const versions = valuesOf(rawHeaders, 'sec-websocket-version')
  const version = versions[0]
  if (version === undefined || versions.length > 1)
    return new Rejection(
      400,
      `The request had ${versions.length} Sec-WebSocket-Version headers, exactly one is required.`,
      { headers: { 'Sec-WebSocket-Version': VERSION } },
    )
  if (version === VERSION) return undefined
  return upgradeRequired(`The Sec-WebSocket-Version was ${quoted(version)}, ${VERSION} is required.`)
}

/** Refuse a request that announces a body. */
export function checkNoBody(rawHeaders: readonly string[]): Rejection | undefined {
  const lengths = valuesOf(rawHeaders, 'content-length')
  if (valuesOf(rawHeaders, 'transfer-encoding').length === 0 && lengths.every((length) => /^0+$/.test(length)))
    return undefined
  return malformed('The request announced a body, a handshake has none.')
}

/** Items 7 to 9, which are the same over HTTP/2: where it comes from, and what it would like to speak. */
export function readOffer(rawHeaders: readonly string[]): HandshakeOffer | Rejection {
  const origins = valuesOf(rawHeaders, 'origin')
  if (origins.length > 1) return malformed(`The request had ${origins.length} Origin headers, one at most is allowed.`)
  const protocols = readProtocols(valuesOf(rawHeaders, 'sec-websocket-protocol'))
  if (protocols instanceof Rejection) return protocols
  const extensions = readExtensions(valuesOf(rawHeaders, 'sec-websocket-extensions'))
  if (extensions instanceof Rejection) return extensions
  return { origin: origins[0], protocols, extensions }
}

/** RFC 6455 11.3.4: in a request it may be spread over several lines. 4.1, item 10: tokens, all of them unique. */
function readProtocols(values: readonly string[]): readonly string[] | Rejection {
  if (values.length === 0) return values
  const protocols = new Set<string>()
  for (const value of values) {
    const tokens = parseTokenList(value)
    if (tokens === undefined) return malformed('The Sec-WebSocket-Protocol header must be a list of tokens.')
    for (const token of tokens) {
      if (protocols.has(token))
        return malformed(`The Sec-WebSocket-Protocol header names ${quoted(token)} twice, once at most is allowed.`)
      protocols.add(token)
    }
  }
  return [...protocols]
}

/** RFC 6455 11.3.2: in a request it may be spread over several lines. */
function readExtensions(values: readonly string[]): readonly ExtensionOffer[] | Rejection {
  const extensions: ExtensionOffer[] = []
  for (const value of values) {
    const offers = parseExtensionList(value)
    if (offers === undefined)
      return malformed('The Sec-WebSocket-Extensions header must be a list of extensions with parameters.')
    for (const offer of offers) extensions.push(offer)
  }
  return extensions
}

/** A request that the grammar or the standard does not allow. */
export function malformed(reason: string): Rejection {
  return new Rejection(400, reason)
}
