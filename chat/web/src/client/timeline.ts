/**
 * What the message list shows, in order: days, messages grouped by sender, joins and leaves folded into one line, the line
 * above what is new, and at the end what still waits to be sent.
 */
import type { OutboxEntry } from './outbox.ts'
import type { RoomMessage } from './room-log.ts'

/** Somebody came or went; `after` is the seq of the message that was the last one then. */
export interface Notice {
  readonly kind: 'join' | 'leave'
  readonly name: string
  readonly ts: number
  readonly after: number
}

export type TimelineItem =
  | { readonly kind: 'day'; readonly key: string; readonly ts: number }
  | { readonly kind: 'new'; readonly key: string }
  | {
      readonly kind: 'notice'
      readonly key: string
      readonly joined: string[]
      readonly left: string[]
      readonly ts: number
    }
  | {
      readonly kind: 'message'
      readonly key: string
      readonly message: RoomMessage
      readonly head: boolean
      readonly own: boolean
    }
  | { readonly kind: 'pending'; readonly key: string; readonly entry: OutboxEntry; readonly head: boolean }

export interface TimelineInput {
  readonly messages: readonly RoomMessage[]
  readonly notices: readonly Notice[]
  readonly pending: readonly OutboxEntry[]
  /** The id of the user of this page. */
  readonly me: string
  /** Everything above this seq, from others, was not yet read when the room was opened; undefined: no line is drawn. */
  readonly newAfter: number | undefined
}

/** Messages of one sender that are closer than this, in milliseconds, form a group. */
export const GROUP_WITHIN = 5 * 60 * 1000

export function buildTimeline(input: TimelineInput): TimelineItem[] {
  const items: TimelineItem[] = []
  const notices = [...input.notices]
  let day = ''
  let lineDrawn = false
  let last: { sender: string; ts: number } | undefined

  const openDay = (ts: number): void => {
    const key = new Date(ts).toDateString()
    if (key === day) return
    day = key
    last = undefined
    items.push({ kind: 'day', key: `day-${key}`, ts })
  }
  const takeNotices = (upTo: number): void => {
    const due: Notice[] = []
    while (notices.length > 0 && notices[0]!.after <= upTo) due.push(notices.shift()!)
    const folded = foldNotices(due)
    if (folded === undefined) return
    openDay(folded.ts)
    items.push(folded)
    last = undefined
  }
  const isHead = (sender: string, ts: number): boolean => {
    const head = last === undefined || last.sender !== sender || ts - last.ts > GROUP_WITHIN
    last = { sender, ts }
    return head
  }

  for (const message of input.messages) {
    takeNotices(message.seq - 1)
    openDay(message.ts)
    const own = message.from.id === input.me
    if (!lineDrawn && input.newAfter !== undefined && message.seq > input.newAfter && !own) {
      lineDrawn = true
      last = undefined
      items.push({ kind: 'new', key: 'new' })
    }
    items.push({ kind: 'message', key: message.cid, message, own, head: isHead(message.from.id, message.ts) })
  }
  takeNotices(Infinity)
  for (const entry of input.pending) {
    openDay(entry.at)
    items.push({ kind: 'pending', key: entry.cid, entry, head: isHead(input.me, entry.at) })
  }
  return items
}

/** Several comings and goings in one line; who came and went again is not mentioned at all. */
function foldNotices(notices: readonly Notice[]): (TimelineItem & { kind: 'notice' }) | undefined {
  const balance = new Map<string, number>()
  for (const { name, kind } of notices) balance.set(name, (balance.get(name) ?? 0) + (kind === 'join' ? 1 : -1))
  const joined = [...balance].filter(([, sum]) => sum > 0).map(([name]) => name)
  const left = [...balance].filter(([, sum]) => sum < 0).map(([name]) => name)
  const lastOne = notices[notices.length - 1]
  if (lastOne === undefined || joined.length + left.length === 0) return undefined
  return { kind: 'notice', key: `notice-${lastOne.after}-${lastOne.ts}`, joined, left, ts: lastOne.ts }
}
