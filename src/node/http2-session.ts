/**
 * The session below a client over HTTP/2: the application's, or one for this socket alone; and whether its server takes
 * WebSockets at all. RFC 8441 3; RFC 9113 3.2, 6.5.
 */
import { connect, type ClientHttp2Session } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import type { ClientSettings } from './client-options.ts'
import type { Hop } from './client-request.ts'
import { endpointOf } from './client-url.ts'
import { fromNodeError, HandshakeError } from './handshake-error.ts'
import { SESSION_WINDOW, sessionMemory, STREAM_WINDOW } from './http2-stream.ts'
import { openStream } from './open-stream.ts'

/** The name of HTTP/2 over TLS. RFC 9113 3.2. */
const ALPN_HTTP2 = 'h2'

/** What can be given instead of a session is checked by what a session has: Node has no class to ask for. */
export function isSession(value: unknown): value is ClientHttp2Session {
  const { request, remoteSettings } = (value ?? {}) as Partial<ClientHttp2Session>
  return typeof request === 'function' && typeof remoteSettings === 'object'
}

/** Begin a session of our own: over TLS by ALPN, otherwise by prior knowledge. */
export function openSession({ url, tunnel }: Hop, { options, binding }: ClientSettings): ClientHttp2Session {
  const endpoint = endpointOf(url)
  const tls = { ...options.tls, ALPNProtocols: [ALPN_HTTP2] }
  const socket = openStream(endpoint, { connect: options.connect, tls, tunnel })
  socket.once('secureConnect', () => {
    if ((socket as TLSSocket).alpnProtocol !== ALPN_HTTP2) socket.destroy(new HandshakeError('http2', NO_HTTP2))
  })
  const session = connect(`${endpoint.isSecure ? 'https' : 'http'}://${endpoint.authority}`, {
    createConnection: () => socket,
    maxSessionMemory: sessionMemory(binding.maxBufferedAmount!),
    settings: { enablePush: false, initialWindowSize: STREAM_WINDOW },
  })
  session.once('connect', () => session.setLocalWindowSize(SESSION_WINDOW))
  return session
}

/** RFC 7301 3.2: so a TLS server answers who asks for HTTP/2 only and gets none. */
const NO_APPLICATION_PROTOCOL = 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL'

/** Say in the handshake's words what Node reports of a session. */
export function fromSessionError(cause: Error): HandshakeError {
  const { code } = cause as NodeJS.ErrnoException
  return code === NO_APPLICATION_PROTOCOL ? new HandshakeError('http2', NO_HTTP2, { cause }) : fromNodeError(cause)
}

const NO_HTTP2 = 'the server did not choose HTTP/2 (ALPN h2)'
const NOT_ENABLED = 'the server did not send SETTINGS_ENABLE_CONNECT_PROTOCOL, it takes no WebSockets over HTTP/2'

/**
 * Calls back once the server has said that it takes extended CONNECTs, or with an error when it has spoken and has not. Its
 * SETTINGS are the first it sends (RFC 9113 3.4), so they have come when a PING is answered. Returns what stops the waiting.
 */
export function whenEnabled(session: ClientHttp2Session, tell: (error?: HandshakeError) => void): () => void {
  let isOver = false
  const stop = (): void => {
    isOver = true
    session.off('remoteSettings', check)
    session.off('connect', ask)
  }
  const check = (): void => {
    if (isOver || !isEnabled(session)) return
    stop()
    tell()
  }
  const ask = (): void => {
    session.ping((error) => {
      check()
      if (isOver || error !== null) return
      stop()
      tell(new HandshakeError('http2', NOT_ENABLED))
    })
  }
  session.on('remoteSettings', check)
  if (session.connecting) session.once('connect', ask)
  else if (isEnabled(session)) check()
  else ask()
  return stop
}

function isEnabled({ remoteSettings }: ClientHttp2Session): boolean {
  return remoteSettings.enableConnectProtocol === true
}
