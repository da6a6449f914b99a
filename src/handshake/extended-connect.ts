/**
 * The opening handshake over HTTP/2, both sides: an extended CONNECT instead of an upgrade, a 2xx instead of a 101, and
 * otherwise the same decisions. RFC 8441 4 and 5; RFC 9113 8.2.2.
 */
import { acceptKey, isValidKey } from './accept-key.ts'
import { checkAgreement, offerFields, requireTarget } from './client-handshake.ts'
import type { ClientAgreement, ClientOffer, ExpectedAnswer } from './client-handshake.ts'
import { HandshakeFailure } from './handshake-failure.ts'
import { checkNoBody, checkVersion, malformed, readOffer } from './handshake-offer.ts'
import type { HandshakeOffer } from './handshake-offer.ts'
import { isFieldValue, quoted, readHeaderInput, valuesOf } from './header-fields.ts'
import type { HeaderField } from './header-fields.ts'
import { isHost, isResourceName } from './host.ts'
import type { RequestTarget } from './host.ts'
import { selectProtocol } from './negotiation.ts'
import { Rejection } from './rejection.ts'
import { isHandshakeField } from './server-handshake.ts'
import type { AcceptAnswer } from './server-handshake.ts'

/** The head of a stream: the flat list that `node:http2` hands to 'stream', and whether the client has ended it already. */
export interface ConnectHead {
  readonly rawHeaders: readonly string[]
  /** END_STREAM came with the headers (`stream.endAfterHeaders`). */
  readonly endStream: boolean
}

/** A handshake over HTTP/2 that has passed every check. */
export interface ExtendedConnect extends RequestTarget, HandshakeOffer {
  readonly scheme: string
  /** RFC 8441 5 does without the key, but some clients send one and wait for its Accept. */
  readonly key: string | undefined
}

/** Header fields for `node:http2`: lower-case names, no prototype. */
export type Http2Headers = Record<string, string | string[] | number>

/** Read an extended CONNECT. RFC 8441 4, 5. */
export function readExtendedConnect({ rawHeaders, endStream }: ConnectHead): ExtendedConnect | Rejection {
  const [method = ''] = valuesOf(rawHeaders, ':method')
  const [protocol] = valuesOf(rawHeaders, ':protocol')
  if (method !== 'CONNECT' || protocol === undefined)
    return new Rejection(405, `The method was ${quoted(method)}, an extended CONNECT is required.`)
  // RFC 9220 3: 501 for a protocol that is not supported.
  if (protocol !== 'websocket')
    return new Rejection(501, `The :protocol was ${quoted(protocol)}, websocket is required.`)
  if (endStream) return malformed('The stream ended with its headers, a WebSocket needs it open.')
  const target = readPseudoHeaders(rawHeaders)
  if (target instanceof Rejection) return target
  const offer = checkVersion(rawHeaders) ?? checkNoBody(rawHeaders) ?? readOffer(rawHeaders)
  if (offer instanceof Rejection) return offer
  const { origin, protocols, extensions } = offer
  const keys = valuesOf(rawHeaders, 'sec-websocket-key')
  const key = keys.length === 1 && isValidKey(keys[0] as string) ? keys[0] : undefined
  return { ...target, key, origin, protocols, extensions }
}

/** RFC 8441 4: a request with :protocol MUST also have :scheme and :path. */
function readPseudoHeaders(rawHeaders: readonly string[]): (RequestTarget & { readonly scheme: string }) | Rejection {
  const [scheme = ''] = valuesOf(rawHeaders, ':scheme')
  if (scheme !== 'https' && scheme !== 'http')
    return malformed(`The :scheme was ${quoted(scheme)}, https or http is required.`)
  const [resource = ''] = valuesOf(rawHeaders, ':path')
  if (!isResourceName(resource))
    return malformed(`The :path was ${quoted(resource)}, a path without a fragment is required.`)
  // RFC 9113 8.3.1: who translates from HTTP/1.1 may keep Host instead of :authority.
  const host = valuesOf(rawHeaders, ':authority')[0] ?? valuesOf(rawHeaders, 'host')[0] ?? ''
  if (!isHost(host)) return malformed(`The :authority was ${quoted(host)}, a host and perhaps a port is required.`)
  return { scheme, host, resource }
}

/** RFC 9113 8.2.2: fields that speak of one connection MUST NOT be in HTTP/2. */
function isConnectionField(lowerName: string): boolean {
  return (
    lowerName === 'connection' ||
    lowerName === 'upgrade' ||
    lowerName === 'keep-alive' ||
    lowerName === 'proxy-connection' ||
    lowerName === 'transfer-encoding' ||
    lowerName === 'te'
  )
}

function isReserved(lowerName: string): boolean {
  return isHandshakeField(lowerName) || isConnectionField(lowerName)
}

/**
 * Make the header fields of the answer that opens the connection, for `stream.respond`. RFC 8441 5.
 * @throws TypeError for a subprotocol that was not offered, and for header fields that cannot be sent or are not the
 * application's to set.
 */
export function acceptExtendedConnect(
  handshake: Pick<ExtendedConnect, 'key' | 'protocols'>,
  { protocol, extensionsHeader, headers }: AcceptAnswer = {},
): Http2Headers {
  const chosen = selectProtocol(handshake.protocols, protocol)
  const answer = createHeaders({ ':status': 200 })
  if (handshake.key !== undefined) answer['sec-websocket-accept'] = acceptKey(handshake.key)
  if (chosen !== undefined) answer['sec-websocket-protocol'] = chosen
  if (extensionsHeader !== undefined) {
    if (!isFieldValue(extensionsHeader))
      throw new TypeError(`extensionsHeader ${quoted(extensionsHeader)}, visible ASCII is required`)
    answer['sec-websocket-extensions'] = extensionsHeader
  }
  return addFields(answer, readHeaderInput(headers, isReserved))
}

/** Make the header fields of a refusal, for `stream.respond`; its body goes with `stream.end`. */
export function rejectExtendedConnect({ status, headers, body }: Rejection): Http2Headers {
  const answer = createHeaders({ ':status': status })
  addFields(
    answer,
    headers.filter(([name]) => !isConnectionField(name.toLowerCase())),
  )
  answer['content-type'] ??= 'text/plain; charset=utf-8'
  answer['content-length'] = Buffer.byteLength(body)
  return answer
}

/** An extended CONNECT to ask for. */
export interface ConnectRequest extends ClientOffer {
  readonly scheme: 'https' | 'http'
  /** The host, with its port unless it is the default one. */
  readonly authority: string
  /** The path and query. */
  readonly path: string
}

/**
 * Make the header fields of a request, for `session.request`. RFC 8441 5: no Host, Upgrade, Connection, no key.
 * @throws TypeError for anything that could not be sent as it is, or that is not the caller's to set.
 */
export function buildExtendedConnect(request: ConnectRequest): Http2Headers {
  const { scheme, authority, path } = request
  if (scheme !== 'https' && scheme !== 'http')
    throw new TypeError(`scheme ${quoted(scheme)}, https or http is required`)
  if (!isHost(authority)) throw new TypeError(`authority ${quoted(authority)}, a host and perhaps a port is required`)
  requireTarget(path)
  const headers = createHeaders({
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':scheme': scheme,
    ':authority': authority,
    ':path': path,
    'sec-websocket-version': '13',
  })
  const further = readHeaderInput(request.headers, (name) => name === 'host' || isReserved(name))
  return addFields(addFields(headers, offerFields(request, further)), further)
}

/** Check an answer to the end; `rawHeaders` is the third argument of the stream's 'response'. RFC 8441 5. */
export function checkExtendedConnect(
  rawHeaders: readonly string[],
  expected: Pick<ExpectedAnswer, 'protocols' | 'extensions'>,
): ClientAgreement | { readonly failure: HandshakeFailure } {
  const [status = ''] = valuesOf(rawHeaders, ':status')
  // RFC 9110 9.3.6: any 2xx opens the tunnel.
  if (!/^2\d\d$/.test(status))
    return {
      failure: new HandshakeFailure('status', `the server answered with status ${quoted(status)}, 2xx is required`),
    }
  return checkAgreement(rawHeaders, expected)
}

function createHeaders(fields: Http2Headers): Http2Headers {
  return Object.assign(Object.create(null) as Http2Headers, fields)
}

function addFields(headers: Http2Headers, fields: readonly HeaderField[]): Http2Headers {
  for (const [name, value] of fields) {
    const lower = name.toLowerCase()
    const present = headers[lower]
    if (present === undefined) headers[lower] = value
    else if (Array.isArray(present)) present.push(value)
    else headers[lower] = [String(present), value]
  }
  return headers
}
