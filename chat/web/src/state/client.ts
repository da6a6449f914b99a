/**
 * The client brought to the screen: one `ChatClient` for the page, and how its connection and its user fare. The client says
 * that something has changed; everything that was derived from it is then derived anew, at most once a turn.
 */
import { computed, ref, shallowRef, type ComputedRef } from 'vue'
import { CHAT_PATH } from '../../../protocol/limits.ts'
import type { EventBody } from '../../../protocol/events.ts'
import { ChatClient, type ChatClientOptions } from '../client/chat-client.ts'
import { indexedDbStorage } from '../client/outbox-storage.ts'

const version = ref(0)
let scheduled = false

/** Derive from the client; re-evaluated when the client has changed. */
export function derived<T>(get: () => T): ComputedRef<T> {
  return computed(() => {
    void version.value
    return get()
  })
}

/** The client has changed in a way that it does not tell of itself. */
export function changed(): void {
  version.value++
}

export function socketUrl(path: string): string {
  const url = new URL(path, location.href)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  return url.href
}

type Listener = Pick<ChatClientOptions, 'onidentity' | 'onmessage' | 'onback' | 'onrefused'>
const listener: Listener = {}

/** Hear of what the client tells; each kind of news has one who hears it. */
export function listen(parts: Listener): void {
  Object.assign(listener, parts)
}

/** The greeting of the connection of the moment, with the secret of its wire tap. */
export const hello = shallowRef<EventBody<'hello'>>()

export const client: ChatClient = new ChatClient({
  url: socketUrl(CHAT_PATH),
  storage: indexedDbStorage(),
  isLocal: /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(location.hostname),
  onchange: () => {
    if (scheduled) return
    scheduled = true
    queueMicrotask(() => {
      scheduled = false
      changed()
    })
  },
  onidentity: (identity) => listener.onidentity?.(identity),
  onmessage: (room, message) => listener.onmessage?.(room, message),
  onback: (missed, queued) => listener.onback?.(missed, queued),
  onrefused: (room, reason) => listener.onrefused?.(room, reason),
  onhello: (greeting) => (hello.value = greeting),
})

export const connection = derived(() => client.connection)
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
