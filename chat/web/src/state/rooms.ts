/** The rooms on the screen: the one that is looked at, the list of all, and what is new in each. */
import { computed, ref, watch } from 'vue'
import type { RoomSession } from '../client/room-session.ts'
import { buildTimeline } from '../client/timeline.ts'
import { changed, client, derived, listen } from './client.ts'
import { tab } from './preferences.ts'

export const activeRoom = computed(() => tab.value.active)
/** The user looks at the page and at the end of the messages. */
const isAttentive = ref(true)
/** Per room: the line above what is new stands behind this seq. */
const newLines = ref<Record<string, number>>({})

/** What a room shows; plain values, so that Vue sees what has changed. */
export const active = derived(() => {
  const room = tab.value.active
  const session = client.sessions.get(room)
  const pending = client.outbox.entries.filter((entry) => entry.room === room)
  const items = buildTimeline({
    messages: session?.log.messages ?? [],
    notices: session?.people.notices ?? [],
    pending,
    me: client.login.user?.id ?? '',
    newAfter: newLines.value[room],
  })
  return {
    room,
    items,
    session,
    isLoaded: session?.loaded ?? false,
    hasEarlier: session?.log.hasEarlier ?? false,
    isLoadingEarlier: session?.earlier.isLoading ?? false,
    earlierProblem: session?.earlier.problem,
    skipped: session?.skipped ?? 0,
    wasReset: session?.wasReset ?? false,
    people: [...(session?.people.byId.values() ?? [])],
    userCount: session?.people.count ?? 0,
    away: session?.people.away ?? [],
    hasMoreAway: session?.people.hasMoreAway ?? false,
    awayProblem: session?.away.problem,
    /** Nobody has asked yet who is away. */
    isAwayWanted: session?.live === true && !session.people.isAwayKnown,
    typing: (session?.typing ?? []).filter(({ id }) => id !== client.login.user?.id).map(({ name }) => name),
    lastSeq: session?.log.last ?? 0,
  }
})

function unreadOf(session: RoomSession): number {
  let count = 0
  for (let at = session.log.messages.length - 1; at >= 0; at--) {
    const message = session.log.messages[at]!
    if (message.seq <= session.marks.read) break
    if (message.from.id !== client.login.user?.id && message.deleted === undefined) count++
  }
  return count
}

/** The rooms for the list: those the user is in first, each with its unread messages. */
export const roomList = derived(() =>
  client.directory.rooms.map((info) => {
    const session = client.sessions.get(info.room)
    return {
      ...info,
      joined: session !== undefined,
      users: session?.loaded ? session.people.count : info.users,
      unread: session?.loaded ? unreadOf(session) : 0,
    }
  }),
)
export const unreadTotal = computed(() => roomList.value.reduce((sum, room) => sum + room.unread, 0))

/** Go into a room and look at it. */
export function openRoom(room: string): void {
  const before = tab.value.active
  if (before !== room) delete newLines.value[before]
  tab.value.active = room
  if (!tab.value.rooms.includes(room)) tab.value.rooms.push(room)
  const known = client.sessions.get(room)
  const session = client.enter(room)
  if (known !== undefined && unreadOf(session) > 0) newLines.value[room] = session.marks.read
  changed()
}

/** The user attends to the end of the messages, or not. */
export function attend(attentive: boolean): void {
  isAttentive.value = attentive
  const session = client.sessions.get(tab.value.active)
  if (!attentive || session === undefined) return
  const before = session.marks.read
  session.marks.markRead()
  if (session.marks.read !== before) changed()
}

/** Nothing is new any more: the user has left. */
export function forgetNews(): void {
  newLines.value = {}
}

export function post(text: string, replyTo?: number): boolean {
  delete newLines.value[tab.value.active]
  return client.post(tab.value.active, text, replyTo)
}

function arrived(room: string, message: { from: { id: string }; seq: number }): void {
  const session = client.sessions.get(room)
  if (session === undefined) return
  const isRead = room === tab.value.active && isAttentive.value
  if (isRead) return session.marks.markRead()
  const isFirstUnread = unreadOf(session) <= 1
  if (message.from.id !== client.login.user?.id && isFirstUnread) newLines.value[room] = message.seq - 1
}

listen({ onmessage: arrived })

/** After a reload the line stands above what came since the room was last read; for a newcomer nothing is new. */
watch(
  () => active.value.isLoaded && active.value.room,
  () => {
    const { session, room } = active.value
    if (session?.loaded && session.marks.read > 0 && newLines.value[room] === undefined && unreadOf(session) > 0) {
      newLines.value[room] = session.marks.read
    }
  },
  { flush: 'sync' },
)
