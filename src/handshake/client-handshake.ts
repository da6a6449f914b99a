/**
 * The client's side of an opening handshake over HTTP/1.1: the request to send, and every check of the answer.
 * RFC 6455 4.1.
 */
import type { AgreedExtension, ClientExtension, ExtensionOffer } from '../protocol/extension.ts'
import { acceptKey, isValidKey } from './accept-key.ts'
import { confirmExtensions, confirmProtocol } from './answer-check.ts'
import { HandshakeFailure } from './handshake-failure.ts'
import { formatFields, isFieldValue, quoted, readHeaderInput, valuesOf } from './header-fields.ts'
import type { HeaderField, HeaderInput } from './header-fields.ts'
import { equalsIgnoringCase, formatExtensionList, isToken, listContains } from './header-grammar.ts'
import { isHost, isResourceName } from './host.ts'
import { hasField } from './rejection.ts'
import { isHandshakeField } from './server-handshake.ts'

/** What a client may ask for in any version of HTTP. */
export interface ClientOffer {
  /** The subprotocols, the most wanted first; unique tokens. Default: none. */
  readonly protocols?: readonly string[] | undefined
  /** The extensions, the most wanted first. Default: none. */
  readonly extensions?: readonly ExtensionOffer[] | undefined
  /** Serialized origin; only web pages have one. Default: none. */
  readonly origin?: string | undefined
  /** Further header fields. `Host` replaces the one above; what the handshake writes itself is refused. Default: none. */
  readonly headers?: HeaderInput | undefined
}

/** A handshake to ask for. */
export interface ClientRequest extends ClientOffer {
  /** The path and query. */
  readonly target: string
  /** The host, with its port unless it is the default one. */
  readonly host: string
  /** A fresh `generateKey()`. */
  readonly key: string
}

/** An answer as Node parsed it. */
export interface ResponseHead {
  readonly statusCode: number
  readonly httpVersionMajor: number
  readonly httpVersionMinor: number
  readonly rawHeaders: readonly string[]
}

/** What the request asked for. */
export interface ExpectedAnswer {
  readonly key: string
  readonly protocols: readonly string[]
  readonly extensions: readonly ClientExtension[]
}

/** What both sides have agreed on. */
export interface ClientAgreement {
  /** The subprotocol, the empty string for none. */
  readonly protocol: string
  /** The extensions in the order of the answer. */
  readonly agreed: readonly AgreedExtension[]
}

/**
 * Make the header fields of a request, to be given to `node:http` or written by `buildRequest`. RFC 6455 4.1, the first list.
 * @throws TypeError for anything that could not be sent as it is, or that is not the caller's to set.
 */
export function requestFields(request: ClientRequest): HeaderField[] {
  const { host, key } = request
  if (!isHost(host)) throw new TypeError(`host ${quoted(host)}, a host and perhaps a port is required`)
  if (!isValidKey(key)) throw new TypeError('key must be 16 bytes in base64')
  const further = readHeaderInput(request.headers, isHandshakeField)
  return [
    ['Host', takeHost(further) ?? host],
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Key', key],
    ['Sec-WebSocket-Version', '13'],
    ...offerFields(request, further),
    ...further,
  ]
}

/** Take the caller's own Host out of the further fields. */
function takeHost(further: HeaderField[]): string | undefined {
  const at = further.findIndex(([name]) => name.toLowerCase() === 'host')
  if (at === -1) return undefined
  const [[, host]] = further.splice(at, 1) as [HeaderField]
  if (!isHost(host)) throw new TypeError(`header Host ${quoted(host)}, a host and perhaps a port is required`)
  if (hasField(further, 'host')) throw new TypeError('header Host more than once, exactly one is required')
  return host
}

/** The fields that are the same over HTTP/2: Origin, Sec-WebSocket-Protocol, Sec-WebSocket-Extensions. */
export function offerFields(offer: ClientOffer, further: readonly HeaderField[]): HeaderField[] {
  const { origin, protocols = [], extensions = [] } = offer
  const fields: HeaderField[] = []
  if (origin !== undefined) {
    if (typeof origin !== 'string' || !isFieldValue(origin))
      throw new TypeError(`origin ${quoted(origin)}, a string of visible ASCII is required`)
    if (hasField(further, 'origin')) throw new TypeError('origin is given twice, as an option and as a header')
    fields.push(['Origin', origin])
  }
  requireProtocols(protocols)
  if (protocols.length > 0) fields.push(['Sec-WebSocket-Protocol', protocols.join(', ')])
  if (extensions.length > 0) fields.push(['Sec-WebSocket-Extensions', formatExtensionList(extensions)])
  return fields
}

/**
 * Check the subprotocols a client is going to ask for. RFC 6455 4.1, item 10: tokens, and all unique.
 * @throws TypeError otherwise.
 */
function requireProtocols(protocols: readonly string[]): void {
  for (const protocol of protocols)
    if (typeof protocol !== 'string' || !isToken(protocol))
      throw new TypeError(`subprotocol ${quoted(protocol)}, a token is required (RFC 6455 4.1)`)
  if (new Set(protocols).size !== protocols.length)
    throw new TypeError(
      `subprotocols ${protocols.map((one) => quoted(one)).join(', ')}, each may stand there once (RFC 6455 4.1)`,
    )
}

/**
 * Write the request. RFC 6455 4.1.
 * @throws TypeError for a target that is not a path (with a query, without a fragment), and as `requestFields` does.
 */
export function buildRequest(request: ClientRequest): string {
  requireTarget(request.target)
  return `GET ${request.target} HTTP/1.1\r\n${formatFields(requestFields(request))}\r\n`
}

/** @throws TypeError for anything but a path (with a query, without a fragment) in ASCII. */
export function requireTarget(target: string): void {
  if (!isResourceName(target) || !isFieldValue(target))
    throw new TypeError(`target ${quoted(target)}, a path in ASCII without a fragment is required`)
}

/** Check an answer to the end. RFC 6455 4.1: the client MUST fail the connection unless every one of these holds. */
export function checkResponse(
  response: ResponseHead,
  expected: ExpectedAnswer,
): ClientAgreement | { readonly failure: HandshakeFailure } {
  const failure =
    checkStatus(response) ?? checkUpgrade(response.rawHeaders) ?? checkAccept(response.rawHeaders, expected.key)
  return failure === undefined ? checkAgreement(response.rawHeaders, expected) : { failure }
}

function checkStatus({ statusCode, httpVersionMajor, httpVersionMinor }: ResponseHead): HandshakeFailure | undefined {
  if (statusCode !== 101)
    return new HandshakeFailure('status', `the server answered with status ${statusCode}, 101 is required`)
  if (httpVersionMajor !== 1 || httpVersionMinor < 1)
    return new HandshakeFailure('http-version', `HTTP/${httpVersionMajor}.${httpVersionMinor}, 1.1 is required`)
  return undefined
}

function checkUpgrade(rawHeaders: readonly string[]): HandshakeFailure | undefined {
  // Item 2 asks for a value that is "websocket", item 3 for a list that contains "Upgrade".
  const upgrade = valuesOf(rawHeaders, 'upgrade')
  const [protocol] = upgrade
  if (protocol === undefined || upgrade.length > 1 || !equalsIgnoringCase(protocol, 'websocket'))
    return new HandshakeFailure('upgrade', `Upgrade ${seen(upgrade)}, websocket is required`)
  const connection = valuesOf(rawHeaders, 'connection')
  if (!connection.some((value) => listContains(value, 'upgrade')))
    return new HandshakeFailure('connection', `Connection ${seen(connection)}, Upgrade is required`)
  return undefined
}

function seen(values: readonly string[]): string {
  return values.length === 0 ? 'missing' : quoted(values.join(', '))
}

function checkAccept(rawHeaders: readonly string[], key: string): HandshakeFailure | undefined {
  const accepts = valuesOf(rawHeaders, 'sec-websocket-accept')
  const [accept] = accepts
  if (accept === undefined) return new HandshakeFailure('accept-missing', 'no Sec-WebSocket-Accept, one is required')
  if (accepts.length > 1)
    return new HandshakeFailure('accept-duplicated', `${accepts.length} Sec-WebSocket-Accept headers, exactly one`)
  if (accept.trim() !== acceptKey(key))
    return new HandshakeFailure('accept-mismatch', 'Sec-WebSocket-Accept does not answer the key that was sent')
  return undefined
}

/** The checks that are the same over HTTP/2: extensions and subprotocol. */
export function checkAgreement(
  rawHeaders: readonly string[],
  expected: Pick<ExpectedAnswer, 'protocols' | 'extensions'>,
): ClientAgreement | { readonly failure: HandshakeFailure } {
  const agreed = confirmExtensions(valuesOf(rawHeaders, 'sec-websocket-extensions'), expected.extensions)
  if (agreed instanceof HandshakeFailure) return { failure: agreed }
  const protocol = confirmProtocol(valuesOf(rawHeaders, 'sec-websocket-protocol'), expected.protocols)
  if (protocol instanceof HandshakeFailure) return { failure: protocol }
  return { protocol, agreed }
}
