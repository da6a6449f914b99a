/** The whole server: HTTP, sockets, hub and backend, put together from a configuration. */
import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { AddressInfo, Socket as TcpSocket } from 'node:net'
import { hostname } from 'node:os'
import type { WebSocketServer } from 'barewire'
import { CHAT_PATH, WIRE_PATH } from '../protocol/index.ts'
import { createBackend } from './backends.ts'
import { createChatSockets } from './chat-sockets.ts'
import type { Config } from './config.ts'
import { Doorkeeper } from './doorkeeper.ts'
import { drain } from './drain.ts'
import { type Health, serveInternal } from './http/health.ts'
import { createSite } from './http/pages.ts'
import { readStaticFiles } from './http/static-files.ts'
import { Hub } from './hub.ts'
import { Guests } from './identity.ts'
import { createLog, type Logger } from './log.ts'
import { Metrics } from './metrics.ts'
import type { Backend } from './stores/store.ts'
import { readTls } from './tls.ts'
import { readTokens } from './token-source.ts'
import { routeUpgrades } from './upgrade-routes.ts'
import { createWireSockets } from './wire-sockets.ts'
import { TapRegistry } from './wire/registry.ts'

export interface AppOptions {
  readonly config: Config
  /** The folder of the built page. */
  readonly webFolder: string
  readonly version: string
}

export interface App {
  readonly hub: Hub
  readonly log: Logger
  readonly backend: Backend
  /** Where people get in, e.g. `http://127.0.0.1:3000`. */
  readonly url: string
  /** Where the internal port listens, when there is one. */
  readonly internalUrl: string | undefined
  /** Read certificate and keys again. */
  reload(): void
  /** Say goodbye to everybody over `DRAIN_MS`, then stop. */
  drain(): Promise<void>
  /** Stop at once. */
  close(): Promise<void>
}

/** Start the server; resolves when it listens. */
export async function startApp({ config, webFolder, version }: AppOptions): Promise<App> {
  const node = config.NODE_NAME || `${hostname().slice(0, 12)}-${process.pid}`
  const log = createLog(config, node)
  const metrics = new Metrics()
  const tokens = readTokens(config)
  const tls = readTls(config)
  const onError = (error: unknown): void => log.error({ err: error }, 'error')
  const backend = await createBackend(config, onError)
  for (const { room, title } of config.ROOMS) await backend.store.createRoom(room, title)
  const hub = new Hub({
    node,
    backend,
    guests: config.GUESTS ? new Guests(await backend.store.secret('guests')) : undefined,
    verifyToken: tokens && ((token) => tokens.current.verify(token)),
    events: metrics.hubEvents(onError),
  })
  const doorkeeper = new Doorkeeper({
    trustProxy: config.TRUST_PROXY,
    maxConnections: config.MAX_CONNECTIONS,
    maxPerAddress: config.MAX_PER_ADDRESS,
  })
  const origin = config.ORIGINS.length === 0 ? 'same' : config.ORIGINS
  const taps = config.WIRE ? new TapRegistry() : undefined
  const chat = createChatSockets({ hub, doorkeeper, metrics, log, origin, taps })
  const routes = new Map<string, WebSocketServer<never>>([[CHAT_PATH, chat as never]])
  if (taps !== undefined) routes.set(WIRE_PATH, createWireSockets(taps, origin) as never)

  const health: Health = {
    version,
    node,
    ready: () =>
      doorkeeper.isClosed
        ? Promise.resolve('draining')
        : backend.store.check().then(
            () => true as const,
            () => 'the store cannot be reached',
          ),
    metrics: () => {
      let queued = 0
      for (const socket of chat.clients) queued += socket.bufferedAmount
      metrics.sendQueue.set(queued)
      return metrics.registry.metrics()
    },
  }
  const files = readStaticFiles(webFolder)
  const site = createSite({ files, health, rooms: () => hub.rooms() })
  const server: Server | TlsServer = tls === undefined ? createServer(site) : createTlsServer(tls, site)
  const sockets = new Set<TcpSocket>()
  server.on('connection', (socket: TcpSocket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  routeUpgrades(server, routes)
  let internal: Server | undefined
  const closeHttp = (): void => {
    server.close()
    internal?.close()
  }
  const stop = async (): Promise<void> => {
    closeHttp()
    for (const socket of sockets) socket.destroy()
    await hub.close()
    await backend.close()
  }
  try {
    await listen(server, config.PORT, config.HOST)
    if (config.INTERNAL_PORT !== undefined) {
      internal = createServer((request, response) => serveInternal(health, request, response))
      await listen(internal, config.INTERNAL_PORT, config.INTERNAL_HOST)
    }
  } catch (error) {
    await stop()
    throw error
  }
  return {
    hub,
    log,
    backend,
    url: urlOf(server, { secure: tls !== undefined, host: config.HOST }),
    internalUrl: internal && urlOf(internal, { secure: false, host: config.INTERNAL_HOST }),
    reload() {
      if (tls !== undefined) (server as TlsServer).setSecureContext(readTls(config)!)
      tokens?.reload()
      if (tokens !== undefined) hub.recheck((kid) => tokens.current.knows(kid))
      log.info('certificate and keys were read again')
    },
    async drain() {
      doorkeeper.isClosed = true
      metrics.draining.set(1)
      // No new TCP connections; health is still answered on those that are there.
      server.close()
      await drain(hub, { spreadMs: config.DRAIN_MS, log })
      await stop()
    },
    close: stop,
  }
}

function listen(server: Server | TlsServer, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function urlOf(server: Server | TlsServer, { secure, host }: { secure: boolean; host: string }): string {
  const { port } = server.address() as AddressInfo
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host
  return `${secure ? 'https' : 'http'}://${name}:${port}`
}
