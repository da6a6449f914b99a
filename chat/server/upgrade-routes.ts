/** Sends each upgrade to the server of its path; what nobody serves is answered with 404. */
import type { IncomingMessage, Server } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import type { Duplex } from 'node:stream'
import type { WebSocketServer } from 'barewire'

export type UpgradeRoutes = ReadonlyMap<string, WebSocketServer<never>>

const NOT_FOUND =
  'HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 28\r\n\r\nNo WebSocket is served here.'
const BAD_REQUEST = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'

export function routeUpgrades(server: Server | TlsServer, routes: UpgradeRoutes): void {
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    const path = (request.url ?? '').split('?', 1)[0]!
    const route = routes.get(path)
    if (route === undefined) {
      stream.on('error', () => stream.destroy())
      stream.end(NOT_FOUND, () => stream.destroy())
      return
    }
    route.handleUpgrade(request, stream, head)
  })
  // A request that does not come to its end must not hold a socket for ever.
  server.headersTimeout = 10_000
  server.requestTimeout = 30_000
  server.on('clientError', (error: Error & { code?: string }, stream: Duplex) => {
    if (error.code === 'ECONNRESET' || !stream.writable) stream.destroy()
    else stream.end(BAD_REQUEST, () => stream.destroy())
  })
}
