/**
 * One room on this node: its members here, the entries in order with gaps repaired from the store, presence in batches,
 * who is typing.
 */
import { type Entry, type LeftUser, LIMITS, type User, writeEvent } from '../protocol/index.ts'
import { Member, type Recipient } from './member.ts'
import type { Backend, LogState, Notice } from './stores/store.ts'

export interface RoomEvents {
  /** The bus has brought the next entry, so many milliseconds after it was stamped. */
  noticed(sinceTs: number): void
  /** An entry was handed to the members here, in so many milliseconds. */
  delivered(members: number, ms: number): void
  /** Entries were missing and have been fetched. */
  repaired(count: number): void
  error(error: unknown): void
}

/** Write the event of an entry; `seq` and `kind` move into the envelope. */
export function writeEntry(room: string, entry: Entry, redelivered = false): string {
  const { kind, seq, ...body } = entry
  return writeEvent(kind, (redelivered ? { ...body, redelivered } : body) as never, { room, seq })
}

/** What a connection is told whose page has another one. */
export const REPLACED = 'another connection of this page has taken over'

export class Room {
  readonly name: string
  readonly members = new Map<string, Member>()
  readonly #backend: Backend
  readonly #events: RoomEvents
  #epoch = ''
  /** The last entry handed to the members. */
  #last = 0
  #repairing: Promise<void> | undefined
  #repairAgain = false
  readonly #joined = new Map<string, User>()
  readonly #left = new Map<string, LeftUser>()
  #counts = { users: 0, conns: 0 }
  #presenceTimer: NodeJS.Timeout | undefined
  readonly #typing = new Map<string, { user: User; until: number }>()

  constructor(name: string, backend: Backend, events: RoomEvents) {
    this.name = name
    this.#backend = backend
    this.#events = events
  }

  get epoch(): string {
    return this.#epoch
  }

  get last(): number {
    return this.#last
  }

  /** Subscribe first, then look where the log stands: nothing falls between. Answers `false` when there is no such room. */
  async open(): Promise<boolean> {
    await this.#backend.bus.subscribe(this.name)
    const log = await this.#backend.store.log(this.name)
    if (log === undefined) return false
    this.#epoch = log.epoch
    // A notice may have come before the answer did.
    this.#last = Math.max(this.#last, log.head)
    return true
  }

  async close(): Promise<void> {
    clearTimeout(this.#presenceTimer)
    await this.#backend.bus.unsubscribe(this.name)
  }

  /** Put a connection on the list; entries wait until `Member.goLive`. */
  add(recipient: Recipient): Member {
    let member = this.members.get(recipient.id)
    if (member === undefined) this.members.set(recipient.id, (member = new Member(recipient)))
    else member.hold()
    return member
  }

  remove(id: string): void {
    this.members.delete(id)
  }

  /** Send a text to everybody here, but for one connection. */
  sendAll(text: string, except?: string): void {
    for (const [id, { recipient }] of this.members) if (id !== except) recipient.sendText(text)
  }

  /** Take what the bus brought. */
  notice(notice: Notice): void {
    switch (notice.kind) {
      case 'entry':
        this.#entry(notice.epoch, notice.entry)
        break
      case 'presence':
        this.#presence(notice)
        break
      case 'typing':
        this.#setTyping(notice.user, notice.on)
        break
      case 'replaced': {
        const recipient = this.members.get(notice.conn)?.recipient
        if (recipient?.userId === notice.user) recipient.closeWith('replaced', REPLACED)
        break
      }
      case 'check':
        void this.check()
        break
    }
  }

  /** Compare with the store; fetch what is missing, or begin anew with another epoch. */
  check(): Promise<void> {
    if (this.#repairing !== undefined) {
      this.#repairAgain = true
      return this.#repairing
    }
    this.#repairing = this.#repair()
      .catch((error: unknown) => this.#events.error(error))
      .finally(() => {
        this.#repairing = undefined
        if (this.#repairAgain) {
          this.#repairAgain = false
          void this.check()
        }
      })
    return this.#repairing
  }

  /** Take typing marks away that are over. */
  sweepTyping(now: number): void {
    let changed = false
    for (const [id, { until }] of this.#typing) {
      if (until <= now) changed = this.#typing.delete(id)
    }
    if (changed) this.#sendTyping()
  }

  #entry(epoch: string, entry: Entry): void {
    if (this.#epoch === '') return
    if (epoch !== this.#epoch || entry.seq > this.#last + 1) void this.check()
    else if (entry.seq === this.#last + 1) {
      this.#events.noticed(Date.now() - entry.ts)
      this.#deliver(entry)
    }
  }

  #deliver(entry: Entry): void {
    const started = performance.now()
    this.#last = entry.seq
    const text = writeEntry(this.name, entry)
    const now = Date.now()
    for (const member of this.members.values()) member.deliver(entry, text, now)
    if (entry.kind === 'msg' && this.#typing.delete(entry.from.id)) this.#sendTyping()
    this.#events.delivered(this.members.size, performance.now() - started)
  }

  async #repair(): Promise<void> {
    const log = await this.#backend.store.log(this.name, { epoch: this.#epoch, seq: this.#last })
    if (log === undefined) return this.#lost()
    if (log.epoch !== this.#epoch) return this.#reset(log)
    let repaired = 0
    for (;;) {
      const page = await this.#backend.store.range(this.name, { after: this.#last, limit: LIMITS.pageMessages })
      if (page === undefined) return this.#lost()
      // Trimmed beyond us, or another epoch: only a fresh start is honest.
      if (page.epoch !== this.#epoch || page.first > this.#last + 1) return this.#reset(page)
      for (const entry of page.entries) {
        // The bus may have brought it meanwhile.
        if (entry.seq !== this.#last + 1) continue
        this.#deliver(entry)
        repaired += 1
      }
      if (page.entries.length < LIMITS.pageMessages) break
    }
    if (repaired > 0) this.#events.repaired(repaired)
  }

  /** The store does not know the room any more. */
  #lost(): void {
    for (const { recipient } of this.members.values()) recipient.closeWith('state_lost', 'the room is no longer there')
  }

  #reset({ epoch, head }: LogState): void {
    this.#epoch = epoch
    this.#last = head
    for (const member of this.members.values()) {
      member.reset()
      member.recipient.sendText(writeEvent('reset', { epoch, head }, { room: this.name }))
    }
  }

  #presence(change: { join: readonly User[]; leave: readonly LeftUser[]; users: number; conns: number }): void {
    const isCrowd = change.users > LIMITS.crowdUsers
    if (isCrowd) this.#forgetNames()
    for (const user of isCrowd ? [] : change.join) {
      this.#joined.set(user.id, user)
      this.#left.delete(user.id)
    }
    for (const user of change.leave) {
      this.#joined.delete(user.id)
      if (!isCrowd) this.#left.set(user.id, user)
      if (this.#typing.delete(user.id)) this.#sendTyping()
    }
    this.#counts = { users: change.users, conns: change.conns }
    this.#presenceTimer ??= setTimeout(
      () => {
        this.#presenceTimer = undefined
        this.#sendPresence().catch((error: unknown) => this.#events.error(error))
      },
      isCrowd ? LIMITS.crowdPresenceMs : LIMITS.presenceBatchMs,
    )
  }

  /** Telling everybody the name of everybody would grow with the square of the crowd. */
  #forgetNames(): void {
    this.#joined.clear()
    this.#left.clear()
  }

  async #sendPresence(): Promise<void> {
    const join = [...this.#joined.values()]
    const leave = [...this.#left.values()]
    this.#forgetNames()
    const members = await this.#backend.store.memberCount(this.name)
    this.sendAll(writeEvent('presence', { join, leave, ...this.#counts, members }, { room: this.name }))
  }

  #setTyping(user: User, on: boolean): void {
    if (on) this.#typing.set(user.id, { user, until: Date.now() + LIMITS.typingTtlMs })
    else if (!this.#typing.delete(user.id)) return
    this.#sendTyping()
  }

  #sendTyping(): void {
    const users = [...this.#typing.values()].map(({ user }) => user)
    this.sendAll(writeEvent('typing', { users }, { room: this.name }))
  }
}
