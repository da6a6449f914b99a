/**
 * A connection through an HTTP proxy: the proxy is asked to connect, and from its answer on passes on what it gets.
 * RFC 6455 4.1, item 3; RFC 9110 9.3.6 (CONNECT).
 */
import type { Socket } from 'node:net'
import { readHeaderInput } from '../handshake/header-fields.ts'
import { builtin } from './builtin.ts'
import { credentialsOf, type Endpoint } from './client-url.ts'
import { BODY_KEPT, fromNodeError, HandshakeError } from './handshake-error.ts'
import { defaults } from './limits.ts'
import { openStream } from './open-stream.ts'
import { isOwnField, type Proxy } from './proxy.ts'

const OK = 200
const HTTP_PORT = 80
const HTTPS_PORT = 443

/** Resolves to a connection to the endpoint; rejects with a HandshakeError, or the reason of the signal. */
export function openTunnel(proxy: Proxy, endpoint: Endpoint, signal: AbortSignal): Promise<Socket> {
  const authority = hostAndPort(endpoint)
  const request = builtin.http.request({
    method: 'CONNECT',
    // RFC 9110 9.3.6: host and port, and the port is never left out.
    path: authority,
    headers: fieldsFor(proxy, authority).flat(),
    maxHeaderSize: defaults.maxHeaderSize,
    createConnection: () => openStream(proxyEndpoint(proxy.url), { tls: proxy.tls }),
  })
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => {
      signal.removeEventListener('abort', abort)
      request.destroy()
      reject(error as Error)
    }
    const abort = (): void => fail(signal.reason)
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort, { once: true })
    request.on('error', (error) => fail(inProxyWords(error)))
    request.on('connect', (response, socket, head) => {
      signal.removeEventListener('abort', abort)
      if (response.statusCode === OK && head.length === 0) return resolve(socket as Socket)
      socket.destroy()
      const body = head.toString('utf8', 0, BODY_KEPT)
      const why =
        response.statusCode === OK
          ? 'the proxy sent data before the server could have'
          : `the proxy answered with status ${response.statusCode}, 200 is required`
      fail(new HandshakeError('proxy', why, { response, body }))
    })
    request.end()
  })
}

function inProxyWords(error: Error): HandshakeError {
  const { code, message } = fromNodeError(error)
  return new HandshakeError(code === 'network' || code === 'malformed' ? 'proxy' : code, `the proxy: ${message}`, {
    cause: error,
  })
}

function hostAndPort({ hostname, port }: Endpoint): string {
  return hostname.includes(':') ? `[${hostname}]:${port}` : `${hostname}:${port}`
}

function fieldsFor({ url, headers }: Proxy, authority: string): (readonly [string, string])[] {
  const fields: (readonly [string, string])[] = [['Host', authority], ...readHeaderInput(headers, isOwnField)]
  const credentials = credentialsOf(url)
  const isGiven = fields.some(([name]) => name.toLowerCase() === 'proxy-authorization')
  if (credentials !== undefined && !isGiven) {
    fields.push(['Proxy-Authorization', `Basic ${Buffer.from(credentials).toString('base64')}`])
  }
  return fields
}

function proxyEndpoint(url: URL): Endpoint {
  const isSecure = url.protocol === 'https:'
  return {
    isSecure,
    authority: url.host,
    hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? (isSecure ? HTTPS_PORT : HTTP_PORT) : Number(url.port),
    socketPath: undefined,
    target: '/',
  }
}
