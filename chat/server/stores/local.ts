/** The bus and the presence of a single node: what memory and embedded stores share. */
import type { AbsentPage, LeftUser, PresentUser, User } from '../../protocol/index.ts'
import { absentPage, type AwayBook, placeOf } from './absence.ts'
import type { Bus, Notice, NoticeListener, Presence, PresentPage } from './store.ts'

/** Calls the one listener of this process. */
export class LocalBus implements Bus {
  readonly #rooms = new Set<string>()
  #listener: NoticeListener = () => {}

  listen(listener: NoticeListener): void {
    this.#listener = listener
  }

  async subscribe(room: string): Promise<void> {
    this.#rooms.add(room)
  }

  async unsubscribe(room: string): Promise<void> {
    this.#rooms.delete(room)
  }

  async publish(room: string, notice: Notice): Promise<void> {
    this.emit(room, notice)
  }

  /** Publish without a promise. */
  emit(room: string, notice: Notice): void {
    if (this.#rooms.has(room)) this.#listener(room, notice)
  }
}

interface Here {
  user: User
  /** Counts up in the order of coming; the cursor of a page. */
  readonly order: number
  readonly conns: Set<string>
}

interface LocalRoom {
  readonly users: Map<string, Here>
  conns: number
}

/** Counts connections in maps. */
export class LocalPresence implements Presence {
  readonly #bus: LocalBus
  readonly #book: AwayBook
  readonly #rooms = new Map<string, LocalRoom>()
  #order = 0

  constructor(bus: LocalBus, book: AwayBook) {
    this.#bus = bus
    this.#book = book
  }

  async enter(room: string, conn: string, user: User): Promise<void> {
    let here = this.#rooms.get(room)
    if (here === undefined) this.#rooms.set(room, (here = { users: new Map(), conns: 0 }))
    const known = here.users.get(user.id)
    const news = known === undefined || known.user.name !== user.name
    const entry = known ?? { user, order: (this.#order += 1), conns: new Set<string>() }
    entry.user = user
    here.users.set(user.id, entry)
    if (!entry.conns.has(conn)) {
      entry.conns.add(conn)
      here.conns += 1
    }
    this.#tell(room, here, { join: news ? [user] : [], leave: [] })
    if (news) await this.#book.came(room, user, Date.now())
  }

  async leave(room: string, conn: string, user: User): Promise<void> {
    const here = this.#rooms.get(room)
    const known = here?.users.get(user.id)
    if (here === undefined || known === undefined || !known.conns.delete(conn)) return
    here.conns -= 1
    const gone = known.conns.size === 0
    if (gone) here.users.delete(user.id)
    if (here.users.size === 0) this.#rooms.delete(room)
    if (!gone) return this.#tell(room, here, { join: [], leave: [] })
    const seen = this.#book.isMember(room, user.id) ? Date.now() : undefined
    this.#tell(room, here, { join: [], leave: [seen === undefined ? known.user : { ...known.user, seen }] })
    if (seen !== undefined) await this.#book.went(room, known.user, seen)
  }

  async list(room: string, cursor: string | undefined, limit: number): Promise<PresentPage> {
    const here = this.#rooms.get(room)
    if (here === undefined) return { list: [], users: 0, conns: 0, cursor: undefined }
    const after = cursor === undefined ? 0 : Number(cursor)
    const list: PresentUser[] = []
    let last = 0
    // In the order of coming, which is the map's own: the first page of a big room costs no more than that of a small one.
    for (const { user, order, conns } of here.users.values()) {
      if (order <= after) continue
      if (list.length === limit) return { list, users: here.users.size, conns: here.conns, cursor: String(last) }
      list.push({ ...user, conns: conns.size })
      last = order
    }
    return { list, users: here.users.size, conns: here.conns, cursor: undefined }
  }

  async absent(room: string, cursor: string | undefined, limit: number): Promise<AbsentPage> {
    return absentPage(this.#book.away(room, placeOf(cursor), limit + 1), limit)
  }

  async counts(rooms: readonly string[]): Promise<{ users: number; conns: number }[]> {
    return rooms.map((room) => {
      const here = this.#rooms.get(room)
      return { users: here?.users.size ?? 0, conns: here?.conns ?? 0 }
    })
  }

  #tell(room: string, here: LocalRoom, change: { join: User[]; leave: LeftUser[] }): void {
    this.#bus.emit(room, { kind: 'presence', ...change, users: here.users.size, conns: here.conns })
  }
}
