/**
 * Stay connected, over the platform's own WebSocket: what a browser gets for `import 'barewire/reconnect'`.
 */
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

/**
 * Connect, and stay connected until `close`.
 * @throws TypeError or RangeError for an option, naming it.
 * @example
 * const connection = connectForever(() => `wss://example.org/chat?token=${token()}`, { message: show })
 * connection.send('hello')
 */
export function connectForever(url: UrlSource, options: ReconnectOptions = {}): ReconnectingSocket {
  const { WebSocket } = globalThis as unknown as { WebSocket: new (url: string, protocols: string[]) => SocketLike }
  return new ReconnectingSocket(url, (at, protocols) => new WebSocket(at, [...protocols]), options)
}
