/** The two listening ports: the public one, with TLS or without, and the internal one. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { AddressInfo, Socket as TcpSocket } from 'node:net'
import { type Config, ConfigError } from '../config.ts'
import { readTls } from '../tls.ts'
import { type Health, serveInternal } from './health.ts'

export type Site = (request: IncomingMessage, response: ServerResponse) => void

export interface Front {
  readonly server: Server | TlsServer
  readonly url: string
  readonly internalUrl: string | undefined
  /** Serve; before it every request is answered with 503. */
  open(site: Site, health: Health): void
  /** Read the certificate again; the connections that are there keep theirs. */
  reload(): void
  /** Take no new TCP connections on the public port. */
  stopListening(): void
  /** Stop at once. */
  close(): void
}

/** Listen. Rejects with a `ConfigError` that names the variable when an address cannot be listened on. */
export async function openFront(config: Config, tls: ReturnType<typeof readTls>): Promise<Front> {
  let site: Site = (_request, response) => void response.writeHead(503, { 'Retry-After': '1' }).end()
  let health: Health | undefined
  const answer: Site = (request, response) => site(request, response)
  const server = tls === undefined ? createServer(answer) : createTlsServer(tls, answer)
  const sockets = new Set<TcpSocket>()
  server.on('connection', (socket: TcpSocket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await listen(server, { PORT: config.PORT, HOST: config.HOST })
  let internal: Server | undefined
  if (config.INTERNAL_PORT !== undefined) {
    internal = createServer((request, response) => {
      if (health === undefined) response.writeHead(503).end()
      else serveInternal(health, request, response)
    })
    try {
      await listen(internal, { INTERNAL_PORT: config.INTERNAL_PORT, INTERNAL_HOST: config.INTERNAL_HOST })
    } catch (error) {
      server.close()
      throw error
    }
  }
  return {
    server,
    url: urlOf(server, { secure: tls !== undefined, host: config.HOST }),
    internalUrl: internal && urlOf(internal, { secure: false, host: config.INTERNAL_HOST }),
    open(openSite, openHealth) {
      site = openSite
      health = openHealth
    },
    reload() {
      const pair = readTls(config)
      if (pair !== undefined) (server as TlsServer).setSecureContext(pair)
    },
    stopListening: () => void server.close(),
    close() {
      server.close()
      internal?.close()
      internal?.closeAllConnections()
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** `place` is a port and a host under the names of their variables. */
function listen(server: Server | TlsServer, place: Readonly<Record<string, number | string>>): Promise<void> {
  const [[portName, port], [hostName, host]] = Object.entries(place) as [[string, number], [string, string]]
  return new Promise((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException): void => {
      const why: Readonly<Record<string, string | undefined>> = {
        EADDRINUSE: `port ${port} on ${host} is taken: set ${portName} to another`,
        EACCES: `port ${port} is not allowed for this user: set ${portName} to another`,
        EADDRNOTAVAIL: `${hostName}=${host}: an address of this machine is required`,
        ENOTFOUND: `${hostName}=${host}: no such host`,
        EAI_AGAIN: `${hostName}=${host}: the name cannot be looked up right now`,
      }
      const sentence = why[error.code ?? '']
      reject(sentence === undefined ? error : new ConfigError(sentence, { cause: error }))
    }
    server.once('error', refuse)
    server.listen(port, host, () => {
      server.off('error', refuse)
      resolve()
    })
  })
}

function urlOf(server: Server | TlsServer, { secure, host }: { secure: boolean; host: string }): string {
  const { port } = server.address() as AddressInfo
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host
  return `${secure ? 'https' : 'http'}://${name}:${port}`
}
