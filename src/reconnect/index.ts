/**
 * Stay connected, over barewire's client: what Node gets for `import 'barewire/reconnect'`.
 */
import type { WebSocketOptions } from '../node/client-options.ts'
import { WebSocket } from '../node/websocket.ts'
import type { UrlSource } from './attempt.ts'
import type { ReconnectOptions } from './options.ts'
import { ReconnectingSocket } from './reconnecting-socket.ts'
import type { SocketLike } from './socket-like.ts'

export type { UrlSource } from './attempt.ts'
export type { BackoffOptions } from './backoff.ts'
export { defaultPolicy, type Loss, type ReconnectPolicy } from './close-policy.ts'
export type { ReconnectHandlers, ReconnectOptions } from './options.ts'
export { ReconnectingSocket } from './reconnecting-socket.ts'
export type { Message } from './send-queue.ts'
export type { Connect, SocketLike } from './socket-like.ts'
export type { ConnectionState } from './state.ts'

export interface NodeReconnectOptions extends ReconnectOptions {
  /** For each of the sockets: headers, TLS, proxy, limits. */
  readonly socket?: Omit<WebSocketOptions, 'protocols' | 'signal'>
}

/**
 * Connect, and stay connected until `close`.
 * @throws TypeError or RangeError for an option, naming it.
 * @example
 * const connection = connectForever('wss://example.org/feed', { message: store, signal })
 */
export function connectForever(url: UrlSource, options: NodeReconnectOptions = {}): ReconnectingSocket {
  const open = (at: string, protocols: readonly string[]): SocketLike =>
    new WebSocket(at, { ...options.socket, protocols }) as unknown as SocketLike
  return new ReconnectingSocket(url, open, options)
}
