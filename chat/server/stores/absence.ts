/** Pages of absent members: in the order of their going, the last first, and by id where two went at once. */
import type { AbsentPage, AbsentUser, User } from '../../protocol/index.ts'

/** Where a store of one node keeps which members are away. */
export interface AwayBook {
  isMember(room: string, user: string): boolean
  came(room: string, user: User, at: number): Promise<void>
  /** A member has gone. */
  went(room: string, user: User, at: number): Promise<void>
  /** Up to `limit`, in the order of pages, after a place in it. */
  away(room: string, after: Pick<AbsentUser, 'id' | 'seen'>, limit: number): readonly AbsentUser[]
}

/** The place before everybody. */
const START = { id: '', seen: Number.MAX_SAFE_INTEGER }

/** The place that a cursor names; the start for what is none. */
export function placeOf(cursor: string | undefined): Pick<AbsentUser, 'id' | 'seen'> {
  const [, seen, id] = /^(\d{1,15})\.(.*)$/s.exec(cursor ?? '') ?? []
  return seen === undefined ? START : { seen: Number(seen), id: id! }
}

/** Make a page of what was found, of which one more than `limit` was asked for. */
export function absentPage(found: readonly AbsentUser[], limit: number): AbsentPage {
  const list = found.slice(0, limit)
  const last = list.at(-1)
  return found.length > limit && last !== undefined ? { list, cursor: `${last.seen}.${last.id}` } : { list }
}
