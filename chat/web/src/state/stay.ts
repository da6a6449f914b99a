/** Coming in and leaving: as whom this tab is in the chat, and in which rooms. */
import { computed, ref } from 'vue'
import type { User } from '../../../protocol/entities.ts'
import type { Identity } from '../client/login.ts'
import { t } from '../i18n/index.ts'
import { errorText } from '../i18n/problems.ts'
import { changed, client, listen, refusal } from './client.ts'
import { forgetTab, tab } from './preferences.ts'
import { forgetNews, openRoom } from './rooms.ts'
import { toasts } from './toasts.ts'

/** The room that is entered when the token proves good. */
const knocking = ref<string>()
export const isKnocking = computed(() => knocking.value !== undefined && refusal.value === undefined)

/** The user has come in (or does so right now, after a reload). */
export const entered = ref(tab.value.active !== '')

listen({
  onidentity: ({ name, session, token, user: id }) => {
    if (session !== undefined) tab.value.session = session
    tab.value.name = name
    if (token !== undefined) tab.value.token = token
    if (id !== undefined) tab.value.user = id
    if (knocking.value !== undefined) comeIn(knocking.value)
  },
  onrefused: (room, reason) => {
    toasts.show('bad', t.value.toasts.noEntry(room, errorText(reason)))
    tab.value.rooms = tab.value.rooms.filter((one) => one !== room)
    if (tab.value.active !== room) return
    const next = tab.value.rooms[0]
    if (next !== undefined) openRoom(next)
    else signOut()
  },
})

export function leaveRoom(room: string): void {
  tab.value.rooms = tab.value.rooms.filter((one) => one !== room)
  client.leave(room)
  toasts.show('good', t.value.toasts.left(room))
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
  changed()
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
  forgetNews()
  forgetTab()
  client.signOut()
  changed()
}

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
