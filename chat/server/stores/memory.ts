/** The store that keeps everything in the memory of one process: for tests, load runs and rooms that may be forgotten. */
import { randomBytes } from 'node:crypto'
import { type AbsentUser, DURABILITY, type Entry, LIMITS, type User } from '../../protocol/index.ts'
import type { AwayBook } from './absence.ts'
import { applyChange, boundsOf, changeOf, makeEntry, newEpoch } from './entries.ts'
import { LocalBus, LocalPresence } from './local.ts'
import type {
  AppendRequest,
  AppendResult,
  Backend,
  LogPage,
  LogState,
  Marks,
  Range,
  RoomRecord,
  Seen,
  Store,
} from './store.ts'

export interface MemoryOptions {
  /** Entries a log keeps. Default 10,000. */
  readonly logMessages?: number
  /** Rooms there may be. Default 1000. */
  readonly rooms?: number
}

interface Log {
  readonly title: string
  readonly epoch: string
  head: number
  /** `entries[0]` has the `seq` `first`. */
  first: number
  entries: Entry[]
  readonly cids: Map<string, number>
  readonly members: Map<string, { cursor: number; read: number }>
  /** In the order of their going. */
  readonly away: Map<string, AbsentUser>
}

class MemoryStore implements Store, AwayBook {
  readonly durability = DURABILITY.memory
  readonly #bus: LocalBus
  readonly #logs = new Map<string, Log>()
  readonly #secrets = new Map<string, Uint8Array>()
  readonly #keep: number
  readonly #rooms: number

  constructor(bus: LocalBus, { logMessages = LIMITS.logMessages, rooms = LIMITS.rooms }: MemoryOptions) {
    this.#bus = bus
    this.#keep = logMessages
    this.#rooms = rooms
  }

  async createRoom(room: string, title: string): Promise<'created' | 'exists' | 'full'> {
    if (this.#logs.has(room)) return 'exists'
    if (this.#logs.size >= this.#rooms) return 'full'
    const maps = { cids: new Map(), members: new Map(), away: new Map() }
    this.#logs.set(room, { title, epoch: newEpoch(), head: 0, first: 1, entries: [], ...maps })
    return 'created'
  }

  async rooms(): Promise<RoomRecord[]> {
    return [...this.#logs].map(([room, { title, head, members }]) => ({ room, title, head, members: members.size }))
  }

  async append(request: AppendRequest): Promise<AppendResult> {
    const log = this.#logs.get(request.room)
    if (log === undefined) return { ok: false, error: 'no_room' }
    const key = `${request.from.id} ${request.cid}`
    const known = log.cids.get(key)
    if (known !== undefined) return { ok: true, seq: known, ts: this.#at(log, known)?.ts ?? request.ts, dup: true }
    if (request.kind !== 'msg') {
      const target = this.#at(log, request.target ?? 0)
      if (target?.kind !== 'msg') return { ok: false, error: 'no_message' }
      if (target.from.id !== request.from.id) return { ok: false, error: 'forbidden' }
      if (target.deleted !== undefined) return { ok: false, error: 'conflict' }
      const change = changeOf(request)
      const touched = request.kind === 'delete' ? log.entries.slice(target.seq - log.first) : [target]
      for (const entry of touched) {
        const its = entry.kind === 'msg' ? entry.seq : entry.target
        if (its === target.seq) log.entries[entry.seq - log.first] = applyChange(entry, change)
      }
    }
    const entry = makeEntry(request, log.epoch, (log.head += 1))
    log.entries.push(entry)
    log.cids.set(key, entry.seq)
    this.#trim(log)
    this.#bus.emit(request.room, { kind: 'entry', epoch: log.epoch, entry })
    return { ok: true, seq: entry.seq, ts: entry.ts, dup: false }
  }

  async log(room: string, _seen?: Seen): Promise<LogState | undefined> {
    const log = this.#logs.get(room)
    return log && { epoch: log.epoch, head: log.head, first: log.first }
  }

  async range(room: string, range: Range): Promise<LogPage | undefined> {
    const log = this.#logs.get(room)
    if (log === undefined) return undefined
    const { epoch, head, first } = log
    const { from, to } = boundsOf(log, range)
    return { epoch, head, first, entries: from > to ? [] : log.entries.slice(from - first, to - first + 1) }
  }

  async enrol(room: string, user: string): Promise<Marks> {
    const log = this.#logs.get(room)
    if (log === undefined) return { cursor: 0, read: 0 }
    let marks = log.members.get(user)
    if (marks === undefined) log.members.set(user, (marks = { cursor: log.head, read: log.head }))
    return { ...marks }
  }

  async forget(room: string, user: string): Promise<void> {
    const log = this.#logs.get(room)
    log?.members.delete(user)
    log?.away.delete(user)
  }

  async mark(room: string, user: string, kind: keyof Marks, seq: number): Promise<void> {
    const log = this.#logs.get(room)
    const marks = log?.members.get(user)
    if (log !== undefined && marks !== undefined) marks[kind] = Math.max(marks[kind], Math.min(seq, log.head))
  }

  async memberships(user: string): Promise<Map<string, Marks>> {
    const found = new Map<string, Marks>()
    for (const [room, { members }] of this.#logs) {
      const marks = members.get(user)
      if (marks !== undefined) found.set(room, { ...marks })
    }
    return found
  }

  async memberCount(room: string): Promise<number> {
    return this.#logs.get(room)?.members.size ?? 0
  }

  isMember(room: string, user: string): boolean {
    return this.#logs.get(room)?.members.has(user) === true
  }

  async came(room: string, user: User): Promise<void> {
    this.#logs.get(room)?.away.delete(user.id)
  }

  async went(room: string, { id, name }: User, seen: number): Promise<void> {
    const away = this.#logs.get(room)?.away
    away?.set(id, { id, name, seen })
    for (const first of away?.keys() ?? []) {
      if (away!.size <= LIMITS.absent) break
      away!.delete(first)
    }
  }

  away(room: string, after: Pick<AbsentUser, 'id' | 'seen'>, limit: number): AbsentUser[] {
    return [...(this.#logs.get(room)?.away.values() ?? [])]
      .filter(({ id, seen }) => seen < after.seen || (seen === after.seen && id < after.id))
      .sort((a, b) => b.seen - a.seen || (a.id < b.id ? 1 : -1))
      .slice(0, limit)
  }

  async secret(name: string): Promise<Uint8Array> {
    let secret = this.#secrets.get(name)
    if (secret === undefined) this.#secrets.set(name, (secret = randomBytes(32)))
    return secret
  }

  async check(): Promise<void> {}

  #at(log: Log, seq: number): Entry | undefined {
    return log.entries[seq - log.first]
  }

  #trim(log: Log): void {
    // A tenth more than asked for, so that the array is not moved for every entry.
    if (log.entries.length < this.#keep * 1.1) return
    const gone = log.entries.splice(0, log.entries.length - this.#keep)
    log.first += gone.length
    for (const { from, cid } of gone) log.cids.delete(`${from.id} ${cid}`)
  }
}

/** Make a backend in memory. */
export function memoryBackend(options: MemoryOptions = {}): Backend {
  const bus = new LocalBus()
  const store = new MemoryStore(bus, options)
  return {
    name: 'memory',
    store,
    bus,
    presence: new LocalPresence(bus, store),
    pollMs: 0,
    close: async () => {},
  }
}
