/**
 * The session below a client over HTTP/2: the application's, or one for this socket alone; and whether its server takes
 * WebSockets at all. RFC 8441 3; RFC 9113 3.2, 6.5.
 */
import type { ClientHttp2Session } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import { builtin } from './builtin.ts'
import type { ClientSettings } from './client-options.ts'
import { tlsFor, type Hop } from './client-request.ts'
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
export function openSession(hop: Hop, settings: ClientSettings): ClientHttp2Session {
  const { options, binding } = settings
  const endpoint = endpointOf(hop.url)
  const tls = { ...tlsFor(hop, settings), ALPNProtocols: [ALPN_HTTP2] }
  const socket = openStream(endpoint, { connect: options.connect, tls, tunnel: hop.tunnel })
  socket.once('secureConnect', () => {
    if ((socket as TLSSocket).alpnProtocol !== ALPN_HTTP2) socket.destroy(new HandshakeError('http2', NO_HTTP2))
  })
  const session = builtin.http2.connect(`${endpoint.isSecure ? 'https' : 'http'}://${endpoint.authority}`, {
    createConnection: () => socket,
    maxSessionMemory: sessionMemory(binding.maxBufferedAmount!),
    settings: { enablePush: false, initialWindowSize: STREAM_WINDOW },
  })
  session.on('error', ignore)
  session.once('connect', () => {
    // Who has given up meanwhile has destroyed it; Node tells of the connection all the same.
    if (!session.destroyed) session.setLocalWindowSize(SESSION_WINDOW)
  })
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

/** Sessions whose servers have not said it yet: however many handshakes wait, each has one set of listeners. */
const waiting = new WeakMap<ClientHttp2Session, Promise<void>>()

/** Resolves once the server has said that it takes extended CONNECTs; rejects when it has spoken and has not. RFC 8441 3. */
export function whenEnabled(session: ClientHttp2Session): Promise<void> {
  if (isEnabled(session)) return Promise.resolve()
  let wait = waiting.get(session)
  if (wait === undefined) {
    wait = waitFor(session).finally(() => waiting.delete(session))
    waiting.set(session, wait)
  }
  return wait
}

/** SETTINGS are the first that a server sends (RFC 9113 3.4): they have come when a PING is answered. */
async function waitFor(session: ClientHttp2Session): Promise<void> {
  let leave = ignore
  try {
    await new Promise<void>((resolve, reject) => {
      const check = (): void => {
        if (isEnabled(session)) resolve()
      }
      const ask = (): void => {
        if (session.destroyed) return closed()
        session.ping((error) => {
          check()
          if (error === null) reject(new HandshakeError('http2', NOT_ENABLED))
        })
      }
      const closed = (): void => reject(new HandshakeError('network', 'the session has ended'))
      leave = () => session.off('remoteSettings', check).off('connect', ask).off('error', reject).off('close', closed)
      session.on('remoteSettings', check).on('error', reject).on('close', closed)
      if (session.connecting && !session.destroyed) session.once('connect', ask)
      else ask()
    })
  } finally {
    leave()
  }
}

function isEnabled({ remoteSettings }: ClientHttp2Session): boolean {
  return remoteSettings.enableConnectProtocol === true
}

function ignore(): void {
  // The socket on a session is told by its stream.
}
