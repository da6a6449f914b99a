import { describe, expect, it, vi } from 'vitest'
import { ADA, FakeSocket, HELLO, joinReply } from '../fake-socket.ts'
import { arrived, barred, eachWithItsClient, greet, make, reconnect, ROOMS, settle } from './setting.ts'

eachWithItsClient()

describe('A chat client arrives', () => {
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
    expect(barred).toEqual([['general', 'no_room']])
  })

  it('makes its room again after every time that the server began anew', async () => {
    const client = await arrived()
    for (const times of [1, 2]) {
      FakeSocket.last.end(1006)
      await reconnect()
      FakeSocket.last.refuse('join', { code: 4040, name: 'no_room', retry: false })
      await settle()
      FakeSocket.last.answer('room.create', ROOMS[0]!)
      await settle()
      FakeSocket.last.answer('join', joinReply([], { epoch: `anew-${times}`, reset: true }))
      await settle()
      expect(client.sessions.get('general')!.live).toBe(true)
    }
    expect(barred).toEqual([])
  })
})
