/**
 * The connection below a client: TCP, a Unix socket, or TLS over either or through a tunnel. RFC 6455 4.1, items 2 to 5.
 */
import { isIP, type Socket, type TcpNetConnectOpts } from 'node:net'
import type { ConnectionOptions as TlsOptions } from 'node:tls'
import { builtin } from './builtin.ts'
import type { Endpoint } from './client-url.ts'
import { connectLending } from './tcp-reads.ts'

/** What Node's `net.connect` takes besides host and port. */
export type ConnectOptions = Pick<
  TcpNetConnectOpts,
  'localAddress' | 'localPort' | 'family' | 'lookup' | 'autoSelectFamily' | 'autoSelectFamilyAttemptTimeout'
>

export interface StreamOptions {
  readonly connect?: ConnectOptions | undefined
  readonly tls?: TlsOptions | undefined
  /** A connection through a proxy that is there already. */
  readonly tunnel?: Socket | undefined
}

/** Begin to connect. Hosts with several addresses are tried as Node does it (RFC 8305). */
export function openStream(endpoint: Endpoint, { connect, tls, tunnel }: StreamOptions): Socket {
  const { hostname, port, socketPath, isSecure } = endpoint
  const place = socketPath === undefined ? { host: hostname, port, noDelay: true, ...connect } : { path: socketPath }
  if (!isSecure) return tunnel ?? connectLending(place)
  // RFC 6455 4.1, item 5: the host is told to the server (SNI), unless it is an address. ALPN must not end in HTTP/2.
  const name = isIP(hostname) === 0 ? { servername: hostname } : {}
  const through = tunnel === undefined ? place : { socket: tunnel, host: hostname }
  return builtin.tls.connect({ ALPNProtocols: ['http/1.1'], ...name, ...tls, ...through })
}
