/**
 * The arguments of a client as `ws` has them, turned into those of the house.
 */
import type { ClientRequest } from 'node:http'
import type { ConnectionOptions as TlsOptions } from 'node:tls'
import type { PerMessageDeflateOptions } from '../extensions/permessage-deflate.ts'
import { checkClientOptions, type ClientSettings, type WebSocketOptions } from '../node/client-options.ts'
import { parseWebSocketUrl, requireProtocols } from '../node/client-url.ts'
import type { ConnectOptions } from '../node/open-stream.ts'

/** The limit of `ws`, which its applications may count on: 100 MiB. */
export const MAX_PAYLOAD: number = 100 * 1024 * 1024
const MAX_REDIRECTS = 10

export interface ClientOptions extends TlsOptions, ConnectOptions {
  readonly headers?: Record<string, string>
  readonly origin?: string
  readonly auth?: string
  readonly agent?: WebSocketOptions['agent']
  readonly createConnection?: WebSocketOptions['createConnection']
  readonly followRedirects?: boolean
  readonly maxRedirects?: number
  readonly handshakeTimeout?: number
  readonly maxPayload?: number
  readonly perMessageDeflate?: boolean | PerMessageDeflateOptions
  readonly autoPong?: boolean
  readonly closeTimeout?: number
  readonly protocolVersion?: number
  /** The subprotocols, unless they are an argument of their own. */
  readonly protocols?: string | string[]
  readonly maxFragments?: number
  /** Called with each request of the handshake, which it has to `end`; it may change the header fields. */
  readonly finishRequest?: FinishRequest
}

/** Given the request and the WebSocket. */
export type FinishRequest = (request: ClientRequest, socket: unknown) => void

/** Options of ours by the same name. */
const SAME = [
  'headers',
  'origin',
  'auth',
  'agent',
  'createConnection',
  'handshakeTimeout',
  'autoPong',
  'closeTimeout',
  'maxFragments',
] as const
/** What `net.connect` is to know. */
const OF_TCP = [
  'localAddress',
  'localPort',
  'family',
  'lookup',
  'autoSelectFamily',
  'autoSelectFamilyAttemptTimeout',
] as const satisfies (keyof ConnectOptions)[]
/** What is not an option of the TLS connection. */
const NOT_TLS = new Set<string>([
  ...SAME,
  ...OF_TCP,
  'followRedirects',
  'maxRedirects',
  'maxPayload',
  'perMessageDeflate',
  'protocolVersion',
  'protocols',
  'finishRequest',
])

/** @throws SyntaxError, TypeError or RangeError, as the house's own client. */
export function readClientArguments(
  address: string | URL,
  protocols: string | string[] | ClientOptions | undefined,
  options: ClientOptions | undefined,
): { url: URL; settings: ClientSettings; finishRequest: FinishRequest | undefined } {
  try {
    return readArguments(address, protocols, options)
  } catch (error) {
    // `ws` throws the one of the language.
    if (error instanceof DOMException) throw new SyntaxError(error.message, { cause: error })
    throw error
  }
}

function readArguments(
  address: string | URL,
  protocols: string | string[] | ClientOptions | undefined,
  options: ClientOptions | undefined,
): ReturnType<typeof readClientArguments> {
  const isList = typeof protocols === 'string' || Array.isArray(protocols)
  const given = (isList ? options : (protocols ?? options)) ?? {}
  const offered = isList ? protocols : given.protocols
  if ((given.protocolVersion ?? 13) !== 13) {
    throw new RangeError(`protocolVersion must be 13, got ${given.protocolVersion} (RFC 6455 4.1)`)
  }
  const url = parseWebSocketUrl(address)
  if (url.protocol === 'ws+unix:' && url.pathname === '') throw new SyntaxError('a URL with ws+unix: needs a path')
  const settings = checkClientOptions({ ...translate(given), ...(offered === undefined ? {} : { protocols: offered }) })
  requireProtocols(settings.protocols)
  return {
    url,
    settings: { ...settings, binding: { ...settings.binding, text: 'bytes', echoReason: true } },
    finishRequest: given.finishRequest,
  }
}

function translate(given: ClientOptions): WebSocketOptions {
  const tls = Object.fromEntries(Object.entries(given).filter(([name]) => !NOT_TLS.has(name)))
  return {
    ...pick(given, SAME),
    connect: pick(given, OF_TCP),
    tls,
    maxPayload: given.maxPayload ?? MAX_PAYLOAD,
    maxRedirects: given.followRedirects === true ? (given.maxRedirects ?? MAX_REDIRECTS) : 0,
    perMessageDeflate: given.perMessageDeflate ?? true,
  }
}

function pick<Name extends keyof ClientOptions>(
  given: ClientOptions,
  names: readonly Name[],
): Pick<ClientOptions, Name> {
  const entries = names.filter((name) => given[name] !== undefined).map((name) => [name, given[name]])
  return Object.fromEntries(entries) as Pick<ClientOptions, Name>
}
