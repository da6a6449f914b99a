/**
 * What a server is made with: the handlers of the application, the entry, and the limits.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { TlsOptions } from 'node:tls'
import { permessageDeflateServer, type PerMessageDeflateOptions } from '../extensions/permessage-deflate.ts'
import type { Acceptance } from '../handshake/acceptance.ts'
import { createOriginCheck, type OriginCheck, type OriginPolicy } from '../handshake/origin.ts'
import type { Rejection } from '../handshake/rejection.ts'
import type { CloseOutcome } from '../protocol/close-outcome.ts'
import type { ServerExtension } from '../protocol/extension.ts'
import { ControlCounter } from '../protocol/opcode.ts'
import type { BindingOptions } from './binding-options.ts'
import type { HandshakeLimitOptions } from './handshake-limits.ts'
import type { HeartbeatOptions } from './heartbeat.ts'
import { checkHttp2, type Http2Options, type Http2Settings } from './http2-options.ts'
import { checkCount, checkTimeout, defaults } from './limits.ts'
import type { MessageParts } from './message-parts.ts'
import { checkRates, type RateLimits, type RateOptions } from './rate-limit.ts'
import type { RawRequest } from './raw-request.ts'
import { TrustedProxies } from './trusted-proxies.ts'
import type { Bus } from '../pubsub/bus.ts'
import { isSlowPolicy, type SlowPolicy } from '../pubsub/held-messages.ts'
import type { Socket } from './socket.ts'

/** A handshake as the application sees it, before anything is open. */
export interface UpgradeRequest {
  /** The request target, e.g. `/chat?room=7`. */
  readonly url: string
  /** Header fields by lower-case name, as Node gives them. Over HTTP/2 `host` is the `:authority`. */
  readonly headers: IncomingHttpHeaders
  /** The subprotocols offered, the most wanted first. RFC 6455 1.9. */
  readonly protocols: readonly string[]
  readonly origin: string | undefined
  readonly remoteAddress: string | undefined
  /** Node's own object; over HTTP/2 (`raw.httpVersionMajor` tells) one of the same names, with the `stream`. */
  readonly raw: RawRequest
}

/** Limits that hold for each connection. */
export interface ConnectionLimits extends RateOptions {
  /** Bytes of a message, as it comes and decoded. Default 16 MiB. Over it: close 1009. */
  readonly maxPayload?: number
  /** Frames of a message. Default 1,048,576. Over it: close 1008. */
  readonly maxFragments?: number
  /** Bytes of unsent output from which reading rests and `send` says to wait. Default 256 KiB. */
  readonly highWaterMark?: number
  /** Bytes of unsent output with which nothing more is sent: close 1013. One message may pass it. Default 64 MiB. */
  readonly maxBufferedAmount?: number
  /** Messages of more bytes go to the `parts` handler as they come. Default: none do. */
  readonly partsFrom?: number
  /** Milliseconds without a byte from the peer until it is pinged; 0 for never. Default 30,000. */
  readonly heartbeatInterval?: number
  /** Milliseconds from that ping until the peer, still silent, is dropped. Default 15,000. */
  readonly heartbeatTimeout?: number
  /** Milliseconds without a message, or anything of one, until it is closed with 1001; 0 for never, the default. */
  readonly idleTimeout?: number
  /** Milliseconds until a connection is closed with 1001, give or take a tenth; 0 for never, the default. */
  readonly maxLifetime?: number
  /**
   * What happens to a subscriber that does not keep up with its topics, or with this one. Default `close`, with 1013. It rules
   * over what waits within `slowBudget`. A message sent to the socket itself, a broadcast, `close` and `unsubscribe` send all
   * of that out ahead of them, to keep the order: whoever is sent to on and on without a look at what `send` answers is closed
   * with 1013 at `maxBufferedAmount`, whatever the policy.
   */
  readonly slowConsumer?: SlowPolicy | ((topic: string) => SlowPolicy)
  /**
   * Bytes of publications that may wait for a subscriber that does not keep up, each counted with 512 for its overhead.
   * Default 1 MiB.
   */
  readonly slowBudget?: number
  /** Milliseconds for the closing handshake and the end of TCP. Default 10,000. Over it: TCP is dropped. */
  readonly closeTimeout?: number
}

/** The handlers; each may return a promise, whose rejection goes to `error`. */
export interface ServerHandlers<Data> {
  /** A connection is open. */
  open?(socket: Socket<Data>): unknown
  /** A message: a string for text, bytes for binary, yours to keep. */
  message?(socket: Socket<Data>, message: string | Uint8Array, isText: boolean): unknown
  /**
   * With `partsFrom`: a message of more bytes, to be read as it comes; left unread when this settles, it is discarded. A Close
   * behind it waits until this settles, up to `closeTimeout`: it can be answered.
   */
  parts?(socket: Socket<Data>, message: MessageParts): unknown
  /** A ping came; it is answered already. */
  ping?(socket: Socket<Data>, payload: Uint8Array): unknown
  pong?(socket: Socket<Data>, payload: Uint8Array): unknown
  /** After `send` had said to wait: go on. */
  drain?(socket: Socket<Data>): unknown
  /** A socket has subscribed to a topic, or left it; `count` subscribe now, `before` did. */
  subscription?(socket: Socket<Data>, topic: string, count: number, before: number): unknown
  /** The end of a connection, exactly once. */
  close?(socket: Socket<Data>, outcome: CloseOutcome): unknown
  /** A handler threw or rejected, or the listening server failed. Without it, that socket is closed with 1011. */
  error?(error: unknown, socket?: Socket<Data>): unknown
}

export interface ServerOptions<Data> extends ServerHandlers<Data>, ConnectionLimits, HandshakeLimitOptions {
  /** Serve this path only. Default: every path. */
  readonly path?: string
  /** Let a client in, by `accept`, an object or nothing, or not, by `reject`; may be a promise. A throw and all else: 500. */
  readonly upgrade?: (request: UpgradeRequest) => MaybePromise<Acceptance<Data> | Rejection | void>
  /** Which origins may connect. Default: the host of the request itself, and clients that send none. RFC 6455 10.2. */
  readonly origin?: OriginPolicy
  /** Refuse clients that send no Origin, which every browser does. Default false. RFC 6455 4.1. */
  readonly requireOrigin?: boolean
  /** Agree to compress. Default false; `true` for the default options. RFC 7692. */
  readonly perMessageDeflate?: boolean | PerMessageDeflateOptions
  /** Hand text over as a string (default) or as bytes, which are checked to be UTF-8. */
  readonly text?: 'string' | 'bytes'
  /**
   * The next message waits until the promise of the `message` or `parts` handler is settled, and the peer is held back.
   * Default false.
   */
  readonly sequential?: boolean
  /** Answer pings. Default true. RFC 6455 5.5.2 wants them answered: turn it off only to do so by `pong`. */
  readonly autoPong?: boolean
  /** Milliseconds for the request of a handshake to come, and for `upgrade`'s promise. Default 10,000. */
  readonly handshakeTimeout?: number
  /**
   * Bytes of unsent output of all connections whose stream has more than its own mark, and of publications that wait for
   * subscribers; over it those with the most are dropped. Default 512 MiB, 0 for no limit.
   */
  readonly maxBufferedTotal?: number
  /** Addresses and networks of proxies whose X-Forwarded-For is believed, e.g. `['10.0.0.0/8']`. Default: none. */
  readonly trustProxy?: readonly string[]
  /** Whether those begin each connection with a PROXY header, version 1 or 2, when this server listens by itself. */
  readonly proxyProtocol?: boolean
  /** Ties its topics to those of other servers. Default: none. */
  readonly bus?: Bus
  /** Serve wss:// when this server listens by itself. */
  readonly tls?: TlsOptions
  /**
   * Take HTTP/2 as well when this server listens by itself, on the same port: `tls` is required, for clients choose by ALPN.
   * Default false. RFC 8441.
   */
  readonly http2?: boolean | Http2Options
}

export type MaybePromise<T> = T | PromiseLike<T>

/** Options, checked and completed. */
export interface ServerSettings<Data> {
  readonly options: ServerOptions<Data>
  readonly binding: BindingOptions
  readonly extensions: readonly ServerExtension[]
  readonly originCheck: OriginCheck
  readonly handshakeTimeout: number
  readonly http2: Http2Settings | undefined
  readonly slowConsumer: (topic: string) => SlowPolicy
  readonly slowBudget: number
  readonly maxBufferedTotal: number
  readonly proxies: TrustedProxies | undefined
  readonly sequential: boolean
  readonly rates: RateLimits | undefined
}

const HANDLERS = [
  'upgrade',
  'open',
  'message',
  'parts',
  'ping',
  'pong',
  'drain',
  'subscription',
  'close',
  'error',
] as const
const SWITCHES = ['autoPong', 'sequential', 'proxyProtocol', 'requireOrigin'] as const

/** What the compiler tells those who use it. */
function checkTypes<Data>(options: ServerOptions<Data>): void {
  for (const name of HANDLERS) {
    const handler: unknown = options[name]
    if (handler === undefined || typeof handler === 'function') continue
    throw new TypeError(`${name} must be a function, got ${typeof handler}`)
  }
  for (const name of SWITCHES) {
    const value: unknown = options[name]
    if (value === undefined || typeof value === 'boolean') continue
    throw new TypeError(`${name} must be true or false, got ${typeof value}`)
  }
  const { path, perMessageDeflate } = options as { path?: unknown; perMessageDeflate?: unknown }
  if (path !== undefined && typeof path !== 'string') throw new TypeError(`path must be a string, got ${typeof path}`)
  if (perMessageDeflate === undefined || typeof perMessageDeflate === 'boolean') return
  if (typeof perMessageDeflate !== 'object' || perMessageDeflate === null) {
    throw new TypeError('perMessageDeflate must be true, false or its options')
  }
}

/** @throws TypeError or RangeError that names the option. */
export function checkServerOptions<Data>(options: ServerOptions<Data>): ServerSettings<Data> {
  checkTypes(options)
  if (options.path !== undefined && !options.path.startsWith('/')) {
    throw new TypeError(`path must begin with '/', got '${options.path}'`)
  }
  const text = options.text ?? 'string'
  if (text !== 'string' && text !== 'bytes') throw new TypeError("text must be 'string' or 'bytes'")
  if (options.proxyProtocol === true && options.trustProxy === undefined) {
    throw new TypeError('proxyProtocol needs trustProxy, the addresses of the proxies')
  }
  const deflate = options.perMessageDeflate ?? false
  return {
    options,
    binding: {
      role: 'server',
      maxPayload: checkCount('maxPayload', options.maxPayload ?? defaults.maxPayload),
      maxFragments: checkCount('maxFragments', options.maxFragments ?? defaults.maxFragments, 1),
      highWaterMark: checkCount('highWaterMark', options.highWaterMark ?? defaults.highWaterMark),
      maxBufferedAmount: checkCount('maxBufferedAmount', options.maxBufferedAmount ?? defaults.maxBufferedAmount, 1),
      closeTimeout: checkTimeout('closeTimeout', options.closeTimeout ?? defaults.closeTimeout),
      heartbeat: checkHeartbeat(options),
      ...(options.partsFrom === undefined ? {} : { partsFrom: checkPartsFrom(options) }),
      text,
      autoPong: options.autoPong ?? true,
      controlsOut: new ControlCounter(),
    },
    http2: checkHttp2(options.http2, options.tls),
    extensions: deflate === false ? [] : [permessageDeflateServer(deflate === true ? {} : deflate)],
    slowConsumer: checkSlowConsumer(options.slowConsumer ?? 'close'),
    maxBufferedTotal: checkCount('maxBufferedTotal', options.maxBufferedTotal ?? defaults.maxBufferedTotal),
    proxies: options.trustProxy === undefined ? undefined : new TrustedProxies(options.trustProxy),
    sequential: options.sequential ?? false,
    rates: checkRates(options),
    slowBudget: checkCount('slowBudget', options.slowBudget ?? defaults.slowBudget),
    originCheck: createOriginCheck(options.origin),
    handshakeTimeout: checkTimeout('handshakeTimeout', options.handshakeTimeout ?? defaults.handshakeTimeout),
  }
}

function checkSlowConsumer(policy: SlowPolicy | ((topic: string) => SlowPolicy)): (topic: string) => SlowPolicy {
  if (typeof policy === 'function') return (topic) => requirePolicy(policy(topic))
  requirePolicy(policy)
  return () => policy
}

function requirePolicy(policy: unknown): SlowPolicy {
  if (isSlowPolicy(policy)) return policy
  throw new TypeError(
    "slowConsumer must be 'close', 'drop-newest', 'drop-oldest' or 'latest', or a function of the topic",
  )
}

function checkHeartbeat(options: ConnectionLimits): HeartbeatOptions {
  return {
    interval: checkTimeout('heartbeatInterval', options.heartbeatInterval ?? defaults.heartbeatInterval, 0),
    timeout: checkTimeout('heartbeatTimeout', options.heartbeatTimeout ?? defaults.heartbeatTimeout),
    idleTimeout: checkTimeout('idleTimeout', options.idleTimeout ?? 0, 0),
    maxLifetime: checkTimeout('maxLifetime', options.maxLifetime ?? 0, 0),
  }
}

function checkPartsFrom<Data>(options: ServerOptions<Data>): number {
  if (options.parts === undefined) throw new TypeError('partsFrom needs the parts handler')
  return checkCount('partsFrom', options.partsFrom!)
}
