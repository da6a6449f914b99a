/**
 * One opening handshake as Node sends it: the request of RFC 6455 4.1, over whichever connection leads there.
 */
import type { ClientRequest, RequestOptions } from 'node:http'
import type { Socket } from 'node:net'
import type { ConnectionOptions as TlsOptions } from 'node:tls'
import { requestFields } from '../handshake/client-handshake.ts'
import { buildExtendedConnect, type Http2Headers } from '../handshake/extended-connect.ts'
import type { HeaderField } from '../handshake/header-fields.ts'
import { builtin } from './builtin.ts'
import type { ClientSettings } from './client-options.ts'
import { credentialsOf, endpointOf } from './client-url.ts'
import { defaults } from './limits.ts'
import { openStream } from './open-stream.ts'

/** One request of a handshake: the first, or one after a redirect. */
export interface Hop {
  readonly url: URL
  /** Whether credentials and the application's header fields may go along: not after a redirect to another host. */
  readonly isTrusted: boolean
  readonly key: string
  /** A connection through a proxy. */
  readonly tunnel?: Socket | undefined
}

/**
 * The header fields of a hop.
 * @throws TypeError for what cannot be sent.
 */
export function fieldsFor({ url, isTrusted, key }: Hop, settings: ClientSettings): HeaderField[] {
  const { options, protocols, extensions } = settings
  const { authority, target } = endpointOf(url)
  const fields = requestFields({
    host: authority,
    target,
    key,
    protocols,
    extensions: extensions.flatMap((extension) => extension.offers),
    origin: options.origin,
    headers: isTrusted ? options.headers : undefined,
  })
  const isGiven = fields.some(([name]) => name.toLowerCase() === 'authorization')
  const authorization = authorizationFor({ url, isTrusted }, settings, isGiven)
  if (authorization !== undefined) fields.push(['Authorization', authorization])
  return fields
}

/**
 * The same over HTTP/2.
 * @throws TypeError for what cannot be sent.
 */
export function connectFieldsFor({ url, isTrusted }: Hop, settings: ClientSettings): Http2Headers {
  const { options, protocols, extensions } = settings
  const { authority, target, isSecure } = endpointOf(url)
  const fields = buildExtendedConnect({
    scheme: isSecure ? 'https' : 'http',
    authority,
    path: target,
    protocols,
    extensions: extensions.flatMap((extension) => extension.offers),
    origin: options.origin,
    headers: isTrusted ? options.headers : undefined,
  })
  const authorization = authorizationFor({ url, isTrusted }, settings, fields['authorization'] !== undefined)
  if (authorization !== undefined) fields['authorization'] = authorization
  return fields
}

/** What goes into Authorization, unless the application's own header fields have it. RFC 7617 2. */
function authorizationFor(
  { url, isTrusted }: Pick<Hop, 'url' | 'isTrusted'>,
  { options }: ClientSettings,
  isGiven: boolean,
): string | undefined {
  const credentials = (isTrusted ? options.auth : undefined) ?? credentialsOf(url)
  if (isGiven && isTrusted && options.auth !== undefined) {
    throw new TypeError('authorization is given twice, as the option auth and as a header')
  }
  if (credentials === undefined || isGiven) return undefined
  return `Basic ${Buffer.from(credentials).toString('base64')}`
}

/** Begin the request of a hop; nothing is written before `end` is called. */
export function makeRequest(hop: Hop, settings: ClientSettings): ClientRequest {
  const fields = fieldsFor(hop, settings)
  if (settings.hooks === undefined) return begin(hop, settings, fields)
  const request = begin(hop, settings, [])
  // One by one, or nobody could change them any more.
  for (const [name, value] of fields) request.appendHeader(name, value)
  return request
}

function begin(hop: Hop, settings: ClientSettings, fields: readonly HeaderField[]): ClientRequest {
  const { options } = settings
  const endpoint = endpointOf(hop.url)
  const tls = tlsFor(hop, settings)
  const { agent, createConnection } = options
  const request: RequestOptions = {
    method: 'GET',
    path: endpoint.target,
    // A flat list keeps order and spelling, and is not read as properties.
    ...(fields.length === 0 ? { setHost: false } : { headers: fields.flat() }),
    maxHeaderSize: defaults.maxHeaderSize,
    ...(endpoint.socketPath === undefined
      ? { host: endpoint.hostname, port: endpoint.port }
      : { socketPath: endpoint.socketPath }),
  }
  if (agent !== undefined) {
    return endpoint.isSecure
      ? builtin.https.request({ ...tls, ...request, agent })
      : builtin.http.request({ ...request, agent })
  }
  if (createConnection !== undefined) return builtin.http.request({ ...tls, ...request, createConnection })
  const stream = { connect: options.connect, tls, tunnel: hop.tunnel }
  return builtin.http.request({ ...request, createConnection: () => openStream(endpoint, stream) })
}

/** What shows a TLS server who the client is, or is meant for one server alone. */
const IDENTITY = new Set<string>([
  'key',
  'cert',
  'pfx',
  'passphrase',
  'privateKeyEngine',
  'privateKeyIdentifier',
  'clientCertEngine',
  'secureContext',
  'pskCallback',
  'session',
  'servername',
] satisfies (keyof TlsOptions)[])

/** The TLS options of a hop: a host that is not trusted is not to see who we are. */
export function tlsFor({ isTrusted }: Hop, { options: { tls } }: ClientSettings): TlsOptions | undefined {
  if (isTrusted || tls === undefined) return tls
  return Object.fromEntries(Object.entries(tls).filter(([name]) => !IDENTITY.has(name)))
}
