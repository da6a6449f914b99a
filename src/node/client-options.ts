/**
 * What a client is made with besides its URL.
 */
import type { ClientRequest, ClientRequestArgs, IncomingMessage } from 'node:http'
import type { ClientHttp2Session } from 'node:http2'
import type { ConnectionOptions as TlsOptions } from 'node:tls'
import { permessageDeflateClient, type PerMessageDeflateOptions } from '../extensions/permessage-deflate.ts'
import type { HeaderInput } from '../handshake/header-fields.ts'
import type { ClientExtension } from '../protocol/extension.ts'
import type { BindingOptions } from './binding-options.ts'
import { isSession } from './http2-session.ts'
import { checkCount, checkTimeout, defaults } from './limits.ts'
import type { ConnectOptions } from './open-stream.ts'
import { checkProxy, type ProxyChoice, type ProxyOption } from './proxy.ts'

export interface WebSocketOptions {
  /** The subprotocols to offer, the most wanted first. RFC 6455 1.9. */
  readonly protocols?: string | Iterable<string>
  /** Further fields of the request; what the handshake writes itself is refused. */
  readonly headers?: HeaderInput
  /** The Origin to send. Default: none. */
  readonly origin?: string
  /** `user:password` for basic authentication. Default: what stands in the URL. */
  readonly auth?: string
  /** Node's agent, which makes the connection. Default: none, each client makes its own. */
  readonly agent?: ClientRequestArgs['agent']
  /** Makes the connection, for wss: with TLS. Default: Node's `net.connect` and `tls.connect`. */
  readonly createConnection?: ClientRequestArgs['createConnection']
  /** What `net.connect` is to know: `family`, `lookup`, `localAddress`, `autoSelectFamily`. */
  readonly connect?: ConnectOptions
  /** Options of the TLS connection, for wss: URLs. */
  readonly tls?: TlsOptions
  /** Go through an HTTP proxy: `'env'` as the environment says, or its URL. Default false. */
  readonly proxy?: ProxyOption
  /**
   * How many redirects are followed. Default 0. To another host neither `headers` nor `auth` nor the client's certificate
   * go along, and never from wss: to ws:. An `agent` has its own certificate, which nobody can take from it: with one, a
   * redirect to another host over wss: is refused. `createConnection` decides by itself what it shows to the host it is told.
   */
  readonly maxRedirects?: number
  /**
   * Connect over HTTP/2: `true` for a session of its own (over ws: by prior knowledge), or a session to be shared with other
   * sockets and requests, which stays open and has to lead to the host of the URL. Default false. RFC 8441.
   */
  readonly http2?: boolean | ClientHttp2Session
  /** Offer to compress. Default true. RFC 7692. */
  readonly perMessageDeflate?: boolean | PerMessageDeflateOptions
  /** Milliseconds until the connection must be open, redirects and proxies included. Default 10,000. */
  readonly handshakeTimeout?: number
  /** Gives up while connecting; afterwards it means nothing. */
  readonly signal?: AbortSignal
  /** Bytes of a message, as it comes and decoded. Default 16 MiB. Over it: close 1009. */
  readonly maxPayload?: number
  /** Frames of a message. Default 1,048,576. Over it: close 1008. */
  readonly maxFragments?: number
  /**
   * Bytes of unsent output from which `bufferedAmount` says to wait and pongs wait their turn. Default 256 KiB. A client reads
   * on: two ends that both rest until the other has read would wait for ever.
   */
  readonly highWaterMark?: number
  /** Bytes of unsent output with which nothing more is sent: close 1013. Default 64 MiB. */
  readonly maxBufferedAmount?: number
  /** Milliseconds for the closing handshake and the end of TCP. Default 10,000. */
  readonly closeTimeout?: number
  /** Milliseconds without a byte from the server until it is pinged; 0 for never. Default 30,000. */
  readonly heartbeatInterval?: number
  /** Milliseconds from that ping until the connection, still silent, is dropped. Default 15,000. */
  readonly heartbeatTimeout?: number
  /** Milliseconds without a message, or anything of one, until it is closed with 1001; 0 for never, the default. */
  readonly idleTimeout?: number
  /** Answer pings. Default true. */
  readonly autoPong?: boolean
}

/** Who has a hand in the handshake, over HTTP/1.1. Neither may throw. */
export interface HandshakeHooks {
  /** Send the request, by its `end`: that for `url`, which is another after a redirect. Its header fields may be changed. */
  send(request: ClientRequest, url: URL): void
  /** The server refuses. Answers whether that is dealt with: then the caller gives up when it wants to. */
  refused(request: ClientRequest, response: IncomingMessage): boolean
}

/** Options, checked and completed. */
export interface ClientSettings {
  readonly hooks?: HandshakeHooks
  readonly options: WebSocketOptions
  readonly protocols: readonly string[]
  readonly extensions: readonly ClientExtension[]
  readonly handshakeTimeout: number
  readonly maxRedirects: number
  readonly proxy: ProxyChoice
  readonly binding: BindingOptions
}

/** @throws TypeError or RangeError that names the option. */
export function checkClientOptions(options: WebSocketOptions): ClientSettings {
  const { protocols = [], perMessageDeflate = true, signal } = options
  const isOwnConnection = options.agent !== undefined || options.createConnection !== undefined
  const proxy = checkProxy(options.proxy)
  if (proxy !== undefined && isOwnConnection) {
    throw new TypeError('proxy cannot be given beside agent or createConnection, which make the connection')
  }
  checkHttp2(options)
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw new TypeError('signal must be an AbortSignal')
  return {
    options,
    protocols: (typeof protocols === 'string' ? [protocols] : [...protocols]).map(String),
    extensions:
      perMessageDeflate === false ? [] : [permessageDeflateClient(perMessageDeflate === true ? {} : perMessageDeflate)],
    handshakeTimeout: checkTimeout('handshakeTimeout', options.handshakeTimeout ?? defaults.handshakeTimeout),
    maxRedirects: checkCount('maxRedirects', options.maxRedirects ?? 0),
    proxy,
    binding: {
      role: 'client',
      maxPayload: checkCount('maxPayload', options.maxPayload ?? defaults.maxPayload),
      maxFragments: checkCount('maxFragments', options.maxFragments ?? defaults.maxFragments, 1),
      highWaterMark: checkCount('highWaterMark', options.highWaterMark ?? defaults.highWaterMark),
      maxBufferedAmount: checkCount('maxBufferedAmount', options.maxBufferedAmount ?? defaults.maxBufferedAmount, 1),
      closeTimeout: checkTimeout('closeTimeout', options.closeTimeout ?? defaults.closeTimeout),
      heartbeat: {
        interval: checkTimeout('heartbeatInterval', options.heartbeatInterval ?? defaults.heartbeatInterval, 0),
        timeout: checkTimeout('heartbeatTimeout', options.heartbeatTimeout ?? defaults.heartbeatTimeout),
        idleTimeout: checkTimeout('idleTimeout', options.idleTimeout ?? 0, 0),
        maxLifetime: 0,
      },
      // The browser's interface can hand text over in one form only.
      text: 'string',
      autoPong: options.autoPong ?? true,
    },
  }
}

/** What decides on a connection that a session has already. */
const OF_CONNECTIONS = ['connect', 'tls', 'proxy', 'maxRedirects'] as const satisfies (keyof WebSocketOptions)[]

/** @throws TypeError for what is no session, and for options that would do nothing beside it. */
function checkHttp2(options: WebSocketOptions): void {
  const { http2 = false, agent, createConnection } = options
  if (http2 === false) return
  if (http2 !== true && !isSession(http2)) throw new TypeError('http2 must be true, false or a ClientHttp2Session')
  if (agent !== undefined || createConnection !== undefined) {
    throw new TypeError('agent and createConnection cannot be given beside http2, they are for HTTP/1.1')
  }
  if (http2 === true) return
  for (const name of OF_CONNECTIONS) {
    if (options[name] !== undefined) throw new TypeError(`${name} cannot be given beside a session as http2`)
  }
}
