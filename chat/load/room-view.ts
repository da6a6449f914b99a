/** What one client knows of one room. */
import type { Entry, JoinReply } from '../protocol/index.ts'

export interface RoomView {
  epoch: string
  /** The last entry in order. */
  last: number
  /** Every entry seen, by `seq`; the first copy counts. */
  readonly entries: Map<number, Entry>
  /** Copies beyond the first that were not marked as redelivered. */
  duplicates: number
  gaps: number
  /** Everything before this is to be fetched; one fetch at a time does it. */
  wanted: number
  filling: Promise<void> | undefined
  resets: number
  users: number
  conns: number
}

/** The position right before the page of a join. */
export function positionBefore({ msgs, head }: JoinReply): number {
  return msgs[0] === undefined ? head : msgs[0].seq - 1
}

export function newRoomView(reply: JoinReply): RoomView {
  const none = { duplicates: 0, gaps: 0, wanted: 0, filling: undefined, resets: 0, users: 0, conns: 0 }
  return { epoch: reply.epoch, last: positionBefore(reply), entries: new Map(), ...none }
}
