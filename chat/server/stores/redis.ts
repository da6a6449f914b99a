/** The backend for several nodes: logs, notices and presence in Redis (6.2 and later). */
import type { PresentUser, User } from '../../protocol/index.ts'
import { RedisKeys } from './redis-keys.ts'
import { RedisLink } from './redis-link.ts'
import { ENTER, LEAVE, SWEEP } from './redis-scripts.ts'
import { parseEntry, RedisStore } from './redis-store.ts'
import type { Backend, Bus, Notice, NoticeListener, Presence, PresentPage } from './store.ts'

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

/** How often presence is refreshed, and the stale taken away, in the time it is valid for: every 25 s and 10 s. */
const REFRESHES = 2.4
const SWEEPS = 6
/** Rooms are compared with the store this often: the last notice of a room may be the one that got lost. */
const POLL_MS = 5000

class RedisBus implements Bus {
  readonly #link: RedisLink
  readonly #keys: RedisKeys
  readonly #store: RedisStore
  readonly #rooms = new Set<string>()
  #listener: NoticeListener = () => {}

  constructor(link: RedisLink, keys: RedisKeys, store: RedisStore) {
    this.#link = link
    this.#keys = keys
    this.#store = store
  }

  listen(listener: NoticeListener): void {
    this.#listener = listener
  }

  async subscribe(room: string): Promise<void> {
    await this.#link.subscribe(this.#keys.room(room).channel, (message) => this.#receive(room, message))
    this.#rooms.add(room)
  }

  async unsubscribe(room: string): Promise<void> {
    this.#rooms.delete(room)
    await this.#link.unsubscribe(this.#keys.room(room).channel)
  }

  async publish(room: string, notice: Notice): Promise<void> {
    await this.#link.command('PUBLISH', this.#keys.room(room).channel, `J${JSON.stringify(notice)}`)
  }

  /** The subscriber was away: whatever was said meanwhile is missing. */
  checkAll(): void {
    for (const room of this.#rooms) this.#listener(room, { kind: 'check' })
  }

  #receive(room: string, message: string): void {
    const notice = parseNotice(message)
    if (notice === undefined) return
    if (notice.kind === 'entry') this.#store.saw(room, { epoch: notice.epoch, seq: notice.entry.seq })
    this.#listener(room, notice)
  }
}

function parseNotice(message: string): Notice | undefined {
  const rest = message.slice(1)
  switch (message[0]) {
    case 'E': {
      const [, epoch, seq, json] = /^(\S+) (\d+) (.*)$/s.exec(rest)!
      return { kind: 'entry', epoch: epoch!, entry: parseEntry(json!, epoch!, Number(seq)) }
    }
    case 'P': {
      const [, what, users, conns, json] = /^(.) (\d+) (\d+) (.*)$/s.exec(rest)!
      const changed = what === '-' ? [] : [JSON.parse(json!) as User]
      const change = what === 'L' ? { join: [], leave: changed } : { join: changed, leave: [] }
      return { kind: 'presence', ...change, users: Number(users), conns: Number(conns) }
    }
    case 'J':
      return JSON.parse(rest) as Notice
    case 'C':
      return { kind: 'check' }
    default:
      return undefined
  }
}

class RedisPresence implements Presence {
  readonly #link: RedisLink
  readonly #keys: RedisKeys
  readonly #validMs: number
  /** The connections of this node. */
  readonly #here = new Map<string, { room: string; conn: string; user: User }>()
  readonly #timers: NodeJS.Timeout[]

  constructor(link: RedisLink, keys: RedisKeys, options: RedisOptions) {
    this.#link = link
    this.#keys = keys
    this.#validMs = options.presenceMs ?? 60_000
    const every = (ms: number, work: () => Promise<void>): NodeJS.Timeout =>
      setInterval(() => {
        work().catch((error: unknown) => options.onError(error))
      }, ms)
    this.#timers = [
      every(this.#validMs / REFRESHES, () => this.#refresh()),
      every(this.#validMs / SWEEPS, () => this.#sweep()),
    ]
  }

  async enter(room: string, conn: string, user: User): Promise<void> {
    this.#here.set(`${room} ${conn}`, { room, conn, user })
    await this.#enter(room, conn, user)
  }

  async leave(room: string, conn: string, user: User): Promise<void> {
    this.#here.delete(`${room} ${conn}`)
    await this.#link.script(LEAVE, this.#roomKeys(room), [this.#keys.room(room).channel, `${conn} ${user.id}`])
  }

  async list(room: string, cursor: string | undefined, limit: number): Promise<PresentPage> {
    const { conns, users, names } = this.#keys.room(room)
    const [counts, known, total] = await Promise.all([
      this.#link.command('HGETALL', users),
      this.#link.command('HGETALL', names),
      this.#link.command('ZCARD', conns),
    ])
    const nameOf = pairs(known)
    const all: PresentUser[] = [...pairs(counts)].map(([id, count]) => ({
      id,
      name: nameOf.get(id) ?? '',
      conns: Number(count),
    }))
    return { ...pageOf(all, cursor, limit), users: all.length, conns: Number(total) }
  }

  async counts(rooms: readonly string[]): Promise<{ users: number; conns: number }[]> {
    return Promise.all(
      rooms.map(async (room) => {
        const { conns, users } = this.#keys.room(room)
        const both = await Promise.all([this.#link.command('HLEN', users), this.#link.command('ZCARD', conns)])
        return { users: Number(both[0]), conns: Number(both[1]) }
      }),
    )
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer)
  }

  /** Say that ours are still there; it also mends what a restored Redis has forgotten. */
  async #refresh(): Promise<void> {
    for (const { room, conn, user } of this.#here.values()) await this.#enter(room, conn, user)
  }

  /** Take away those whose node no longer says so. */
  async #sweep(): Promise<void> {
    const rooms = (await this.#link.command('ZRANGE', this.#keys.rooms, 0, -1)) as string[]
    for (const room of rooms) {
      await this.#link.script(SWEEP, this.#roomKeys(room), [this.#keys.room(room).channel, Date.now()])
    }
  }

  async #enter(room: string, conn: string, user: User): Promise<void> {
    const expiry = Date.now() + this.#validMs
    const args = [this.#keys.room(room).channel, `${conn} ${user.id}`, user.id, user.name, expiry]
    await this.#link.script(ENTER, this.#roomKeys(room), args)
  }

  #roomKeys(room: string): string[] {
    const { conns, users, names } = this.#keys.room(room)
    return [conns, users, names]
  }
}

/** Cut a page of users, in the order of their ids, after a cursor. */
function pageOf(
  all: PresentUser[],
  cursor: string | undefined,
  limit: number,
): { list: PresentUser[]; cursor: string | undefined } {
  all.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
  const rest = cursor === undefined ? all : all.filter(({ id }) => id > cursor)
  const list = rest.slice(0, limit)
  return { list, cursor: rest.length > limit ? list.at(-1)!.id : undefined }
}

/** HGETALL comes as a list of names and values, or from RESP3 as a map. */
function pairs(answer: unknown): Map<string, string> {
  if (answer instanceof Map) return answer as Map<string, string>
  if (!Array.isArray(answer)) return new Map(Object.entries(answer as Record<string, string>))
  const list = answer as string[]
  const map = new Map<string, string>()
  for (let i = 0; i < list.length; i += 2) map.set(list[i]!, list[i + 1]!)
  return map
}

/** Connect to Redis. Rejects with a sentence when it cannot be reached. */
export async function redisBackend(options: RedisOptions): Promise<Backend> {
  const keys = new RedisKeys(options.prefix ?? 'chat:')
  let checkAll = (): void => {}
  const link = await RedisLink.open(options.url, { onError: options.onError, onListening: () => checkAll() })
  const store = new RedisStore(link, keys, options)
  const bus = new RedisBus(link, keys, store)
  checkAll = () => bus.checkAll()
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
