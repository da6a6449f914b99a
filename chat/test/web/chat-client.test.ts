import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ReconnectingSocket } from 'barewire/reconnect'
import { ChatClient } from '../../web/src/client/chat-client.ts'
import { memoryStorage } from '../../web/src/client/outbox-storage.ts'
import { ADA, entry, EVE, FakeSocket, HELLO, joinReply, msgEvent } from './fake-socket.ts'

const ROOMS = [{ room: 'general', title: 'general', users: 0, conns: 0, members: 0, head: 0 }]

/** Let promises that are due settle; no time passes. */
const settle = async (): Promise<void> => {
  await vi.advanceTimersByTimeAsync(0)
}

describe('ChatClient', () => {
  let back: number[] = []
  let seen: number[] = []
  let storage = memoryStorage()
  let connection: ReconnectingSocket
  const make = (): ChatClient =>
    new ChatClient({
      url: 'ws://test/chat',
      storage,
      connect: (url, options) => (connection = new ReconnectingSocket(url, () => new FakeSocket(), options)),
      random: () => 0.5,
      onchange: () => {},
      onhello: () => {},
      onback: (missed) => back.push(missed),
      onmessage: (_room, { seq }) => seen.push(seq),
    })

  /** A client that is Ada, in #general, with these messages. */
  const arrived = async (msgs: object[] = [], more: object = {}): Promise<ChatClient> => {
    const client = make()
    client.start({ name: 'Ada', owner: 'tab-1' })
    client.enter('general')
    await greet()
    FakeSocket.last.answer('join', joinReply(msgs, more))
    await settle()
    return client
  }
  const greet = async (): Promise<void> => {
    await settle()
    FakeSocket.last.open()
    FakeSocket.last.say(HELLO)
    FakeSocket.last.answer('rooms', { rooms: ROOMS })
    FakeSocket.last.answer('auth', { user: ADA, session: 's1', rooms: [] })
    await settle()
  }
  const reconnect = async (): Promise<void> => {
    await vi.advanceTimersByTimeAsync(1000)
    await greet()
  }

  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000_000_000 })
    FakeSocket.all.length = 0
    storage = memoryStorage()
    back = []
    seen = []
  })
  afterEach(() => vi.useRealTimers())

  it('watches the rooms before there is a user, and looks in again before the server loses patience', async () => {
    const client = make()
    client.start()
    await settle()
    FakeSocket.last.open()
    FakeSocket.last.say({ ...HELLO, d: { ...HELLO.d, now: Date.now(), authBy: Date.now() + 10_000 } })
    FakeSocket.last.answer('rooms', { rooms: ROOMS })
    await settle()
    FakeSocket.last.say({ t: 'rooms', d: { rooms: [{ ...ROOMS[0], users: 3 }] } })
    expect(client.directory.rooms).toMatchObject([{ room: 'general', users: 3 }])
    expect(FakeSocket.last.asked('auth')).toEqual([])
    await vi.advanceTimersByTimeAsync(9000)
    expect(FakeSocket.all).toHaveLength(2)
  })

  it('becomes a user on the connection that is open already', async () => {
    const client = make()
    client.start()
    await settle()
    FakeSocket.last.open()
    FakeSocket.last.say(HELLO)
    client.identify({ name: 'Ada', owner: 'tab-1' })
    expect(FakeSocket.last.asked('auth')).toMatchObject([{ d: { guest: { name: 'Ada' } } }])
    FakeSocket.last.answer('auth', { user: ADA, session: 's1', rooms: [] })
    await settle()
    expect(client.login.user).toEqual(ADA)
    expect(FakeSocket.all).toHaveLength(1)
  })

  it('acknowledges what it has applied, once for many', async () => {
    await arrived([entry(1)])
    for (const seq of [2, 3, 4]) FakeSocket.last.say(msgEvent(seq))
    await vi.advanceTimersByTimeAsync(500)
    expect(FakeSocket.last.asked('ack')).toMatchObject([{ room: 'general', d: { seq: 4 } }])
    expect(seen).toEqual([2, 3, 4])
  })

  it('drops what it has already', async () => {
    const client = await arrived([entry(1), entry(2)])
    FakeSocket.last.say(msgEvent(2, { redelivered: true }))
    FakeSocket.last.say(msgEvent(3))
    FakeSocket.last.say(msgEvent(3))
    expect(client.sessions.get('general')!.log.messages.map(({ seq }) => seq)).toEqual([1, 2, 3])
    expect(seen).toEqual([3])
  })

  it('fetches what is missing when there is a gap, once', async () => {
    const client = await arrived([entry(1)])
    FakeSocket.last.say(msgEvent(4))
    FakeSocket.last.say(msgEvent(5))
    const asked = FakeSocket.last.asked('history')
    expect(asked).toMatchObject([{ room: 'general', d: { after: 1 } }])
    FakeSocket.last.answer('history', { epoch: 'e1', head: 5, first: 1, complete: true, msgs: [entry(2), entry(3)] })
    await settle()
    expect(client.sessions.get('general')!.log.last).toBe(5)
    expect(FakeSocket.last.asked('history')).toHaveLength(1)
  })

  it('resumes behind the last message it has, and tells how many had been missed', async () => {
    const client = await arrived([entry(1), entry(2)])
    FakeSocket.last.end(1006)
    expect(client.connection.name).toBe('waiting')
    await reconnect()
    expect(FakeSocket.last.asked('auth')).toMatchObject([
      { d: { guest: { name: 'Ada', session: 's1' }, replaces: 'c1' } },
    ])
    expect(FakeSocket.last.asked('join')).toMatchObject([{ d: { since: { epoch: 'e1', seq: 2 } } }])
    FakeSocket.last.answer('join', joinReply([entry(3), entry(4)]))
    await settle()
    expect(client.sessions.get('general')!.log.last).toBe(4)
    expect(back).toEqual([2])
  })

  it('takes the newest page when the log began anew', async () => {
    const client = await arrived([entry(1), entry(2)])
    FakeSocket.last.end(1006)
    await reconnect()
    FakeSocket.last.answer('join', joinReply([entry(1, 'new world')], { epoch: 'e2', reset: true }))
    await settle()
    const session = client.sessions.get('general')!
    expect(session.log.messages.map(({ text }) => text)).toEqual(['new world'])
    expect(session.wasReset).toBe(true)
  })

  it('pages on when more was missed than one reply carries', async () => {
    const client = await arrived([entry(1)])
    FakeSocket.last.end(1006)
    await reconnect()
    FakeSocket.last.answer('join', joinReply([entry(2)], { head: 4, complete: false, missed: 2 }))
    await settle()
    expect(FakeSocket.last.asked('history')).toMatchObject([{ d: { after: 2 } }])
    FakeSocket.last.answer('history', { epoch: 'e1', head: 4, first: 1, complete: true, msgs: [entry(3), entry(4)] })
    await settle()
    expect(client.sessions.get('general')!.log.last).toBe(4)
  })

  it('sends one message of a room at a time, in the order of writing', async () => {
    const client = await arrived()
    client.post('general', 'first')
    client.post('general', 'second')
    expect(FakeSocket.last.asked('send').map(({ d }) => d['text'])).toEqual(['first'])
    const { cid } = FakeSocket.last.asked('send')[0]!.d
    FakeSocket.last.say(msgEvent(1, { cid, text: 'first', from: ADA }))
    FakeSocket.last.answer('send', { cid, seq: 1, ts: 1, dup: false })
    await settle()
    expect(FakeSocket.last.asked('send').map(({ d }) => d['text'])).toEqual(['first', 'second'])
    expect(client.outbox.entries.map(({ text }) => text)).toEqual(['second'])
  })

  it('sends again, under the same cid, what was not acknowledged when the connection went', async () => {
    const client = await arrived()
    client.post('general', 'once')
    const { cid } = FakeSocket.last.asked('send')[0]!.d
    FakeSocket.last.end(1006)
    client.post('general', 'written while away')
    expect(client.outbox.waiting).toBe(2)
    await reconnect()
    expect(FakeSocket.last.asked('send')).toEqual([])
    FakeSocket.last.answer('join', joinReply([]))
    await settle()
    expect(FakeSocket.last.asked('send')).toMatchObject([{ d: { cid, text: 'once' } }])
    FakeSocket.last.answer('send', { cid, seq: 1, ts: 1, dup: true })
    await settle()
    expect(FakeSocket.last.asked('send').at(-1)).toMatchObject({ d: { text: 'written while away' } })
  })

  it('takes the echo as an acknowledgement, and shows the message once', async () => {
    const client = await arrived()
    client.post('general', 'hi')
    const { cid } = FakeSocket.last.asked('send')[0]!.d
    FakeSocket.last.say(msgEvent(1, { cid, text: 'hi', from: ADA }))
    expect(client.outbox.entries).toEqual([])
    expect(client.sessions.get('general')!.log.messages).toHaveLength(1)
  })

  it('asks again when neither echo nor acknowledgement comes', async () => {
    const client = await arrived()
    client.post('general', 'swallowed')
    const { cid } = FakeSocket.last.asked('send')[0]!.d
    await vi.advanceTimersByTimeAsync(11_500)
    expect(FakeSocket.last.asked('send').map(({ d }) => d['cid'])).toEqual([cid, cid])
    FakeSocket.last.answer('send', { cid, seq: 1, ts: 1, dup: true })
    await vi.advanceTimersByTimeAsync(1600)
    expect(FakeSocket.last.asked('history')).toMatchObject([{ d: { after: 0 } }])
    FakeSocket.last.answer('history', {
      epoch: 'e1',
      head: 1,
      first: 1,
      complete: true,
      msgs: [{ ...entry(1, 'swallowed', ADA), cid }],
    })
    await settle()
    expect(client.outbox.entries).toEqual([])
    expect(client.sessions.get('general')!.log.messages.map(({ text }) => text)).toEqual(['swallowed'])
  })

  it('rests as long as the server says when it was too fast, then goes on in order', async () => {
    const client = await arrived()
    client.post('general', 'a')
    client.post('general', 'b')
    FakeSocket.last.refuse('send', { code: 4290, name: 'rate_limited', retry: true, afterMs: 800 })
    await settle()
    expect(FakeSocket.last.asked('send')).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(800)
    expect(FakeSocket.last.asked('send').map(({ d }) => d['text'])).toEqual(['a', 'a'])
  })

  it('keeps a message that the server will never take until the user decides', async () => {
    const client = await arrived()
    client.post('general', 'no')
    FakeSocket.last.refuse('send', { code: 4030, name: 'forbidden', retry: false })
    await settle()
    expect(client.outbox.entries).toMatchObject([{ state: 'failed', error: 'forbidden' }])
    client.retry(client.outbox.entries[0]!.cid)
    expect(FakeSocket.last.asked('send')).toHaveLength(2)
  })

  it('takes messages while nobody knows yet who one is', async () => {
    const client = make()
    client.start({ name: 'Ada', owner: 'tab-1' })
    client.enter('general')
    expect(client.post('general', 'early')).toBe(true)
    await greet()
    FakeSocket.last.answer('join', joinReply([]))
    await settle()
    expect(FakeSocket.last.asked('send')).toMatchObject([{ d: { text: 'early' } }])
  })

  it('brings the outbox of an earlier page of the same tab along', async () => {
    await storage.put({
      cid: 'c'.repeat(22),
      owner: 'tab-1',
      room: 'general',
      text: 'old',
      at: Date.now(),
      state: 'sending',
    })
    await arrived()
    expect(FakeSocket.last.asked('send')).toMatchObject([{ d: { cid: 'c'.repeat(22), text: 'old' } }])
  })

  it('drops a connection whose ping is not answered', async () => {
    const client = await arrived()
    await vi.advanceTimersByTimeAsync(12_500 + 10_000)
    expect(FakeSocket.all[0]!.asked('ping').length).toBeGreaterThan(0)
    expect(client.connection.name).toBe('waiting')
  })

  it('probes the connection at once when the page wakes up', async () => {
    const client = await arrived()
    connection.wake()
    expect(FakeSocket.last.asked('ping')).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(3000)
    expect(client.connection.name).toBe('waiting')
  })

  it('comes back when the server said so in its goodbye', async () => {
    const client = await arrived()
    FakeSocket.last.say({ t: 'bye', d: { afterMs: 3000, reason: 'drain' } })
    expect(client.link.isLeaving).toBe(true)
    FakeSocket.last.end(1012)
    await vi.advanceTimersByTimeAsync(2999)
    expect(FakeSocket.all).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(FakeSocket.all).toHaveLength(2)
  })

  it('makes its room again when a server that began anew does not know it, once', async () => {
    const client = make()
    client.start({ name: 'Ada', owner: 'tab-1' })
    client.enter('general')
    await greet()
    FakeSocket.last.refuse('join', { code: 4040, name: 'no_room', retry: false })
    await settle()
    expect(FakeSocket.last.asked('room.create')).toMatchObject([{ room: 'general' }])
    FakeSocket.last.answer('room.create', ROOMS[0]!)
    await settle()
    FakeSocket.last.refuse('join', { code: 4040, name: 'no_room', retry: false })
    await settle()
    expect(FakeSocket.last.asked('join')).toHaveLength(2)
    expect(FakeSocket.last.asked('room.create')).toHaveLength(1)
    expect(client.sessions.size).toBe(0)
  })

  it('tells why a name was refused', async () => {
    const client = make()
    client.start({ name: 'Ada', owner: 'tab-1' })
    await settle()
    FakeSocket.last.open()
    FakeSocket.last.say(HELLO)
    FakeSocket.last.refuse('auth', { code: 4010, name: 'unauthorized', retry: false, reason: 'bad_name' })
    await settle()
    expect(client.login.refusal).toEqual({ of: 'guest', reason: 'bad_name' })
  })

  it('follows who is there and who types', async () => {
    const client = await arrived()
    const session = client.sessions.get('general')!
    FakeSocket.last.say({
      t: 'presence',
      room: 'general',
      d: { join: [EVE], leave: [], users: 2, conns: 2, members: 2 },
    })
    FakeSocket.last.say({ t: 'typing', room: 'general', d: { users: [EVE] } })
    expect([...session.people.byId.keys()]).toEqual([ADA.id, EVE.id])
    expect(session.typing).toEqual([EVE])
    FakeSocket.last.say({
      t: 'presence',
      room: 'general',
      d: { join: [{ ...EVE, name: 'Eva' }], leave: [], users: 2, conns: 2, members: 2 },
    })
    FakeSocket.last.say({
      t: 'presence',
      room: 'general',
      d: { join: [], leave: [ADA], users: 1, conns: 1, members: 2 },
    })
    expect(session.people.notices.map(({ kind, name }) => `${kind} ${name}`)).toEqual(['join Eve', 'leave Ada'])
    expect(session.people.count).toBe(1)
  })

  it('ignores what is not of the protocol', async () => {
    const client = await arrived([entry(1)])
    FakeSocket.last.onmessage?.({ data: '{"t":' } as never)
    FakeSocket.last.onmessage?.({ data: new ArrayBuffer(2) } as never)
    FakeSocket.last.say({ t: 'from the future', d: {} })
    FakeSocket.last.say({ re: 999, ok: true, d: {} })
    FakeSocket.last.say({ t: 'msg', room: '__proto__', seq: 1, d: {} })
    expect(client.connection.name).toBe('open')
    expect(client.sessions.size).toBe(1)
  })
})
