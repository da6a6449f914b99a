/**
 * `barewire/ws`: change one import, and an application written for `ws` runs. docs/from-ws.md tells what differs.
 */
import { WebSocketServer } from './server.ts'
import { createWebSocketStream } from './stream.ts'
import { WebSocket as Socket } from './websocket.ts'

/** The class, with the others on it, as `const WebSocket = require('ws')` has always had them. */
const WebSocket: typeof Socket & {
  WebSocket: typeof Socket
  Server: typeof WebSocketServer
  WebSocketServer: typeof WebSocketServer
  createWebSocketStream: typeof createWebSocketStream
} = Object.assign(Socket, { WebSocket: Socket, Server: WebSocketServer, WebSocketServer, createWebSocketStream })
type WebSocket = Socket

export { createWebSocketStream, WebSocket, WebSocketServer, WebSocketServer as Server }
export type { ClientOptions, FinishRequest } from './client-options.ts'
export type { EventListener, SocketEvent } from './event-handlers.ts'
export type { Data } from './payload.ts'
export type { ClientInfo, Verdict, WebSocketServerOptions } from './server.ts'
export type { BinaryType } from './binary-type.ts'
export type { SendCallback, SendOptions } from './socket-parts.ts'
export default WebSocket
/** What `require('barewire/ws')` gives. */
export { WebSocket as 'module.exports' }
