/**
 * The server for both versions of HTTP on one port, and its sessions: their windows, how long they may be idle, and GOAWAY
 * at the end. RFC 9113 3.2 (ALPN), 6.8 (GOAWAY), 9.1 (idle connections).
 */
import type { Http2SecureServer, Http2ServerRequest, Http2ServerResponse, ServerHttp2Session } from 'node:http2'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TlsOptions } from 'node:tls'
import { Rejection } from '../handshake/rejection.ts'
import { builtin } from './builtin.ts'
import { ALL_HEADERS, answerPlainRequest, CHECK_INTERVAL } from './http-server.ts'
import type { Http2Settings } from './http2-options.ts'
import { SESSION_WINDOW, sessionMemory, STREAM_WINDOW } from './http2-stream.ts'
import { refuseStream } from './http2-upgrade.ts'
import { defaults } from './limits.ts'
import type { ServerSettings } from './server-options.ts'
import { Alarm, wheel } from './timer-wheel.ts'

type Settings = Pick<ServerSettings<never>, 'handshakeTimeout' | 'maxBufferedTotal'> & { readonly tls: TlsOptions }

/** Make a server that is not listening yet. Node's own guard against streams that are reset as quickly as opened stays on. */
export function createHttp2Server(settings: Settings, { maxConcurrentStreams }: Http2Settings): Http2SecureServer {
  const { tls, handshakeTimeout, maxBufferedTotal } = settings
  const server = builtin.http2.createSecureServer(
    {
      handshakeTimeout,
      ...tls,
      allowHTTP1: true,
      maxSessionMemory: sessionMemory(maxBufferedTotal),
      settings: {
        enableConnectProtocol: true,
        enablePush: false,
        maxConcurrentStreams,
        initialWindowSize: STREAM_WINDOW,
        maxHeaderListSize: defaults.maxHeaderSize,
      },
    },
    answerAnyRequest,
  )
  // What `http.createServer` takes as options.
  return Object.assign(server, {
    headersTimeout: handshakeTimeout,
    requestTimeout: handshakeTimeout,
    connectionsCheckingInterval: Math.min(CHECK_INTERVAL, handshakeTimeout),
    maxHeaderSize: defaults.maxHeaderSize,
    maxHeadersCount: ALL_HEADERS,
  })
}

function answerAnyRequest(
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
): void {
  if (!('stream' in response)) return answerPlainRequest(request as IncomingMessage, response)
  // There is no Upgrade in HTTP/2, and so no 426. RFC 9113 8.2.2.
  refuseStream(
    response.stream,
    new Rejection(405, 'This server speaks WebSocket only.', { headers: { Allow: 'CONNECT' } }),
  )
}

/** The connections of such a server. */
export class Http2Connections {
  readonly #idleTimeout: number
  readonly #sessions = new Set<ServerHttp2Session>()

  constructor(server: Http2SecureServer, { sessionIdleTimeout }: Http2Settings) {
    this.#idleTimeout = sessionIdleTimeout
    server.on('session', (session) => this.#began(session))
  }

  /** Tell all sessions to begin no more streams. */
  close(): void {
    for (const session of this.#sessions) session.close()
  }

  #began(session: ServerHttp2Session): void {
    const idle = new Alarm(() => session.close())
    const rest = (): void => {
      if (this.#idleTimeout > 0 && !session.closed) wheel.set(idle, this.#idleTimeout)
    }
    let streams = 0
    this.#sessions.add(session)
    session.setLocalWindowSize(SESSION_WINDOW)
    session.on('stream', (stream) => {
      streams++
      wheel.clear(idle)
      stream.once('close', () => {
        streams--
        if (streams === 0) rest()
      })
    })
    session.once('close', () => {
      wheel.clear(idle)
      this.#sessions.delete(session)
    })
    rest()
  }
}
