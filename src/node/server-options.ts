/**
 * What a server is made with: the handlers of the application, the entry, and the limits.
 */
import type { IncomingMessage } from 'node:http'
import type { TlsOptions } from 'node:tls'
import { permessageDeflateServer, type PerMessageDeflateOptions } from '../extensions/permessage-deflate.ts'
import type { HeaderInput } from '../handshake/header-fields.ts'
import { createOriginCheck, type OriginCheck, type OriginPolicy } from '../handshake/origin.ts'
import type { Rejection } from '../handshake/rejection.ts'
import type { CloseOutcome } from '../protocol/close-outcome.ts'
import type { ServerExtension } from '../protocol/extension.ts'
import type { BindingOptions } from './duplex-binding.ts'
import { checkCount, checkTimeout, defaults } from './limits.ts'
import { isSlowPolicy, type SlowPolicy } from '../pubsub/held-messages.ts'
import type { Socket } from './socket.ts'

/** A handshake as the application sees it, before anything is open. */
export interface UpgradeRequest {
  /** The request target, e.g. `/chat?room=7`. */
  readonly url: string
  /** Header fields by lower-case name, as Node gives them. */
  readonly headers: IncomingMessage['headers']
  /** The subprotocols offered, the most wanted first. RFC 6455 1.9. */
  readonly protocols: readonly string[]
  readonly origin: string | undefined
  readonly remoteAddress: string | undefined
  /** Node's own object. */
  readonly raw: IncomingMessage
}

/** What `upgrade` answers to let a client in. */
export interface Acceptance<Data> {
  /** What `socket.data` will be. */
  readonly data?: Data
  /** The subprotocol, one of those offered. */
  readonly protocol?: string | undefined
  /** Fields to add to the answer. */
  readonly headers?: HeaderInput
}

/** Limits that hold for each connection. */
export interface ConnectionLimits {
  /** Bytes of a message, as it comes and decoded. Default 16 MiB. Over it: close 1009. */
  readonly maxPayload?: number
  /** Frames of a message. Default 1,048,576. Over it: close 1008. */
  readonly maxFragments?: number
  /** Bytes of unsent output from which reading rests and `send` says to wait. Default 256 KiB. */
  readonly highWaterMark?: number
  /** What happens to a subscriber that does not keep up with its topics. Default `close`, with 1013. */
  readonly slowConsumer?: SlowPolicy
  /** Bytes of publications that may wait for a subscriber that does not keep up. Default 1 MiB. */
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

export interface ServerOptions<Data> extends ServerHandlers<Data>, ConnectionLimits {
  /** Serve this path only. Default: every path. */
  readonly path?: string
  /** Let a client in, or not; may be a promise. Default: everybody. A throw is answered with 500. */
  readonly upgrade?: (request: UpgradeRequest) => MaybePromise<Acceptance<Data> | Rejection | void>
  /** Which origins may connect. Default: the host of the request itself, and clients that send none. RFC 6455 10.2. */
  readonly origin?: OriginPolicy
  /** Agree to compress. Default false; `true` for the default options. RFC 7692. */
  readonly perMessageDeflate?: boolean | PerMessageDeflateOptions
  /** Hand text over as a string (default) or as bytes, which are checked to be UTF-8. */
  readonly text?: 'string' | 'bytes'
  /** Answer pings. Default true. RFC 6455 5.5.2 wants them answered: turn it off only to do so by `pong`. */
  readonly autoPong?: boolean
  /** Milliseconds for the request of a handshake to come, and for `upgrade`'s promise. Default 10,000. */
  readonly handshakeTimeout?: number
  /** Serve wss:// when this server listens by itself. */
  readonly tls?: TlsOptions
}

export type MaybePromise<T> = T | Promise<T>

/** Options, checked and completed. */
export interface ServerSettings<Data> {
  readonly options: ServerOptions<Data>
  readonly binding: BindingOptions
  readonly extensions: readonly ServerExtension[]
  readonly originCheck: OriginCheck
  readonly handshakeTimeout: number
  readonly slowConsumer: SlowPolicy
  readonly slowBudget: number
}

/** @throws TypeError or RangeError that names the option. */
export function checkServerOptions<Data>(options: ServerOptions<Data>): ServerSettings<Data> {
  if (options.path !== undefined && !options.path.startsWith('/')) {
    throw new TypeError(`path must begin with '/', got '${options.path}'`)
  }
  const text = options.text ?? 'string'
  if (text !== 'string' && text !== 'bytes') throw new TypeError("text must be 'string' or 'bytes'")
  const slowConsumer = options.slowConsumer ?? 'close'
  if (!isSlowPolicy(slowConsumer)) {
    throw new TypeError("slowConsumer must be 'close', 'drop-newest', 'drop-oldest' or 'latest'")
  }
  const deflate = options.perMessageDeflate ?? false
  return {
    options,
    binding: {
      role: 'server',
      maxPayload: checkCount('maxPayload', options.maxPayload ?? defaults.maxPayload),
      maxFragments: checkCount('maxFragments', options.maxFragments ?? defaults.maxFragments, 1),
      highWaterMark: checkCount('highWaterMark', options.highWaterMark ?? defaults.highWaterMark),
      closeTimeout: checkTimeout('closeTimeout', options.closeTimeout ?? defaults.closeTimeout),
      text,
      autoPong: options.autoPong ?? true,
    },
    extensions: deflate === false ? [] : [permessageDeflateServer(deflate === true ? {} : deflate)],
    slowConsumer,
    slowBudget: checkCount('slowBudget', options.slowBudget ?? defaults.slowBudget),
    originCheck: createOriginCheck(options.origin),
    handshakeTimeout: checkTimeout('handshakeTimeout', options.handshakeTimeout ?? defaults.handshakeTimeout),
  }
}
