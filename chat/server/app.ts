/** The whole server: HTTP, sockets, hub and backend, put together from a configuration. */
import { hostname } from 'node:os'
import type { WebSocketServer } from 'barewire'
import { CHAT_PATH, WIRE_PATH } from '../protocol/index.ts'
import { createBackend } from './backends.ts'
import { createChatSockets } from './chat-sockets.ts'
import type { Config } from './config.ts'
import { Doorkeeper } from './doorkeeper.ts'
import { drain } from './drain.ts'
import { type Front, openFront } from './http/front.ts'
import type { Health } from './http/health.ts'
import { createSite } from './http/pages.ts'
import { readStaticFiles } from './http/static-files.ts'
import { Hub } from './hub.ts'
import { Guests } from './identity.ts'
import { createLegacySockets } from './legacy/sockets.ts'
import { createLog, type Logger } from './log.ts'
import { Metrics } from './metrics.ts'
import type { Backend } from './stores/store.ts'
import { sampleRoundTrips } from './round-trips.ts'
import { readTls } from './tls.ts'
import { readTokens, type TokenSource } from './token-source.ts'
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

/** Start the server; resolves when it listens and the store is open. */
export async function startApp({ config, webFolder, version }: AppOptions): Promise<App> {
  const node = config.NODE_NAME || `${hostname().slice(0, 12)}-${process.pid}`
  const log = createLog(config, node)
  const tokens = readTokens(config)
  const tls = readTls(config)
  // The ports come first: a second start by mistake should hear of the port, and leave the store alone.
  const front = await openFront(config, tls)
  try {
    return await serve(front, { config, webFolder, version, node, log, tokens })
  } catch (error) {
    front.close()
    throw error
  }
}

interface Context extends AppOptions {
  readonly node: string
  readonly log: Logger
  readonly tokens: TokenSource | undefined
}

async function serve(front: Front, { config, webFolder, version, node, log, tokens }: Context): Promise<App> {
  const metrics = new Metrics()
  const onError = (error: unknown): void => log.error({ err: error }, 'error')
  const backend = await createBackend(config, onError)
  for (const { room, title } of config.ROOMS) await backend.store.createRoom(room, title)
  const hub = new Hub({
    node,
    backend,
    guests: config.GUESTS ? new Guests(await backend.store.secret('guests')) : undefined,
    tokens,
    events: metrics.hubEvents(onError),
  })
  const doorkeeper = new Doorkeeper({
    trustProxy: config.TRUST_PROXY,
    maxConnections: config.MAX_CONNECTIONS,
    maxPerAddress: config.MAX_PER_ADDRESS,
  })
  const origin = config.ORIGINS.length === 0 ? 'same' : config.ORIGINS
  // A node with a name has a path of its own, so that a proxy finds the node that has the connection.
  const wirePath = config.NODE_NAME === '' ? WIRE_PATH : `${WIRE_PATH}/${config.NODE_NAME}`
  const taps = config.WIRE ? new TapRegistry(wirePath) : undefined
  const chat = createChatSockets({ hub, doorkeeper, metrics, log, origin, taps })
  const routes = new Map<string, WebSocketServer<never>>([[CHAT_PATH, chat as never]])
  if (taps !== undefined) routes.set(wirePath, createWireSockets(taps, origin) as never)
  if (config.LEGACY) {
    const defaultRoom = config.ROOMS[0]!.room
    const legacy = createLegacySockets({ hub, doorkeeper, origin, defaultRoom })
    for (const [path, server] of legacy) routes.set(path, server as never)
  }
  const health: Health = {
    version,
    node,
    ready: () => readiness(doorkeeper, backend),
    kick: (user) => hub.users.kick(user),
    metrics: () => {
      metrics.counted(chat.stats())
      return metrics.registry.metrics()
    },
  }
  const files = readStaticFiles(webFolder)
  front.open(createSite({ files, health, rooms: () => hub.lobby.rooms() }), health)
  routeUpgrades(front.server, routes)
  const stopSampling = sampleRoundTrips(chat.clients)
  const stop = async (): Promise<void> => {
    stopSampling()
    front.close()
    await hub.close()
    await backend.close()
  }
  return {
    hub,
    log,
    backend,
    url: front.url,
    internalUrl: front.internalUrl,
    reload() {
      front.reload()
      tokens?.reload()
      log.info('certificate and keys were read again')
    },
    async drain() {
      doorkeeper.isClosed = true
      metrics.draining.set(1)
      front.stopListening()
      await drain(hub, { spreadMs: config.DRAIN_MS, log })
      await stop()
    },
    close: stop,
  }
}

function readiness(doorkeeper: Doorkeeper, backend: Backend): Promise<true | string> {
  if (doorkeeper.isClosed) return Promise.resolve('draining')
  return backend.store.check().then(
    () => true as const,
    () => 'the store cannot be reached',
  )
}
