import { describe, expect, it, vi } from 'vitest'
import { ChatClose } from '../../../protocol/index.ts'
import { eachWithItsHub, room, startAnew } from './room.ts'

const ANNA = { id: 'u-anna', name: 'Anna' }

eachWithItsHub()

describe('hello and auth', () => {
  it('greets with the limits, the deadline of auth and what an ack means', () => {
    const peer = room.connect()
    const [hello] = peer.of('hello')
    expect(hello!.d).toMatchObject({
      v: 1,
      guests: true,
      durability: 'memory',
      ping: { every: 25_000, timeout: 10_000 },
    })
    expect(hello!.d.authBy - hello!.d.now).toBe(10_000)
    expect(hello!.d.limits['textCodePoints']).toBe(4000)
  })

  it('lets a guest in under a cleaned name and recognises it by its session', async () => {
    const peer = room.connect()
    const first = await peer.get('auth', { guest: { name: '  An\u202Ena ' } })
    expect(first.user.name).toBe('Anna')
    const again = await room.connect().get('auth', { guest: { name: 'Anna', session: first.session! } })
    expect(again.user.id).toBe(first.user.id)
    const forged = await room.connect().get('auth', { guest: { name: 'Anna', session: `${first.user.id}.AAAA` } })
    expect(forged.user.id).not.toBe(first.user.id)
  })

  it('does not count a connection that ended while it was let in', async () => {
    const { user, session } = await room.connect().get('auth', { guest: { name: 'Anna' } })
    for (let i = 0; i < 12; i += 1) {
      const peer = room.connect()
      vi.spyOn(room.hub.lobby, 'roomsOf').mockImplementationOnce(async () => {
        peer.connection.ended({ code: 1006, clean: false })
        return []
      })
      void peer.ask('auth', { guest: { name: 'Anna', session: session! } })
    }
    await vi.advanceTimersByTimeAsync(1)
    expect([...room.hub.users.of(user.id)]).toHaveLength(1)
    const back = await room.connect().get('auth', { guest: { name: 'Anna', session: session! } })
    expect(back.user.id).toBe(user.id)
  })

  it('answers a bad name and stays open', async () => {
    const peer = room.connect()
    const reply = await peer.ask('auth', { guest: { name: ' \u200B ' } })
    expect(reply).toMatchObject({ ok: false, err: { code: 4010, name: 'unauthorized', reason: 'bad_name' } })
    expect(await peer.ask('auth', {})).toMatchObject({ ok: false, err: { code: 4010, reason: 'missing' } })
    expect(peer.closed).toBeUndefined()
  })

  it('closes with 4004 when no auth comes within 10 s', async () => {
    const peer = room.connect()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(peer.closed?.code).toBe(ChatClose.auth_timeout)
  })

  it('refuses everything else before auth, and closes at the fifth message', async () => {
    const peer = room.connect()
    for (let i = 0; i < 4; i += 1) {
      expect(await peer.ask('join', {}, 'general')).toMatchObject({ ok: false, err: { code: 4010 } })
    }
    peer.connection.receive('{"t":"ping","d":{"ts":1}}')
    expect(peer.closed?.code).toBe(ChatClose.unauthorized)
  })

  it('closes the eleventh connection of a user with 4102', async () => {
    const one = room.connect()
    const { session: own } = await one.get('auth', { guest: { name: 'Bo' } })
    for (let i = 0; i < 9; i += 1) await room.guest('Bo', own)
    const eleventh = room.connect()
    eleventh.connection.receive(JSON.stringify({ t: 'auth', id: 1, d: { guest: { name: 'Bo', session: own } } }))
    await eleventh.connection.settled()
    expect(eleventh.closed?.code).toBe(ChatClose.too_many_connections)
  })
})

describe('tokens', () => {
  it('warn a minute before their end and close with 4202 at it; a new one prolongs', async () => {
    const tokens = {
      verify: async (token: string) => ({ user: ANNA, expires: Number(token), key: 'k' }),
      knows: () => true,
    }
    await startAnew({ tokens })
    const anna = room.connect()
    await anna.get('auth', { token: String(Date.now() + 90_000) })
    const heartbeat = setInterval(() => anna.connection.receive('{"t":"ping","d":{"ts":1}}'), 20_000)
    await vi.advanceTimersByTimeAsync(31_000)
    expect(anna.of('expiring')).toHaveLength(1)
    await anna.get('auth', { token: String(Date.now() + 90_000) })
    await vi.advanceTimersByTimeAsync(31_000)
    expect(anna.of('expiring')).toHaveLength(2)
    expect(anna.closed).toBeUndefined()
    await vi.advanceTimersByTimeAsync(61_000)
    clearInterval(heartbeat)
    expect(anna.closed?.code).toBe(ChatClose.token_expired)
  })

  it('end within a second with 4010 when the key that verified them is taken away; guests stay', async () => {
    const keys = new Set(['one', 'two'])
    const tokens = {
      verify: async (token: string) => ({ user: ANNA, expires: Date.now() + 600_000, key: token }),
      knows: (key: string) => keys.has(key),
    }
    await startAnew({ tokens })
    const [gone, kept, moved] = [room.connect(), room.connect(), room.connect()]
    await gone.get('auth', { token: 'one' })
    await kept.get('auth', { token: 'two' })
    await moved.get('auth', { token: 'one' })
    await moved.get('auth', { token: 'two' })
    const guest = await room.guest('Bo')
    keys.delete('one')
    await vi.advanceTimersByTimeAsync(1000)
    expect(gone.closed?.code).toBe(ChatClose.revoked)
    expect([kept.closed, moved.closed, guest.closed]).toEqual([undefined, undefined, undefined])
  })
})
