import { describe, expect, it } from 'vitest'
import type { RoomMessage } from '../../web/src/client/room-log.ts'
import { buildTimeline, GROUP_WITHIN, type TimelineInput } from '../../web/src/client/timeline.ts'
import { ADA, entry, EVE } from './fake-socket.ts'

const at = new Date(2026, 4, 4, 12).getTime()
const message = (seq: number, ts: number, from = EVE): RoomMessage =>
  ({ ...entry(seq, `m${seq}`, from), ts }) as unknown as RoomMessage
const build = (input: Partial<TimelineInput>) =>
  buildTimeline({ messages: [], notices: [], pending: [], me: ADA.id, newAfter: undefined, ...input })

describe('buildTimeline', () => {
  it('groups messages of one sender within 5 minutes', () => {
    const items = build({
      messages: [
        message(1, at),
        message(2, at + GROUP_WITHIN),
        message(3, at + 2 * GROUP_WITHIN + 1),
        message(4, at + 2 * GROUP_WITHIN + 2, ADA),
      ],
    })
    expect(items.map((item) => (item.kind === 'message' ? item.head : item.kind))).toEqual([
      'day',
      true,
      false,
      true,
      true,
    ])
  })

  it('marks each new day', () => {
    const items = build({ messages: [message(1, at), message(2, at + 1), message(3, at + 86_400_000)] })
    expect(items.map(({ kind }) => kind)).toEqual(['day', 'message', 'message', 'day', 'message'])
  })

  it('draws one line above the first new message of somebody else', () => {
    const items = build({
      messages: [message(1, at), message(2, at, ADA), message(3, at), message(4, at)],
      newAfter: 1,
    })
    expect(items.map(({ kind }) => kind)).toEqual(['day', 'message', 'message', 'new', 'message', 'message'])
    expect(items[4]).toMatchObject({ head: true })
  })

  it('folds comings and goings into one line and drops who came and went again', () => {
    const notice = (kind: 'join' | 'leave', name: string, after: number) => ({ kind, name, ts: at, after })
    const items = build({
      messages: [message(1, at), message(2, at)],
      notices: [
        notice('join', 'Bob', 1),
        notice('join', 'Zoe', 1),
        notice('leave', 'Zoe', 1),
        notice('leave', 'Joe', 1),
        notice('join', 'Kim', 2),
      ],
    })
    expect(items.map(({ kind }) => kind)).toEqual(['day', 'message', 'notice', 'message', 'notice'])
    expect(items[2]).toMatchObject({ joined: ['Bob'], left: ['Joe'] })
    expect(items[4]).toMatchObject({ joined: ['Kim'], left: [] })
  })

  it('knows own messages by who has sent them, not by the name', () => {
    const namesake = { id: 'u-other', name: ADA.name }
    const messages = [message(1, at, ADA), message(2, at + 1, namesake)]
    const bubbles = build({ messages }).filter((item) => item.kind === 'message')
    expect(bubbles.map(({ own, head }) => [own, head])).toEqual([
      [true, true],
      [false, true],
    ])
  })

  it('ends with what waits to be sent, in the group of the own messages', () => {
    const pending = [{ cid: 'p', owner: ADA.id, room: 'general', text: 'x', at: at + 5, state: 'queued' as const }]
    const items = build({ messages: [message(1, at, ADA)], pending })
    expect(items.at(-1)).toMatchObject({ kind: 'pending', head: false })
  })
})
