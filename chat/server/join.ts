/** Answers a join: what part of the log the client gets, and whether it has to begin anew. */
import { type JoinReply, LIMITS, type PresencePage, type RequestBody } from '../protocol/index.ts'
import { ChatFault } from './chat-fault.ts'
import type { Marks, Store } from './stores/store.ts'

export interface JoinContext {
  readonly room: string
  readonly request: RequestBody<'join'>
  readonly marks: Marks
  readonly presence: PresencePage
}

export type JoinResult = 'new' | 'resumed' | 'partial' | 'reset'

/**
 * The page always ends at the head, so that live entries follow it without a gap; what lies between the client's position
 * and the page is counted in `missed`, and fetched with `history`.
 */
export async function answerJoin(
  store: Store,
  { room, request, marks, presence }: JoinContext,
): Promise<{ reply: JoinReply; result: JoinResult }> {
  const limit = request.limit ?? LIMITS.defaultPageMessages
  const page = await store.range(room, { limit })
  if (page === undefined) throw new ChatFault('no_room', 'no such room')
  const { epoch, head, first, entries } = page
  const common = {
    epoch,
    head,
    first,
    presence,
    read: Math.min(marks.read, head),
    cursor: Math.min(marks.cursor, head),
  }
  const { since } = request
  // A position counts only in its own log, not ahead of its head, and not before what is kept.
  const follows = since !== undefined && since.epoch === epoch && since.seq <= head && since.seq >= first - 1
  if (since !== undefined && follows) {
    const msgs = entries.filter(({ seq }) => seq > since.seq)
    const missed = head - since.seq - msgs.length
    const reply = { ...common, msgs, complete: missed === 0, reset: false, missed }
    return { reply, result: missed === 0 ? 'resumed' : 'partial' }
  }
  const msgs = [...entries]
  const oldest = msgs[0]?.seq ?? head + 1
  const position = since !== undefined && since.epoch === epoch && since.seq <= head ? since.seq : common.cursor
  const missed = Math.max(0, oldest - 1 - position)
  const reply = { ...common, msgs, complete: oldest <= first, reset: since !== undefined, missed }
  return { reply, result: since === undefined ? 'new' : 'reset' }
}
