/** Who is in a room, and who came and went while it was looked at. */
import type { PresencePage } from '../../../protocol/entities.ts'
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

  /** All of them, as a join answers. */
  set(page: PresencePage): void {
    this.byId.clear()
    for (const person of page.list) this.byId.set(person.id, person)
    this.count = page.users
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
