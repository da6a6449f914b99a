import { describe, expect, it, vi } from 'vitest'
import { StoreUnavailable } from '../../../server/stores/store.ts'
import { eachWithItsHub, room } from './room.ts'

eachWithItsHub()

describe('presence', () => {
  it('comes in batches of 250 ms with users, connections and members', async () => {
    const anna = await room.guest('Anna')
    const joined = await anna.get('join', {}, 'general')
    expect(joined.presence).toMatchObject({ users: 1, conns: 1, members: 1, list: [{ name: 'Anna' }] })
    await vi.advanceTimersByTimeAsync(250)
    const [bo, cy] = [await room.guest('Bo'), await room.guest('Cy')]
    await bo.get('join', {}, 'general')
    await cy.get('join', {}, 'general')
    await vi.advanceTimersByTimeAsync(250)
    const last = anna.of('presence').at(-1)!
    expect(last.d.join.map(({ name }) => name).toSorted()).toEqual(['Bo', 'Cy'])
    expect(last.d).toMatchObject({ users: 3, conns: 3, members: 3, leave: [] })
  })

  it('counts a user with two connections once, and never below nobody', async () => {
    const anna = await room.guest('Anna')
    await anna.get('join', {}, 'general')
    const bo = room.connect()
    const { session } = await bo.get('auth', { guest: { name: 'Bo' } })
    await bo.get('join', {}, 'general')
    const second = await room.guest('Bo', session)
    await second.get('join', {}, 'general')
    await vi.advanceTimersByTimeAsync(250)
    expect(anna.of('presence').at(-1)!.d).toMatchObject({ users: 2, conns: 3 })
    second.connection.ended({ code: 1000, clean: true })
    second.connection.ended({ code: 1000, clean: true })
    bo.connection.ended({ code: 1000, clean: true })
    await vi.advanceTimersByTimeAsync(250)
    expect(anna.of('presence').at(-1)!.d).toMatchObject({ users: 1, conns: 1, members: 2 })
  })

  it('tells of members who have left since when, and lists them; whoever forgets the room is not among them', async () => {
    const [anna, bo, cy] = [await room.guest('Anna'), await room.guest('Bo'), await room.guest('Cy')]
    for (const peer of [anna, bo, cy]) await peer.get('join', {}, 'general')
    expect(await anna.get('absent', {}, 'general')).toEqual({ list: [] })
    const gone = Date.now()
    bo.connection.ended({ code: 1000, clean: true })
    await cy.get('leave', { forget: true }, 'general')
    await vi.advanceTimersByTimeAsync(250)
    const last = anna.of('presence').at(-1)!
    expect(last.d.leave.toSorted((a, b) => a.name.localeCompare(b.name))).toEqual([
      { ...bo.connection.user, seen: gone },
      cy.connection.user,
    ])
    expect(last.d).toMatchObject({ users: 1, members: 2 })
    expect(await anna.get('absent', {}, 'general')).toEqual({ list: [{ ...bo.connection.user, seen: gone }] })
    expect(await cy.ask('absent', {}, 'general')).toMatchObject({ ok: false, err: { name: 'conflict' } })
  })

  it('tells a crowd of over 500 only its counts, once a second', async () => {
    const anna = await room.guest('Anna')
    await anna.get('join', {}, 'general')
    for (let i = 0; i < 505; i += 1) {
      await room.backend.presence.enter('general', `c${i}`, { id: `g-${i}`, name: `${i}` })
    }
    await vi.advanceTimersByTimeAsync(1000)
    expect(anna.of('presence').at(-1)!.d).toMatchObject({ join: [], leave: [], users: 506, conns: 506 })
    const { presence } = await anna.get('join', {}, 'general')
    expect(presence.list).toHaveLength(200)
    const next = await anna.get('presence', { cursor: presence.cursor! }, 'general')
    expect(next.list).toHaveLength(200)
    expect(next.list[0]!.id).not.toBe(presence.list[0]!.id)
  })

  it('keeps a user for 15 s after a connection was lost, and without a notice when the user comes back', async () => {
    const anna = await room.guest('Anna')
    await anna.get('join', {}, 'general')
    const bo = room.connect()
    const { session } = await bo.get('auth', { guest: { name: 'Bo' } })
    await bo.get('join', {}, 'general')
    await vi.advanceTimersByTimeAsync(300)
    bo.connection.ended({ code: 1006, clean: false })
    await vi.advanceTimersByTimeAsync(5000)
    const back = await room.guest('Bo', session)
    await back.get('join', {}, 'general')
    await vi.advanceTimersByTimeAsync(15_000)
    expect(anna.of('presence').flatMap(({ d }) => d.leave)).toEqual([])
    back.connection.ended({ code: 1006, clean: false })
    await vi.advanceTimersByTimeAsync(15_500)
    expect(anna.of('presence').flatMap(({ d }) => d.leave.map(({ name }) => name))).toEqual(['Bo'])
  })

  it('counts nobody whose join has failed half-way', async () => {
    const [anna, bo] = [await room.guest('Anna'), await room.guest('Bo')]
    await anna.get('join', {}, 'general')
    const failing = vi.spyOn(room.backend.store, 'range').mockRejectedValueOnce(new StoreUnavailable('away'))
    expect(await bo.ask('join', {}, 'general')).toMatchObject({ ok: false, err: { code: 5030 } })
    failing.mockRestore()
    expect(await room.backend.presence.counts(['general'])).toEqual([{ users: 1, conns: 1 }])
    await bo.get('join', {}, 'general')
    expect(await room.backend.presence.counts(['general'])).toEqual([{ users: 2, conns: 2 }])
  })

  it('counts a lost connection no more when its page is back with another', async () => {
    const anna = await room.guest('Anna')
    await anna.get('join', {}, 'general')
    const bo = room.connect()
    const { session } = await bo.get('auth', { guest: { name: 'Bo' } })
    await bo.get('join', {}, 'general')
    bo.connection.ended({ code: 1006, clean: false })
    const back = room.connect()
    await back.get('auth', { guest: { name: 'Bo', session: session! }, replaces: bo.connection.id })
    expect((await back.get('join', {}, 'general')).presence).toMatchObject({ users: 2, conns: 2 })
    await vi.advanceTimersByTimeAsync(16_000)
    expect(anna.of('presence').flatMap(({ d }) => d.leave)).toEqual([])
    expect(await room.backend.presence.counts(['general'])).toEqual([{ users: 2, conns: 2 }])
  })

  it('tells a new name', async () => {
    const [anna, bo] = [await room.guest('Anna'), await room.guest('Bo')]
    await anna.get('join', {}, 'general')
    await bo.get('join', {}, 'general')
    await vi.advanceTimersByTimeAsync(300)
    const { user } = await bo.get('auth', { guest: { name: 'Bob' } })
    await vi.advanceTimersByTimeAsync(300)
    expect(anna.of('presence').at(-1)!.d).toMatchObject({ join: [{ id: user.id, name: 'Bob' }], users: 2, conns: 2 })
  })

  it('shows who types, until a message, a stop or 6 s', async () => {
    const [anna, bo] = [await room.guest('Anna'), await room.guest('Bo')]
    await anna.get('join', {}, 'general')
    await bo.get('join', {}, 'general')
    await bo.get('typing', { on: true }, 'general')
    expect(
      anna
        .of('typing')
        .at(-1)!
        .d.users.map(({ name }) => name),
    ).toEqual(['Bo'])
    expect(await bo.ask('typing', { on: true }, 'general')).toMatchObject({ ok: false, err: { code: 4290 } })
    await vi.advanceTimersByTimeAsync(7000)
    expect(anna.of('typing').at(-1)!.d.users).toEqual([])
    await bo.get('typing', { on: true }, 'general')
    await bo.say('done')
    expect(anna.of('typing').at(-1)!.d.users).toEqual([])
  })
})

describe('rooms', () => {
  it('are listed with counts before auth, made by users, and watched', async () => {
    const peer = room.connect()
    const { rooms } = await peer.get('rooms', { watch: true })
    expect(rooms.map((info) => info.room)).toEqual(['general', 'random', 'help'])
    const anna = await room.guest('Anna')
    await anna.get('room.create', { title: 'Tea' }, 'tea')
    expect(await anna.ask('room.create', {}, 'tea')).toMatchObject({ ok: false, err: { code: 4090 } })
    await anna.get('join', {}, 'tea')
    await vi.advanceTimersByTimeAsync(1000)
    const told = peer.of('rooms').flatMap(({ d }) => d.rooms)
    expect(told.find((info) => info.room === 'tea')).toMatchObject({ title: 'Tea', users: 1, members: 1 })
  })
})
