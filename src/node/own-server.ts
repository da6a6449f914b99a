/**
 * The HTTP server that a WebSocket server makes for itself: of HTTP/1.1, or of both versions on one port, with a gate before
 * it where connections begin with something else.
 */
import type { Socket as TcpSocket } from 'node:net'
import type { AnyHttpServer } from './attachment.ts'
import { ConnectionGate } from './connection-gate.ts'
import { createHttpServer } from './http-server.ts'
import { createHttp2Server, Http2Connections } from './http2-server.ts'
import type { ServerOptions, ServerSettings } from './server-options.ts'

type OwnSettings = Pick<ServerSettings<never>, 'handshakeTimeout' | 'http2' | 'maxBufferedTotal' | 'proxies'> & {
  readonly options: Pick<ServerOptions<never>, 'tls' | 'proxyProtocol'>
}

export class OwnServer {
  readonly server: AnyHttpServer
  readonly #gate: ConnectionGate | undefined
  readonly #http2: Http2Connections | undefined

  constructor({ options, handshakeTimeout, http2, maxBufferedTotal, proxies }: OwnSettings) {
    const { tls, proxyProtocol } = options
    if (http2 === undefined) {
      this.server = createHttpServer(handshakeTimeout, tls)
    } else {
      const server = createHttp2Server({ tls: tls!, handshakeTimeout, maxBufferedTotal }, http2)
      this.#http2 = new Http2Connections(server, http2)
      this.server = server
    }
    if (tls !== undefined || proxyProtocol === true) {
      const trusted = proxyProtocol === true ? proxies : undefined
      this.#gate = new ConnectionGate(this.server, {
        proxies: trusted,
        isTls: tls !== undefined,
        timeout: handshakeTimeout,
      })
    }
  }

  /** The client's address, where a proxy told it before the request. */
  addressOf(socket: TcpSocket): string | undefined {
    return this.#gate?.addressOf(socket)
  }

  /** Take no more connections, and no more streams. Resolves when the last connection is gone. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve())
      this.#gate?.close()
      this.#http2?.close()
    })
  }

  /** Drop the connections that are left. */
  drop(): void {
    if ('closeAllConnections' in this.server) this.server.closeAllConnections()
    this.#gate?.drop()
  }
}
