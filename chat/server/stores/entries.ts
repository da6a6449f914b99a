/** How a store makes the entries of a log and applies changes to earlier ones. */
import { randomBytes } from 'node:crypto'
import type { Entry } from '../../protocol/index.ts'
import type { AppendRequest, LogState, Range } from './store.ts'

/** Make the name of a new log: 9 random bytes. */
export function newEpoch(): string {
  return randomBytes(9).toString('base64url')
}

/** Make the entry of a request at a place in the log. */
export function makeEntry(request: AppendRequest, epoch: string, seq: number): Entry {
  const { kind, from, cid, ts, text } = request
  const common = { seq, id: `${epoch}-${seq}`, cid, from: { id: from.id, name: from.name }, ts }
  if (kind === 'msg') {
    return { kind, ...common, text, ...(request.replyTo === undefined ? {} : { replyTo: request.replyTo }) }
  }
  const target = request.target ?? 0
  return kind === 'edit' ? { kind, ...common, target, text } : { kind, ...common, target }
}

/** What `edit` and `delete` do to the message they change. */
export interface Change {
  readonly text: string
  readonly edited?: number
  readonly deleted?: number
}

export function changeOf(request: AppendRequest): Change {
  return request.kind === 'delete' ? { text: '', deleted: request.ts } : { text: request.text, edited: request.ts }
}

/** An entry with a change of its message applied; when that was deleted, an earlier `edit` gives nothing away either. */
export function applyChange(entry: Entry, change: Change | undefined): Entry {
  if (change === undefined || entry.kind === 'delete') return entry
  if (entry.kind === 'msg') return { ...entry, ...change }
  return change.deleted === undefined ? entry : { ...entry, text: '' }
}

/** The bounds, both included, of the entries that a range asks for. */
export function boundsOf({ first, head }: LogState, range: Range): { from: number; to: number } {
  if (range.after !== undefined) {
    const from = Math.max(first, range.after + 1)
    return { from, to: Math.min(head, from + range.limit - 1) }
  }
  const to = Math.min(head, (range.before ?? head + 1) - 1)
  return { from: Math.max(first, to - range.limit + 1), to }
}
