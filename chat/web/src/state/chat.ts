/**
 * The client brought to the screen: one `ChatClient` for the page, and what the components show of it. The client says that
 * something has changed; everything here that was derived from it is then derived anew, at most once a turn.
 */
import { computed, ref, shallowRef, type ComputedRef, watch } from 'vue'
import { CHAT_PATH } from '../../../protocol/limits.ts'
import type { User } from '../../../protocol/entities.ts'
import type { EventBody } from '../../../protocol/events.ts'
import { ChatClient } from '../client/chat-client.ts'
import type { Identity } from '../client/login.ts'
import { indexedDbStorage } from '../client/outbox-storage.ts'
import type { RoomSession } from '../client/room-session.ts'
import { buildTimeline } from '../client/timeline.ts'
import { forgetTab, tab } from './preferences.ts'

const version = ref(0)
let scheduled = false

/** Derive from the client; re-evaluated when the client has changed. */
function derived<T>(get: () => T): ComputedRef<T> {
  return computed(() => {
    void version.value
    return get()
  })
}

export function socketUrl(path: string): string {
  const url = new URL(path, location.href)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  return url.href
}

/** The greeting of the connection of the moment, with the secret of its wire tap. */
export const hello = shallowRef<EventBody<'hello'>>()
/** Set for some seconds after a reconnect: how many messages had been missed. */
export const backOnline = ref<number>()
let backTimer: ReturnType<typeof setTimeout> | undefined

export const client: ChatClient = new ChatClient({
  url: socketUrl(CHAT_PATH),
  storage: indexedDbStorage(),
  isLocal: /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(location.hostname),
  onchange: () => {
    if (scheduled) return
    scheduled = true
    queueMicrotask(() => {
      scheduled = false
      version.value++
    })
  },
  onidentity: ({ name, session, token, user: id }) => {
    if (session !== undefined) tab.value.session = session
    tab.value.name = name
    if (token !== undefined) tab.value.token = token
    if (id !== undefined) tab.value.user = id
    if (knocking.value !== undefined) comeIn(knocking.value)
  },
  onmessage: (room, message) => arrived(room, message),
  onback: (missed) => {
    backOnline.value = missed
    clearTimeout(backTimer)
    backTimer = setTimeout(() => (backOnline.value = undefined), 4000)
  },
  onhello: (greeting) => (hello.value = greeting),
})

export const connection = derived(() => client.connection)
export const rooms = derived(() => client.directory.rooms)
export const user = derived(() => client.login.user)
export const refusal = derived(() => client.login.refusal)
/** When the token of the user ends, once that is near. */
export const expiring = derived(() => client.login.expiring)
export const waitingCount = derived(() => client.outbox.waiting)
export const isLeaving = derived(() => client.link.isLeaving)
export const roundTrip = derived(() => client.link.rtt)
export const isReady = derived(() => client.ready)

/** What the server of the moment says to those who have only a name. */
export const areGuestsWelcome = computed(() => hello.value?.guests !== false)
/** Whom the server knows without a word from this page: the browser has a cookie of theirs. */
export const greeted = computed(() => hello.value?.user)
/** The room that is entered when the token proves good. */
const knocking = ref<string>()
export const isKnocking = computed(() => knocking.value !== undefined && refusal.value === undefined)

/** The user has come in (or does so right now, after a reload). */
export const entered = ref(tab.value.active !== '')
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
    isLoadingEarlier: session?.loadingEarlier ?? false,
    skipped: session?.skipped ?? 0,
    wasReset: session?.wasReset ?? false,
    people: [...(session?.people.byId.values() ?? [])],
    userCount: session?.people.count ?? 0,
    away: session?.people.away ?? [],
    hasMoreAway: session?.people.hasMoreAway ?? false,
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
  rooms.value.map((info) => {
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
  version.value++
}

export function leaveRoom(room: string): void {
  tab.value.rooms = tab.value.rooms.filter((one) => one !== room)
  client.leave(room)
  const next = tab.value.rooms[0]
  if (next !== undefined) openRoom(next)
  else signOut()
}

function identity(): Identity {
  const { name, owner, session, token } = tab.value
  if (token !== undefined) return holderOf(token)
  if (tab.value.user !== undefined) return { name, owner, user: tab.value.user }
  return session === undefined ? { name, owner } : { name, owner, session }
}

function holderOf(token: string): Identity {
  const { name, owner, user: id } = tab.value
  return id === undefined ? { name, owner, token } : { name, owner, token, user: id }
}

type SignIn = { readonly name: string } | { readonly token: string } | { readonly user: User }

/** Come in as a guest of this name, or as whom the server has greeted, at once; or with a token, once it was accepted. */
export function signIn(as: SignIn, room: string): void {
  if ('token' in as) {
    knocking.value = room
    return renewToken(as.token)
  }
  if ('user' in as) tab.value.user = as.user.id
  tab.value.name = 'user' in as ? as.user.name : as.name
  client.identify(identity())
  comeIn(room)
}

function comeIn(room: string): void {
  knocking.value = undefined
  entered.value = true
  openRoom(room)
}

/** Be the holder of this token; whoever is in rooms stays there. It is remembered once it was accepted. */
export function renewToken(token: string): void {
  client.identify(holderOf(token))
  version.value++
}

/** The token that was refused is another user's: leave, with everything that was not sent, and come in as that user. */
export function changeUser(): void {
  const token = client.login.identity?.token
  const room = tab.value.active
  signOut()
  if (token !== undefined) signIn({ token }, room)
}

export function signOut(): void {
  entered.value = false
  knocking.value = undefined
  newLines.value = {}
  forgetTab()
  client.signOut()
  version.value++
}

/** The user attends to the end of the messages, or not. */
export function attend(attentive: boolean): void {
  isAttentive.value = attentive
  const session = client.sessions.get(tab.value.active)
  if (!attentive || session === undefined) return
  const before = session.marks.read
  session.marks.markRead()
  if (session.marks.read !== before) version.value++
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

/** Begin: watch the rooms; come back in after a reload. */
export function start(): void {
  const { rooms: joined, active: room } = tab.value
  if (room === '') client.start()
  else {
    for (const one of new Set([room, ...joined])) client.enter(one)
    client.start(identity())
  }
  addEventListener('pageshow', () => client.wake())
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') client.wake()
  })
}
