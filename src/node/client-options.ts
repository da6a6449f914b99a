/**
 * What a client is made with besides its URL.
 */
import type { ClientRequestArgs } from 'node:http'
import type { ConnectionOptions as TlsOptions } from 'node:tls'
import { permessageDeflateClient, type PerMessageDeflateOptions } from '../extensions/permessage-deflate.ts'
import type { HeaderInput } from '../handshake/header-fields.ts'
import type { ClientExtension } from '../protocol/extension.ts'
import type { BindingOptions } from './duplex-binding.ts'
import { checkCount, checkTimeout, defaults } from './limits.ts'

export interface WebSocketOptions {
  /** The subprotocols to offer, the most wanted first. RFC 6455 1.9. */
  readonly protocols?: string | readonly string[]
  /** Further fields of the request; what the handshake writes itself is refused. */
  readonly headers?: HeaderInput
  /** The Origin to send. Default: none. */
  readonly origin?: string
  /** `user:password` for basic authentication. Default: what stands in the URL. */
  readonly auth?: string
  /** Node's agent, which makes the connection. Default: none, each client makes its own. */
  readonly agent?: ClientRequestArgs['agent']
  /** Makes the connection. Default: Node's. */
  readonly createConnection?: ClientRequestArgs['createConnection']
  /** Options of the TLS connection, for wss: URLs. */
  readonly tls?: TlsOptions
  /** Offer to compress. Default true. RFC 7692. */
  readonly perMessageDeflate?: boolean | PerMessageDeflateOptions
  /** Milliseconds until the connection must be open. Default 10,000. */
  readonly handshakeTimeout?: number
  /** Gives up while connecting; afterwards it means nothing. */
  readonly signal?: AbortSignal
  /** Bytes of a message, as it comes and decoded. Default 16 MiB. Over it: close 1009. */
  readonly maxPayload?: number
  /** Frames of a message. Default 1,048,576. Over it: close 1008. */
  readonly maxFragments?: number
  /** Bytes of unsent output from which reading rests. Default 256 KiB. */
  readonly highWaterMark?: number
  /** Milliseconds for the closing handshake and the end of TCP. Default 10,000. */
  readonly closeTimeout?: number
  /** Answer pings. Default true. */
  readonly autoPong?: boolean
}

/** Options, checked and completed. */
export interface ClientSettings {
  readonly options: WebSocketOptions
  readonly protocols: readonly string[]
  readonly extensions: readonly ClientExtension[]
  readonly handshakeTimeout: number
  readonly binding: BindingOptions
}

/** @throws TypeError or RangeError that names the option. */
export function checkClientOptions(options: WebSocketOptions): ClientSettings {
  const { protocols = [], perMessageDeflate = true } = options
  return {
    options,
    protocols: typeof protocols === 'string' ? [protocols] : [...protocols],
    extensions:
      perMessageDeflate === false ? [] : [permessageDeflateClient(perMessageDeflate === true ? {} : perMessageDeflate)],
    handshakeTimeout: checkTimeout('handshakeTimeout', options.handshakeTimeout ?? defaults.handshakeTimeout),
    binding: {
      role: 'client',
      maxPayload: checkCount('maxPayload', options.maxPayload ?? defaults.maxPayload),
      maxFragments: checkCount('maxFragments', options.maxFragments ?? defaults.maxFragments, 1),
      highWaterMark: checkCount('highWaterMark', options.highWaterMark ?? defaults.highWaterMark),
      closeTimeout: checkTimeout('closeTimeout', options.closeTimeout ?? defaults.closeTimeout),
      // The browser's interface can hand text over in one form only.
      text: 'string',
      autoPong: options.autoPong ?? true,
    },
  }
}
