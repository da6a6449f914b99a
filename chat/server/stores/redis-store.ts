/** Logs and marks in Redis: every append is one script that de-duplicates, numbers, stores and publishes. */
import { randomBytes } from 'node:crypto'
import { DURABILITY, type Entry, LIMITS } from '../../protocol/index.ts'
import { applyChange, type Change, changeOf, newEpoch } from './entries.ts'
import { CID_GENERATION_MS, type RedisKeys } from './redis-keys.ts'
import type { Answer, RedisLink } from './redis-link.ts'
import { APPEND, ENROL, MARK, READ } from './redis-scripts.ts'
import type {
  AppendError,
  AppendRequest,
  AppendResult,
  LogPage,
  LogState,
  Marks,
  Range,
  RoomRecord,
  Seen,
  Store,
} from './store.ts'

/** The entry of a stream's row: what the script could not know is put in front. */
export function parseEntry(json: string, epoch: string, seq: number): Entry {
  return { ...(JSON.parse(json) as Entry), seq, id: `${epoch}-${seq}` }
}

/** The part of an entry that does not depend on its place. */
function bodyOf(request: AppendRequest): string {
  const { kind, cid, from, ts, text, target, replyTo } = request
  const common = { kind, cid, from: { id: from.id, name: from.name }, ts }
  if (kind === 'msg') return JSON.stringify({ ...common, text, replyTo })
  // The target stands first: the script looks for it, and must not find it in a text.
  return JSON.stringify(kind === 'edit' ? { target, ...common, text } : { target, ...common })
}

export class RedisStore implements Store {
  readonly durability = DURABILITY.redis
  readonly #link: RedisLink
  readonly #keys: RedisKeys
  readonly #keep: number
  readonly #most: number
  /** The furthest position this node has seen in each log. */
  readonly #seen = new Map<string, Seen>()
  /** The titles of the rooms that this node has made. */
  readonly #founded = new Map<string, string>()

  constructor(link: RedisLink, keys: RedisKeys, options: { logMessages?: number; rooms?: number }) {
    this.#link = link
    this.#keys = keys
    this.#keep = options.logMessages ?? LIMITS.logMessages
    this.#most = options.rooms ?? LIMITS.rooms
  }

  async createRoom(room: string, title: string): Promise<'created' | 'exists' | 'full'> {
    const { meta } = this.#keys.room(room)
    const count = Number(await this.#link.command('ZCARD', this.#keys.rooms))
    const known = (await this.#link.command('HEXISTS', meta, 'epoch')) === 1
    if (!known && count >= this.#most) return 'full'
    const made = (await this.#link.command('HSETNX', meta, 'epoch', newEpoch())) === 1
    await this.#link.command('HSETNX', meta, 'head', 0)
    await this.#link.command('HSETNX', meta, 'title', title)
    await this.#link.command('ZADD', this.#keys.rooms, 'NX', count + 1, room)
    if (this.#founded.size < this.#most) this.#founded.set(room, title)
    return made ? 'created' : 'exists'
  }

  /** Make the rooms that are gone anew: a Redis that came back empty would have none. */
  async refound(): Promise<void> {
    for (const [room, title] of this.#founded) await this.createRoom(room, title)
  }

  async rooms(): Promise<RoomRecord[]> {
    const names = (await this.#link.command('ZRANGE', this.#keys.rooms, 0, -1)) as string[]
    return Promise.all(
      names.map(async (room) => {
        const { meta, cursor } = this.#keys.room(room)
        const [fields, members] = await Promise.all([
          this.#link.command('HMGET', meta, 'title', 'head'),
          this.#link.command('HLEN', cursor),
        ])
        const [title, head] = fields as (string | null)[]
        return { room, title: title ?? room, head: Number(head), members: Number(members) }
      }),
    )
  }

  async append(request: AppendRequest): Promise<AppendResult> {
    const { room, from, cid, kind, ts, target = 0 } = request
    const { meta, log, changes, channel } = this.#keys.room(room)
    const [current, before] = this.#keys.cids(room, Date.now())
    const change = kind === 'msg' ? '' : `${kind === 'delete' ? 'D' : 'E'}${JSON.stringify(changeOf(request))}`
    const answer = await this.#link.script(
      APPEND,
      [meta, log, current, before, changes],
      [
        from.id,
        cid,
        kind,
        target,
        bodyOf(request),
        change,
        this.#keep,
        2 * CID_GENERATION_MS,
        ts,
        ...this.#trap(room, channel),
      ],
    )
    const [outcome, seq, at, epoch] = answer as string[]
    if (outcome !== 'ok' && outcome !== 'dup') return { ok: false, error: outcome as AppendError }
    this.saw(room, { epoch: epoch!, seq: Number(seq) })
    return { ok: true, seq: Number(seq), ts: Number(at), dup: outcome === 'dup' }
  }

  async log(room: string, seen?: Seen): Promise<LogState | undefined> {
    if (seen !== undefined) this.saw(room, seen)
    return this.range(room, { limit: 0 })
  }

  async range(room: string, range: Range): Promise<LogPage | undefined> {
    const { meta, log, changes, channel } = this.#keys.room(room)
    const bounds = [range.after ?? '', range.before ?? '', range.limit]
    const answer = await this.#link.script(READ, [meta, log, changes], [...this.#trap(room, channel), ...bounds])
    const [epoch, head, first, ...rows] = answer as [string, string, string, ...string[][]]
    if (epoch === undefined) return undefined
    this.saw(room, { epoch, seq: Number(head) })
    return { epoch, head: Number(head), first: Number(first), entries: rows.map(readRow) }
  }

  async enrol(room: string, user: string): Promise<Marks> {
    const { meta, cursor, read } = this.#keys.room(room)
    const answer = (await this.#link.script(ENROL, [meta, cursor, read], [user])) as string[]
    if (answer[2] === '1') await this.#link.command('SADD', this.#keys.userRooms(user), room)
    return { cursor: Number(answer[0]), read: Number(answer[1]) }
  }

  async forget(room: string, user: string): Promise<void> {
    const { cursor, read, away, awayNames } = this.#keys.room(room)
    await this.#link.command('SREM', this.#keys.userRooms(user), room)
    await this.#link.command('HDEL', cursor, user)
    await this.#link.command('HDEL', read, user)
    await this.#link.command('ZREM', away, user)
    await this.#link.command('HDEL', awayNames, user)
  }

  async mark(room: string, user: string, kind: keyof Marks, seq: number): Promise<void> {
    const keys = this.#keys.room(room)
    await this.#link.script(MARK, [keys.meta, keys[kind]], [user, seq])
  }

  async memberships(user: string): Promise<Map<string, Marks>> {
    const rooms = (await this.#link.command('SMEMBERS', this.#keys.userRooms(user))) as string[]
    const marks = await Promise.all(
      rooms.map(async (room): Promise<[string, Marks]> => {
        const { cursor, read } = this.#keys.room(room)
        const values = await Promise.all([
          this.#link.command('HGET', cursor, user),
          this.#link.command('HGET', read, user),
        ])
        return [room, { cursor: Number(values[0]), read: Number(values[1]) }]
      }),
    )
    return new Map(marks)
  }

  async memberCount(room: string): Promise<number> {
    return Number(await this.#link.command('HLEN', this.#keys.room(room).cursor))
  }

  async secret(name: string): Promise<Uint8Array> {
    const key = this.#keys.secret(name)
    await this.#link.command('SET', key, randomBytes(32).toString('hex'), 'NX')
    return Buffer.from(String(await this.#link.command('GET', key)), 'hex')
  }

  async check(): Promise<void> {
    await this.#link.command('PING')
  }

  /** Remember the furthest position of a log; another epoch begins anew. */
  saw(room: string, seen: Seen): void {
    const known = this.#seen.get(room)
    if (known === undefined || known.epoch !== seen.epoch || known.seq < seen.seq) this.#seen.set(room, seen)
  }

  /** The last four arguments of the scripts that look for a log behind what was seen. */
  #trap(room: string, channel: string): (string | number)[] {
    const { epoch, seq } = this.#seen.get(room) ?? { epoch: '', seq: 0 }
    return [epoch, seq, newEpoch(), channel]
  }
}

function readRow(row: Answer): Entry {
  const [seq, epoch, json, change] = row as string[]
  const entry = parseEntry(json!, epoch!, Number(seq))
  return applyChange(entry, change ? (JSON.parse(change.slice(1)) as Change) : undefined)
}
