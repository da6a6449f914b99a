/**
 * The server's side of an opening handshake over HTTP/1.1: a request head in, an agreement or a refusal out, then the text of
 * the answer. RFC 6455 4.2, 4.4; RFC 9112 3.2.
 */
import { acceptKey, isValidKey } from './accept-key.ts'
import { checkNoBody, checkVersion, malformed, readOffer } from './handshake-offer.ts'
import type { HandshakeOffer } from './handshake-offer.ts'
import { formatFields, isFieldValue, quoted, readHeaderInput, valuesOf } from './header-fields.ts'
import type { HeaderInput } from './header-fields.ts'
import { listContains } from './header-grammar.ts'
import { isHost, parseRequestTarget } from './host.ts'
import type { RequestTarget } from './host.ts'
import { selectProtocol } from './negotiation.ts'
import { Rejection } from './rejection.ts'

/** A request head as Node parsed it. `rawHeaders` is flat: name, value, name, value …, duplicates and all. */
export interface RequestHead {
  readonly method: string
  readonly target: string
  readonly httpVersionMajor: number
  readonly httpVersionMinor: number
  readonly rawHeaders: readonly string[]
}

/** A handshake over HTTP/1.1 that has passed every check the standard asks for. */
export interface ServerHandshake extends RequestTarget, HandshakeOffer {
  /** The Sec-WebSocket-Key. */
  readonly key: string
}

/** What the server has decided to answer. */
export interface AcceptAnswer {
  /** One of the offered subprotocols. Default: none. */
  readonly protocol?: string | undefined
  /** `header` of `negotiateExtensions`. Default: none. */
  readonly extensionsHeader?: string | undefined
  /** The application's own header fields. Default: none. */
  readonly headers?: HeaderInput | undefined
}

/**
 * Read a request for an upgrade. RFC 6455 4.2.1: the items of its list. The version (6) comes before the key (5), so that a
 * client of another version learns which one is understood (4.4).
 */
export function readServerHandshake(head: RequestHead): ServerHandshake | Rejection {
  const { method, rawHeaders } = head
  if (method !== 'GET')
    return new Rejection(405, `The method was ${quoted(method)}, GET is required.`, { headers: { Allow: 'GET' } })
  if (head.httpVersionMajor < 1 || (head.httpVersionMajor === 1 && head.httpVersionMinor < 1))
    return malformed(`The request came over HTTP/${head.httpVersionMajor}.${head.httpVersionMinor}, 1.1 is required.`)
  const target = readTarget(head)
  if (target instanceof Rejection) return target
  const key = readUpgrade(rawHeaders)
  if (key instanceof Rejection) return key
  const offer = readOffer(rawHeaders)
  if (offer instanceof Rejection) return offer
  const { resource, host } = target
  const { origin, protocols, extensions } = offer
  return { key, resource, host, origin, protocols, extensions }
}

function readTarget({ target, rawHeaders }: RequestHead): RequestTarget | Rejection {
  const hosts = valuesOf(rawHeaders, 'host')
  const host = hosts[0]
  // RFC 9112 3.2: a request that lacks Host, or has more than one, MUST be answered with 400.
  if (host === undefined || hosts.length > 1)
    return malformed(`The request had ${hosts.length} Host headers, exactly one is required.`)
  if (!isHost(host)) return malformed(`The Host header was ${quoted(host)}, a host and perhaps a port is required.`)
  return (
    parseRequestTarget(target, host) ??
    malformed(`The request target was ${quoted(target)}, a path without a fragment is required.`)
  )
}

/** Items 3 to 6: the headers that ask for this protocol, and that no body is announced. The answer is the key. */
function readUpgrade(rawHeaders: readonly string[]): string | Rejection {
  if (!valuesOf(rawHeaders, 'upgrade').some((value) => listContains(value, 'websocket')))
    return malformed('The Upgrade header must contain websocket.')
  if (!valuesOf(rawHeaders, 'connection').some((value) => listContains(value, 'upgrade')))
    return malformed('The Connection header must contain Upgrade.')
  const version = checkVersion(rawHeaders)
  if (version !== undefined) return version
  // A body would be read as frames by this end and as a body by any proxy in between.
  const body = checkNoBody(rawHeaders)
  if (body !== undefined) return body
  const keys = valuesOf(rawHeaders, 'sec-websocket-key')
  const key = keys[0]
  if (key === undefined || keys.length > 1)
    return malformed(`The request had ${keys.length} Sec-WebSocket-Key headers, exactly one is required.`)
  if (!isValidKey(key)) return malformed('The Sec-WebSocket-Key header must be 16 bytes in base64.')
  return key
}

/** The names a handshake writes itself, and those that would tell of a body a 101 cannot have. RFC 9112 6. */
export function isHandshakeField(lowerName: string): boolean {
  return (
    lowerName.startsWith('sec-websocket-') ||
    lowerName === 'upgrade' ||
    lowerName === 'connection' ||
    lowerName === 'content-length' ||
    lowerName === 'transfer-encoding'
  )
}

/**
 * Write the answer that opens the connection. RFC 6455 4.2.2, item 5.
 * @throws TypeError for a subprotocol that was not offered, and for header fields that cannot be sent or are not the
 * application's to set.
 */
export function renderAccept(
  handshake: Pick<ServerHandshake, 'key' | 'protocols'>,
  { protocol, extensionsHeader, headers }: AcceptAnswer = {},
): string {
  const chosen = selectProtocol(handshake.protocols, protocol)
  const fields = readHeaderInput(headers, isHandshakeField)
  if (extensionsHeader !== undefined && !isFieldValue(extensionsHeader))
    throw new TypeError(`extensionsHeader ${quoted(extensionsHeader)}, visible ASCII is required`)
  return (
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
    `Sec-WebSocket-Accept: ${acceptKey(handshake.key)}\r\n` +
    (chosen === undefined ? '' : `Sec-WebSocket-Protocol: ${chosen}\r\n`) +
    (extensionsHeader === undefined ? '' : `Sec-WebSocket-Extensions: ${extensionsHeader}\r\n`) +
    `${formatFields(fields)}\r\n`
  )
}
