/**
 * The HTTP server that a WebSocket server listens by when it listens by itself: deadlines on the request, a limit on its
 * head, and 426 for whatever is no upgrade. RFC 9110 15.5.22.
 */
import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http'
import type { ListenOptions, Server as NetServer, Socket as TcpSocket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TlsOptions } from 'node:tls'
import { builtin } from './builtin.ts'
import { defaults } from './limits.ts'

/** Where to listen: a port and host, `path` of a Unix socket, `fd` of a socket that listens already. */
export type ListenTarget = ListenOptions & {
  readonly fd?: number
  /** Let other processes listen on the same port; the system spreads the connections. From Node 22.12 on, not on all systems. */
  readonly reusePort?: boolean
}

/** Headers that Node left out, past 2000, would tell of no client and no proxy. Their bytes are bounded: `maxHeaderSize`. */
export const ALL_HEADERS = 0
/** How often Node looks for requests that take too long, in milliseconds. */
export const CHECK_INTERVAL = 500
/** The first versions whose `listen` knows `reusePort`. */
const REUSE_PORT = { major: 23, minor: 1, backported: { major: 22, minor: 12 } } as const

/** Make a server that is not listening yet. */
export function createHttpServer(handshakeTimeout: number, tls: TlsOptions | undefined): HttpServer {
  const options = {
    headersTimeout: handshakeTimeout,
    requestTimeout: handshakeTimeout,
    connectionsCheckingInterval: Math.min(CHECK_INTERVAL, handshakeTimeout),
    maxHeaderSize: defaults.maxHeaderSize,
  }
  const server =
    tls === undefined
      ? builtin.http.createServer(options, answerPlainRequest)
      : builtin.https.createServer({ handshakeTimeout, ...tls, ...options }, answerPlainRequest)
  server.maxHeadersCount = ALL_HEADERS
  return server
}

/** Resolves when it listens; rejects when it cannot. */
export function listenOn(server: NetServer, target: ListenTarget): Promise<void> {
  if (target.reusePort === true && !knowsReusePort()) {
    return Promise.reject(new Error(`reusePort needs Node 22.12 or 23.1, this is ${process.versions.node}`))
  }
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(target, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function knowsReusePort(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const { backported } = REUSE_PORT
  if (major === backported.major) return minor >= backported.minor
  return major > REUSE_PORT.major || (major === REUSE_PORT.major && minor >= REUSE_PORT.minor)
}

/** After the 101 nothing of HTTP's limits touches the socket. */
export function freeOfHttp(stream: Duplex): void {
  const socket = stream as Partial<TcpSocket>
  socket.setTimeout?.(0)
  socket.setNoDelay?.(true)
}

/** RFC 9110 15.5.22: what is not an upgrade is told that it must be one. */
export function answerPlainRequest(_request: IncomingMessage, response: ServerResponse): void {
  const body = 'This server speaks WebSocket only.\n'
  response.writeHead(426, {
    Connection: 'close, Upgrade',
    Upgrade: 'websocket',
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
  })
  response.end(body)
}
