/**
 * What a page knows of one room's log: entries without holes from the oldest loaded to the last applied. What arrives too
 * early waits; what arrives again is dropped; an epoch that changes empties everything.
 */
import type { Entry, MsgBody, Page } from '../../../protocol/entities.ts'

/** A message as it stands now, edits applied. */
export type RoomMessage = MsgBody & { readonly seq: number }

export type Applied = 'applied' | 'old' | 'gap'

/** So many entries that came too early are kept; beyond that they are fetched again. */
const AHEAD_MOST = 500

export class RoomLog {
  /** Names the log on the server; empty until the first page. */
  epoch = ''
  /** The newest entry that is applied; everything up to it from `earliest` is here. */
  last = 0
  /** The oldest entry that is loaded. */
  earliest = 1
  /** The oldest entry that the server still keeps. */
  first = 1
  /** Messages in the order of the log. */
  messages: readonly RoomMessage[] = []
  readonly #ahead = new Map<number, Entry>()

  /** Whether there is something older to load. */
  get hasEarlier(): boolean {
    return this.earliest > this.first
  }

  /** Begin anew with a page that ends at the head of the log. */
  reset(page: Page): void {
    this.epoch = page.epoch
    this.first = page.first
    this.messages = []
    this.#ahead.clear()
    this.earliest = page.msgs[0]?.seq ?? page.head + 1
    this.last = this.earliest - 1
    for (const entry of page.msgs) this.apply(entry)
    this.last = Math.max(this.last, page.msgs.length === 0 ? page.head : this.last)
  }

  /** Take one entry: the next one is applied, an older one is dropped, a later one waits for the gap to be filled. */
  apply(entry: Entry): Applied {
    if (entry.seq <= this.last) return 'old'
    if (entry.seq > this.last + 1) {
      if (this.#ahead.size < AHEAD_MOST) this.#ahead.set(entry.seq, entry)
      return 'gap'
    }
    this.messages = withEntry(this.messages, entry)
    this.last = entry.seq
    const next = this.#ahead.get(entry.seq + 1)
    if (next !== undefined) {
      this.#ahead.delete(next.seq)
      this.apply(next)
    }
    return 'applied'
  }

  /** Put an older page before what is loaded. */
  prepend(page: Page): void {
    const older = page.msgs.filter((entry) => entry.seq < this.earliest)
    this.first = page.first
    if (older.length === 0) {
      if (page.complete) this.first = this.earliest
      return
    }
    // Messages come as they stand now, so changes that were loaded earlier are in them already.
    const messages = older.reduce<readonly RoomMessage[]>(withEntry, [])
    this.messages = [...messages, ...this.messages]
    this.earliest = older[0]!.seq
  }

  /** The newest message of this user that still has a text. */
  lastOwn(user: string): RoomMessage | undefined {
    return this.messages.findLast((message) => message.from.id === user && message.deleted === undefined)
  }

  find(seq: number): RoomMessage | undefined {
    return this.messages.find((message) => message.seq === seq)
  }
}

function withEntry(messages: readonly RoomMessage[], entry: Entry): readonly RoomMessage[] {
  if (entry.kind === 'msg') {
    const { kind: _, ...message } = entry
    return [...messages, message]
  }
  const at = messages.findIndex((message) => message.seq === entry.target)
  const target = messages[at]
  if (target === undefined || target.deleted !== undefined) return messages
  const changed: RoomMessage =
    entry.kind === 'edit'
      ? { ...target, text: entry.text, edited: entry.ts }
      : { ...target, text: '', deleted: entry.ts }
  return messages.with(at, changed)
}
