/** Who is in a room, who is away, and who came and went while it was looked at. */
import type { AbsentPage, AbsentUser, PresencePage } from '../../../protocol/entities.ts'
import type { EventBody } from '../../../protocol/events.ts'
import type { Notice } from './timeline.ts'

/** Comings and goings that are remembered. */
const NOTICES_MOST = 200

export interface Person {
  readonly id: string
  readonly name: string
  readonly conns: number
}

export class RoomPeople {
  readonly byId = new Map<string, Person>()
  /** More than are listed, in a large room. */
  count = 0
  notices: readonly Notice[] = []
  /** Members who are not there, the last to go first; as many as were asked for. */
  away: readonly AbsentUser[] = []
  /** Whether they were asked for since the room was entered. */
  isAwayKnown = false
  #awayCursor: string | undefined

  /** There are more of those who are away. */
  get hasMoreAway(): boolean {
    return this.#awayCursor !== undefined
  }

  /** What to ask for next about those who are away; `undefined` when all is known. */
  get awayQuestion(): { cursor?: string } | undefined {
    if (!this.isAwayKnown) return {}
    return this.#awayCursor === undefined ? undefined : { cursor: this.#awayCursor }
  }

  /** All of them, as a join answers. */
  set(page: PresencePage): void {
    this.byId.clear()
    for (const person of page.list) this.byId.set(person.id, person)
    this.count = page.users
    this.isAwayKnown = false
  }

  /** The first page of those who are away, or the next one. */
  addAway({ list, cursor }: AbsentPage): void {
    const known = this.isAwayKnown ? this.away : []
    const ids = new Set(known.map(({ id }) => id))
    this.away = [...known, ...list.filter(({ id }) => !ids.has(id) && !this.byId.has(id))]
    this.#awayCursor = cursor
    this.isAwayKnown = true
  }

  /** Some came, some went; `after` is the seq of the last message then. */
  change({ join, leave, users }: EventBody<'presence'>, after: number): void {
    const ts = Date.now()
    for (const { id, name } of join) {
      const known = this.byId.get(id)
      this.byId.set(id, { id, name, conns: known?.conns ?? 1 })
      if (known === undefined) this.#notice({ kind: 'join', name, ts, after })
    }
    for (const { id, name } of leave) {
      if (this.byId.delete(id)) this.#notice({ kind: 'leave', name, ts, after })
    }
    const moved = new Set([...join, ...leave].map(({ id }) => id))
    const gone = leave.flatMap(({ id, name, seen }) => (seen === undefined ? [] : { id, name, seen }))
    this.away = [...gone.toSorted((a, b) => b.seen - a.seen), ...this.away.filter(({ id }) => !moved.has(id))]
    this.count = users
  }

  /** The log they refer to has begun anew. */
  forgetNotices(): void {
    this.notices = []
  }

  #notice(notice: Notice): void {
    this.notices = [...this.notices.slice(-NOTICES_MOST + 1), notice]
  }
}
