/** The backend for several nodes: logs, notices and presence in Redis (6.2 and later). */
import { RedisBus } from './redis-bus.ts'
import { RedisKeys } from './redis-keys.ts'
import { RedisLink } from './redis-link.ts'
import { RedisPresence } from './redis-presence.ts'
import { RedisStore } from './redis-store.ts'
import { type Backend, BackendError } from './store.ts'

export interface RedisOptions {
  /** `redis://host:port` */
  readonly url: string
  /** Prefix of all keys. Default `chat:`. */
  readonly prefix?: string
  readonly logMessages?: number
  readonly rooms?: number
  /** How long a connection counts without being refreshed. Default 60 s. */
  readonly presenceMs?: number
  readonly onError: (error: unknown) => void
}

/** Rooms are compared with the store this often: the last notice of a room may be the one that got lost. */
const POLL_MS = 5000

/** Older ones are no longer maintained, and nothing here was ever tried with them. */
const OLDEST = { major: 6, minor: 2 }

/** The version in an answer to INFO, when it is too old. */
export function tooOld(info: string): string | undefined {
  const [, version, major, minor] = /^redis_version:((\d+)\.(\d+)\S*)/m.exec(info) ?? []
  if (version === undefined) return undefined
  const isOld = Number(major) < OLDEST.major || (Number(major) === OLDEST.major && Number(minor) < OLDEST.minor)
  return isOld ? version : undefined
}

/** Connect to Redis. Rejects with a sentence when it cannot be reached. */
export async function redisBackend(options: RedisOptions): Promise<Backend> {
  const keys = new RedisKeys(options.prefix ?? 'chat:')
  let onReady = (): void => {}
  const link = await RedisLink.open(options.url, { onError: options.onError, onReady: () => onReady() })
  const version = tooOld(String(await link.command('INFO', 'server')))
  if (version !== undefined) {
    link.close()
    throw new BackendError(`Redis at ${new URL(options.url).host} is ${version}, 6.2 or later is required`)
  }
  const store = new RedisStore(link, keys, options)
  const bus = new RedisBus(link, keys, store)
  onReady = () => {
    store
      .refound()
      .catch(options.onError)
      .finally(() => bus.checkAll())
  }
  const presence = new RedisPresence(link, keys, options)
  return {
    name: 'redis',
    store,
    bus,
    presence,
    pollMs: POLL_MS,
    close: async () => {
      presence.close()
      link.close()
    },
  }
}
