/** A chat client for each test of a file: the test plays the server and moves the clock. */
import { ReconnectingSocket } from 'barewire/reconnect'
import { afterEach, beforeEach, vi } from 'vitest'
import { ChatClient } from '../../../web/src/client/chat-client.ts'
import { memoryStorage } from '../../../web/src/client/outbox-storage.ts'
import { ADA, FakeSocket, HELLO, joinReply } from '../fake-socket.ts'

export const ROOMS = [{ room: 'general', title: 'general', users: 0, conns: 0, members: 0, head: 0 }]

/** What the client of this test told: how many messages had been missed, which had waited, which came, and where it may not go. */
export let back: number[] = []
export let waited: (readonly string[])[] = []
export let barred: [room: string, reason: string][] = []
export let seen: number[] = []
export let storage = memoryStorage()
export let connection: ReconnectingSocket

/** To be called once in a file. */
export function eachWithItsClient(): void {
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000_000_000 })
    FakeSocket.all.length = 0
    storage = memoryStorage()
    back = []
    waited = []
    barred = []
    seen = []
  })
  afterEach(() => void vi.useRealTimers())
}

/** Let promises that are due settle; no time passes. */
export async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0)
}

export function make(): ChatClient {
  return new ChatClient({
    url: 'ws://test/chat',
    storage,
    connect: (url, options) => (connection = new ReconnectingSocket(url, () => new FakeSocket(), options)),
    random: () => 0.5,
    onchange: () => {},
    onhello: () => {},
    onback: (missed, queued) => {
      back.push(missed)
      waited.push(queued)
    },
    onrefused: (room, reason) => barred.push([room, reason]),
    onmessage: (_room, { seq }) => seen.push(seq),
  })
}

/** A client that is Ada, in #general, with these messages. */
export async function arrived(msgs: object[] = [], more: object = {}): Promise<ChatClient> {
  const client = make()
  client.start({ name: 'Ada', owner: 'tab-1' })
  client.enter('general')
  await greet()
  FakeSocket.last.answer('join', joinReply(msgs, more))
  await settle()
  return client
}

/** The server lets the newest connection in. */
export async function greet(): Promise<void> {
  await settle()
  FakeSocket.last.open()
  FakeSocket.last.say(HELLO)
  FakeSocket.last.answer('rooms', { rooms: ROOMS })
  FakeSocket.last.answer('auth', { user: ADA, session: 's1', rooms: [] })
  await settle()
}

export async function reconnect(): Promise<void> {
  await vi.advanceTimersByTimeAsync(1000)
  await greet()
}
