/** Who is there, in Redis: a connection counts until its expiry, which its node moves on; whose node is gone is swept away. */
import type { AbsentPage, AbsentUser, PresentUser, User } from '../../protocol/index.ts'
import { absentPage, placeOf } from './absence.ts'
import type { RedisKeys } from './redis-keys.ts'
import type { RedisLink } from './redis-link.ts'
import { ABSENT, ENTER, LEAVE, PAGE, SWEEP } from './redis-presence-scripts.ts'
import type { Presence, PresentPage } from './store.ts'

/** How often presence is refreshed, and the stale taken away, in the time it is valid for: every 25 s and 10 s. */
const REFRESHES = 2.4
const SWEEPS = 6
/** Questions that are on their way to Redis together. */
const AT_ONCE = 100

export class RedisPresence implements Presence {
  readonly #link: RedisLink
  readonly #keys: RedisKeys
  readonly #validMs: number
  /** The connections of this node. */
  readonly #here = new Map<string, { room: string; conn: string; user: User }>()
  readonly #timers: NodeJS.Timeout[]

  constructor(link: RedisLink, keys: RedisKeys, options: { presenceMs?: number; onError(error: unknown): void }) {
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
    const key = `${room} ${conn}`
    if (this.#here.get(key)?.user.id === user.id) this.#here.delete(key)
    await this.#link.script(LEAVE, this.#roomKeys(room), [
      this.#keys.room(room).channel,
      `${conn} ${user.id}`,
      Date.now(),
    ])
  }

  async list(room: string, cursor: string | undefined, limit: number): Promise<PresentPage> {
    // One more than asked for tells whether there is another page.
    const args = [cursor === undefined ? '-' : `(${cursor}`, limit + 1]
    const [users, conns, ...rows] = (await this.#link.script(PAGE, this.#roomKeys(room), args)) as string[]
    const list: PresentUser[] = []
    for (let i = 0; i + 2 < rows.length && list.length < limit; i += 3) {
      list.push({ id: rows[i]!, name: rows[i + 1]!, conns: Number(rows[i + 2]) })
    }
    const next = rows.length > 3 * limit ? list.at(-1)!.id : undefined
    return { list, users: Number(users), conns: Number(conns), cursor: next }
  }

  async absent(room: string, cursor: string | undefined, limit: number): Promise<AbsentPage> {
    const { away, awayNames } = this.#keys.room(room)
    const { seen, id } = placeOf(cursor)
    const rows = (await this.#link.script(ABSENT, [away, awayNames], [seen, limit + 1])) as string[]
    const found: AbsentUser[] = []
    for (let i = 0; i + 2 < rows.length; i += 3) {
      const user = { id: rows[i]!, name: rows[i + 1]!, seen: Number(rows[i + 2]) }
      // Redis orders those of one moment by their bytes.
      if (user.seen < seen || Buffer.from(user.id).compare(Buffer.from(id)) < 0) found.push(user)
    }
    return absentPage(found, limit)
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
    const keys = [...this.#here.keys()]
    for (let i = 0; i < keys.length; i += AT_ONCE) {
      // Who has left meanwhile must not be brought back.
      const here = keys.slice(i, i + AT_ONCE).flatMap((key) => this.#here.get(key) ?? [])
      await Promise.all(here.map(({ room, conn, user }) => this.#enter(room, conn, user)))
    }
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
    const { conns, users, names, roster, cursor, away, awayNames } = this.#keys.room(room)
    return [conns, users, names, roster, cursor, away, awayNames]
  }
}
