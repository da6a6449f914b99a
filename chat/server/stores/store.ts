/**
 * What the chat room needs from a backend, in three interfaces: `Store` keeps logs and marks, `Bus` carries notices between
 * nodes, `Presence` knows who is there. Three drivers serve them: memory, embedded (a file), Redis.
 */
import type { AbsentPage, Durability, Entry, LeftUser, PresentUser, User } from '../../protocol/index.ts'

/** The backend cannot be reached; nothing was acknowledged. Leads to the error `unavailable`. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable'
}

/** A backend that cannot even be opened; the sentence is for whoever starts the server. */
export class BackendError extends Error {
  override readonly name = 'BackendError'
}

export interface LogState {
  /** Names the log; a `seq` means something only inside it. */
  readonly epoch: string
  /** The last entry; 0 when there is none. */
  readonly head: number
  /** The oldest entry still kept; `head + 1` when there is none. */
  readonly first: number
}

export interface LogPage extends LogState {
  /** Ascending, without holes. Edited and deleted messages carry their marks. */
  readonly entries: readonly Entry[]
}

export interface AppendRequest {
  readonly room: string
  readonly from: User
  /** De-duplicated per room and user. */
  readonly cid: string
  readonly kind: Entry['kind']
  /** Empty for `delete`. */
  readonly text: string
  readonly replyTo?: number
  /** The message that `edit` and `delete` change. */
  readonly target?: number
  readonly ts: number
}

export type AppendError = 'no_room' | 'no_message' | 'forbidden' | 'conflict'

export type AppendResult =
  | { readonly ok: true; readonly seq: number; readonly ts: number; readonly dup: boolean }
  | { readonly ok: false; readonly error: AppendError }

export interface Range {
  /** Entries with a greater `seq`, the oldest `limit` of them. */
  readonly after?: number
  /** Entries with a smaller `seq`, the newest `limit` of them. Without either: the newest of all. */
  readonly before?: number
  readonly limit: number
}

/** What a node has seen of a log; a store that has less than that has lost something, and rotates the epoch. */
export interface Seen {
  readonly epoch: string
  readonly seq: number
}

export interface Marks {
  /** Delivered up to here. */
  readonly cursor: number
  /** Read up to here. */
  readonly read: number
}

export interface RoomRecord {
  readonly room: string
  readonly title: string
  readonly head: number
  readonly members: number
}

export interface Store {
  readonly durability: Durability
  /** Make a room. `full` when there are as many as allowed. */
  createRoom(room: string, title: string): Promise<'created' | 'exists' | 'full'>
  rooms(): Promise<RoomRecord[]>
  /** Resolves when the entry is stored at the level of `durability`, or was stored before. Calls keep their order. */
  append(request: AppendRequest): Promise<AppendResult>
  /** The state of a log, or `undefined` when there is no such room. */
  log(room: string, seen?: Seen): Promise<LogState | undefined>
  range(room: string, range: Range): Promise<LogPage | undefined>
  /** Make the user a member of the room, new ones with marks at `head`; answer the marks. */
  enrol(room: string, user: string): Promise<Marks>
  /** End the membership. */
  forget(room: string, user: string): Promise<void>
  /** Move a mark forward; it never goes back, and never past the head. */
  mark(room: string, user: string, kind: keyof Marks, seq: number): Promise<void>
  memberships(user: string): Promise<ReadonlyMap<string, Marks>>
  memberCount(room: string): Promise<number>
  /** 32 random bytes that are the same on every node and after every restart. */
  secret(name: string): Promise<Uint8Array>
  /** Resolves when the backend answers; rejects with `StoreUnavailable`. */
  check(): Promise<void>
}

/** What nodes tell each other about a room. */
export type Notice =
  | { readonly kind: 'entry'; readonly epoch: string; readonly entry: Entry }
  | {
      readonly kind: 'presence'
      readonly join: readonly User[]
      readonly leave: readonly LeftUser[]
      readonly users: number
      readonly conns: number
    }
  | { readonly kind: 'typing'; readonly user: User; readonly on: boolean }
  /** The user has read up to here on a connection of `node`, which has told its own. */
  | { readonly kind: 'read'; readonly node: string; readonly user: string; readonly seq: number }
  /** The user's connection `conn`, wherever it is, has been replaced. */
  | { readonly kind: 'replaced'; readonly user: string; readonly conn: string }
  /** The log may have moved without notices: compare, and fetch what is missing. */
  | { readonly kind: 'check' }

export type NoticeListener = (room: string, notice: Notice) => void

export interface Bus {
  /** One listener for a node: called for every subscribed room. May lose notices; `entry` notices are repaired by `seq`. */
  listen(listener: NoticeListener): void
  /** Resolves when notices of the room arrive. */
  subscribe(room: string): Promise<void>
  unsubscribe(room: string): Promise<void>
  publish(room: string, notice: Notice): Promise<void>
}

export interface PresentPage {
  readonly list: readonly PresentUser[]
  readonly users: number
  readonly conns: number
  readonly cursor: string | undefined
}

export interface Presence {
  /** A connection is in the room; again with another name renames. Publishes a `presence` notice on a change of users. */
  enter(room: string, conn: string, user: User): Promise<void>
  leave(room: string, conn: string, user: User): Promise<void>
  list(room: string, cursor: string | undefined, limit: number): Promise<PresentPage>
  /** The members who are not there, the last to go first. Of a room the latest 1000 are known. */
  absent(room: string, cursor: string | undefined, limit: number): Promise<AbsentPage>
  counts(rooms: readonly string[]): Promise<readonly { readonly users: number; readonly conns: number }[]>
}

/** A backend in use. */
export interface Backend {
  readonly name: string
  readonly store: Store
  readonly bus: Bus
  readonly presence: Presence
  /** How often a node compares its rooms with the store, in milliseconds; 0 where notices cannot get lost. */
  readonly pollMs: number
  /** Write out what waits, and give everything back. */
  close(): Promise<void>
}
