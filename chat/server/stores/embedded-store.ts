/** Logs and marks in one file: reads come from it at once, writes go through the group commit. */
import { randomBytes } from 'node:crypto'
import type { EmbeddedOptions } from './embedded.ts'
import { type AbsentUser, DURABILITY, type Entry, LIMITS, type User } from '../../protocol/index.ts'
import type { AwayBook } from './absence.ts'
import { writeMeta } from './embedded-schema.ts'
import { prepareStatements, type Statements } from './embedded-statements.ts'
import { applyChange, boundsOf, changeOf, makeEntry, newEpoch } from './entries.ts'
import { GroupCommit } from './group-commit.ts'
import type { LocalBus } from './local.ts'
import type { Database } from './sqlite-driver.ts'
import {
  type AppendRequest,
  type AppendResult,
  type LogPage,
  type LogState,
  type Marks,
  type Range,
  type RoomRecord,
  type Store,
  StoreUnavailable,
} from './store.ts'

interface RoomState {
  readonly title: string
  readonly epoch: string
  head: number
  first: number
  members: number
}

type EntryRow = { seq: number; user: string; kind: string; entry: string }

export class EmbeddedStore implements Store, AwayBook {
  readonly durability
  readonly #database: Database
  readonly #commits: GroupCommit
  readonly #bus: LocalBus
  readonly #sql: Statements
  /** What is committed, or about to be in the transaction that runs. */
  #rooms = new Map<string, RoomState>()
  readonly #keep: number
  readonly #most: number
  #isClosed = false

  constructor(database: Database, bus: LocalBus, options: EmbeddedOptions) {
    this.durability = options.sync === 'full' ? DURABILITY.disk : DURABILITY.process
    this.#database = database
    this.#bus = bus
    this.#keep = options.logMessages ?? LIMITS.logMessages
    this.#most = options.rooms ?? LIMITS.rooms
    this.#sql = prepareStatements(database)
    this.#commits = new GroupCommit({
      begin: () => database.exec('begin immediate'),
      commit: () => database.exec('commit'),
      rollback: () => {
        // What was counted in memory for this transaction is not true any more.
        database.exec('rollback')
        this.#readRooms()
      },
    })
    this.#readRooms()
  }

  async createRoom(room: string, title: string): Promise<'created' | 'exists' | 'full'> {
    return this.#write(() => {
      if (this.#rooms.has(room)) return 'exists'
      if (this.#rooms.size >= this.#most) return 'full'
      const epoch = newEpoch()
      this.#sql.insertRoom.run(room, title, epoch)
      this.#rooms.set(room, { title, epoch, head: 0, first: 1, members: 0 })
      return 'created'
    })
  }

  async rooms(): Promise<RoomRecord[]> {
    return [...this.#rooms].map(([room, { title, head, members }]) => ({ room, title, head, members }))
  }

  async append(request: AppendRequest): Promise<AppendResult> {
    const { result, published } = await this.#write(() => this.#append(request))
    if (published !== undefined) this.#bus.emit(request.room, published)
    return result
  }

  async log(room: string): Promise<LogState | undefined> {
    const state = this.#rooms.get(room)
    return state && { epoch: state.epoch, head: state.head, first: state.first }
  }

  async range(room: string, range: Range): Promise<LogPage | undefined> {
    const state = this.#rooms.get(room)
    if (state === undefined) return undefined
    const { epoch, head, first } = state
    const { from, to } = boundsOf(state, range)
    const rows = from > to ? [] : (this.#sql.range.all(room, from, to) as { entry: string }[])
    return { epoch, head, first, entries: rows.map(({ entry }) => JSON.parse(entry) as Entry) }
  }

  async enrol(room: string, user: string): Promise<Marks> {
    const known = this.#marks(room, user)
    if (known !== undefined) return known
    return this.#write(() => {
      const again = this.#marks(room, user)
      const state = this.#rooms.get(room)
      if (again !== undefined || state === undefined) return again ?? { cursor: 0, read: 0 }
      this.#sql.enrol.run(room, user, state.head, state.head)
      state.members += 1
      return { cursor: state.head, read: state.head }
    })
  }

  async forget(room: string, user: string): Promise<void> {
    await this.#write(() => {
      const state = this.#rooms.get(room)
      if (state === undefined || this.#marks(room, user) === undefined) return
      this.#sql.forget.run(room, user)
      this.#sql.unsee.run(room, user)
      state.members -= 1
    })
  }

  async mark(room: string, user: string, kind: keyof Marks, seq: number): Promise<void> {
    await this.#write(() => this.#sql[kind].run(Math.min(seq, this.#rooms.get(room)?.head ?? 0), room, user))
  }

  async memberships(user: string): Promise<Map<string, Marks>> {
    const rows = this.#sql.memberships.all(user) as { room: string; cursor: number; read: number }[]
    return new Map(rows.map(({ room, cursor, read }) => [room, { cursor, read }]))
  }

  async memberCount(room: string): Promise<number> {
    return this.#rooms.get(room)?.members ?? 0
  }

  isMember(room: string, user: string): boolean {
    return !this.#isClosed && this.#marks(room, user) !== undefined
  }

  async came(room: string, { id, name }: User, at: number): Promise<void> {
    await this.#write(() => this.#sql.saw.run(room, id, name, 1, at))
  }

  async went(room: string, { id, name }: User, at: number): Promise<void> {
    await this.#write(() => {
      this.#sql.saw.run(room, id, name, 0, at)
      this.#sql.trimAway.run(room, LIMITS.absent)
    })
  }

  away(room: string, after: Pick<AbsentUser, 'id' | 'seen'>, limit: number): AbsentUser[] {
    const rows = this.#sql.away.all(room, after.seen, after.id, limit) as AbsentUser[]
    return rows.map(({ id, name, seen }) => ({ id, name, seen }))
  }

  async secret(name: string): Promise<Uint8Array> {
    return this.#write(() => {
      const key = `secret.${name}`
      const row = this.#database.prepare('select value from meta where name = ?').get(key)
      const hex = (row as { value: string } | undefined)?.value ?? randomBytes(32).toString('hex')
      if (row === undefined) writeMeta(this.#database, key, hex)
      return Buffer.from(hex, 'hex')
    })
  }

  async check(): Promise<void> {
    if (this.#isClosed) throw new StoreUnavailable('the store is closed')
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#commits.flush()
    this.#isClosed = true
    writeMeta(this.#database, 'opened', 'closed')
    this.#database.exec('pragma wal_checkpoint(truncate)')
    this.#database.close()
  }

  #write<T>(run: () => T): Promise<T> {
    if (this.#isClosed) return Promise.reject(new StoreUnavailable('the store is closed'))
    return this.#commits.add(run)
  }

  /** Runs inside a transaction. */
  #append(request: AppendRequest): {
    result: AppendResult
    published?: { kind: 'entry'; epoch: string; entry: Entry }
  } {
    const { room, from, cid, kind } = request
    const state = this.#rooms.get(room)
    if (state === undefined) return { result: { ok: false, error: 'no_room' } }
    const known = this.#sql.byCid.get(room, from.id, cid) as { seq: number; entry: string } | undefined
    if (known !== undefined) {
      const { ts } = JSON.parse(known.entry) as Entry
      return { result: { ok: true, seq: known.seq, ts, dup: true } }
    }
    if (kind !== 'msg') {
      const error = this.#change(request)
      if (error !== undefined) return { result: { ok: false, error } }
    }
    const entry = makeEntry(request, state.epoch, state.head + 1)
    const target = kind === 'msg' ? null : (request.target ?? 0)
    this.#sql.insertEntry.run(room, entry.seq, from.id, cid, kind, target, JSON.stringify(entry))
    state.head = entry.seq
    // A tenth more than asked for, so that not every entry deletes another.
    if (state.head - state.first + 1 >= this.#keep * 1.1) {
      state.first = state.head - this.#keep + 1
      this.#sql.trim.run(room, state.first)
    }
    this.#sql.setHead.run(state.head, state.first, room)
    const result = { ok: true, seq: entry.seq, ts: entry.ts, dup: false } as const
    return { result, published: { kind: 'entry', epoch: state.epoch, entry } }
  }

  #change(request: AppendRequest): 'no_message' | 'forbidden' | 'conflict' | undefined {
    const { room, target = 0 } = request
    const row = this.#sql.bySeq.get(room, target) as EntryRow | undefined
    if (row?.kind !== 'msg') return 'no_message'
    if (row.user !== request.from.id) return 'forbidden'
    const entry = JSON.parse(row.entry) as Entry
    if (entry.kind === 'msg' && entry.deleted !== undefined) return 'conflict'
    const edits = request.kind === 'delete' ? (this.#sql.byTarget.all(room, target) as EntryRow[]) : []
    for (const touched of [row, ...edits]) {
      const changed = applyChange(JSON.parse(touched.entry) as Entry, changeOf(request))
      this.#sql.setEntry.run(JSON.stringify(changed), room, touched.seq)
    }
    return undefined
  }

  #marks(room: string, user: string): Marks | undefined {
    const row = this.#sql.marks.get(room, user) as Marks | undefined
    return row && { cursor: row.cursor, read: row.read }
  }

  #readRooms(): void {
    const rooms = this.#sql.rooms.all() as ({ room: string } & RoomState)[]
    this.#rooms = new Map(
      rooms.map(({ room, title, epoch, head, first, members }) => [room, { title, epoch, head, first, members }]),
    )
  }
}
