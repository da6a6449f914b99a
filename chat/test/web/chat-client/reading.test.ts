import { describe, expect, it, vi } from 'vitest'
import { ADA, entry, EVE, FakeSocket, joinReply, msgEvent } from '../fake-socket.ts'
import { arrived, back, eachWithItsClient, greet, reconnect, seen, settle } from './setting.ts'

eachWithItsClient()

describe('A chat client reads', () => {
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

  it('says why older messages did not come, and asks for them again', async () => {
    const client = await arrived([entry(60)], { first: 1 })
    const session = client.sessions.get('general')!
    const page = { epoch: 'e1', head: 60, first: 1, complete: true, msgs: [entry(59)] }
    void session.loadEarlier()
    void session.loadEarlier()
    expect(FakeSocket.last.asked('history')).toMatchObject([{ d: { before: 60 } }])
    FakeSocket.last.refuse('history', { code: 5030, name: 'unavailable', retry: true })
    await settle()
    expect(session.earlier).toMatchObject({ isLoading: false, problem: 'unavailable' })

    void session.loadEarlier()
    expect(session.earlier).toMatchObject({ isLoading: true, problem: undefined })
    await vi.advanceTimersByTimeAsync(10_000)
    expect(session.earlier).toMatchObject({ isLoading: false, problem: 'timeout' })

    void session.loadEarlier()
    FakeSocket.last.answer('history', page)
    await settle()
    expect(session.earlier.problem).toBeUndefined()
    expect(session.log.messages.map(({ seq }) => seq)).toEqual([59, 60])
  })

  it('says so when nobody can be asked for older messages or absent members, until the room is entered again', async () => {
    const client = await arrived([entry(60)], { first: 1 })
    const session = client.sessions.get('general')!
    void session.loadAway()
    FakeSocket.last.end(1006)
    await session.loadEarlier()
    await settle()
    expect([session.earlier.problem, session.away.problem]).toEqual(['offline', 'offline'])
    await vi.advanceTimersByTimeAsync(1000)
    await greet()
    await session.loadEarlier()
    expect([FakeSocket.last.asked('history'), session.earlier.problem]).toEqual([[], 'offline'])
    FakeSocket.last.answer('join', joinReply([], { head: 60 }))
    await settle()
    expect([session.earlier.problem, session.away.problem]).toEqual([undefined, undefined])
  })

  it('puts no older page before a log that began anew meanwhile', async () => {
    const client = await arrived([entry(60)], { first: 1 })
    const session = client.sessions.get('general')!
    void session.loadEarlier()
    FakeSocket.last.say({ t: 'reset', room: 'general', d: { epoch: 'e2', head: 90 } })
    FakeSocket.last.answer('join', joinReply([entry(90)], { epoch: 'e2', reset: true }))
    await settle()
    FakeSocket.last.answer('history', { epoch: 'e1', head: 60, first: 1, complete: true, msgs: [entry(59)] })
    await settle()
    expect(session.log.messages.map(({ seq }) => seq)).toEqual([90])
    expect(session.earlier.isLoading).toBe(false)
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
