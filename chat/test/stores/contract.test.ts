import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { User } from '../../protocol/index.ts'
import type { AppendRequest, Backend, Notice } from '../../server/stores/store.ts'
import { DRIVERS, removeFiles } from '../support/drivers.ts'
import { newCid } from '../support/fake-peer.ts'

const anna: User = { id: 'u-anna', name: 'Anna' }
const bo: User = { id: 'g-bo', name: 'Bo "the" 北' }

function msg(text: string, more: Partial<AppendRequest> = {}): AppendRequest {
  return { room: 'general', from: anna, cid: newCid(), kind: 'msg', text, ts: 1_763_700_000_123, ...more }
}

afterAll(removeFiles)

describe.each(DRIVERS.filter(({ skip }) => skip !== true))('the $name backend', { timeout: 60_000 }, (driver) => {
  let backend: Backend
  let notices: { room: string; notice: Notice }[]
  let waiting: { until: () => boolean; resolve: () => void }[]

  beforeEach(async () => {
    backend = await driver.make({ logMessages: 100, rooms: 5 })
    notices = []
    waiting = []
    backend.bus.listen((room, notice) => {
      notices.push({ room, notice })
      for (const { until, resolve } of waiting) if (until()) resolve()
    })
    await backend.store.createRoom('general', 'General')
  })

  afterEach(() => backend.close())
  afterAll(() => driver.stop?.())

  const heard = (until: () => boolean): Promise<void> =>
    until() ? Promise.resolve() : new Promise((resolve) => waiting.push({ until, resolve }))
  const seqs = async (range: { after?: number; before?: number; limit: number }): Promise<number[]> =>
    (await backend.store.range('general', range))!.entries.map(({ seq }) => seq)

  it('numbers entries 1, 2, 3 … in the order of the calls', async () => {
    const results = await Promise.all(Array.from({ length: 50 }, (_, i) => backend.store.append(msg(`${i}`))))
    expect(results.map((result) => result.ok && result.seq)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1))
    const page = await backend.store.range('general', { limit: 50 })
    expect(page!.entries.map((entry) => entry.kind === 'msg' && entry.text)).toEqual(results.map((_, i) => `${i}`))
    expect(page).toMatchObject({ head: 50, first: 1 })
  })

  it('gives back every field, whatever is in it', async () => {
    const text = 'a "quoted" \\ {"target":7} \u0000 line\nbreak 😀 北京'
    const request = msg(text, { from: bo, replyTo: 3 })
    await backend.store.append(request)
    const { entries, epoch } = (await backend.store.range('general', { limit: 1 }))!
    expect(entries).toEqual([
      { kind: 'msg', seq: 1, id: `${epoch}-1`, cid: request.cid, from: bo, ts: request.ts, text, replyTo: 3 },
    ])
  })

  it('stores a cid once per room and user, also when both come at once', async () => {
    const request = msg('once')
    const [first, second] = await Promise.all([backend.store.append(request), backend.store.append(request)])
    expect(first).toMatchObject({ ok: true, seq: 1, dup: false })
    expect(second).toMatchObject({ ok: true, seq: 1, dup: true, ts: request.ts })
    expect(await backend.store.append({ ...request, from: bo })).toMatchObject({ seq: 2, dup: false })
    await backend.store.createRoom('random', 'Random')
    expect(await backend.store.append({ ...request, room: 'random' })).toMatchObject({ seq: 1, dup: false })
  })

  it('reads pages after, before and at the end, always ascending', async () => {
    for (let i = 0; i < 10; i += 1) await backend.store.append(msg(`${i}`))
    expect(await seqs({ limit: 3 })).toEqual([8, 9, 10])
    expect(await seqs({ after: 2, limit: 3 })).toEqual([3, 4, 5])
    expect(await seqs({ after: 9, limit: 3 })).toEqual([10])
    expect(await seqs({ after: 10, limit: 3 })).toEqual([])
    expect(await seqs({ before: 3, limit: 5 })).toEqual([1, 2])
    expect(await seqs({ before: 1, limit: 5 })).toEqual([])
    expect(await seqs({ limit: 500 })).toHaveLength(10)
  })

  it('keeps at least as many entries as it should, and tells which is the first', async () => {
    await Promise.all(Array.from({ length: 400 }, (_, i) => backend.store.append(msg(`${i}`))))
    const { head, first } = (await backend.store.log('general'))!
    expect(head).toBe(400)
    // A store may trim roughly, by blocks of about a hundred, but not below what it must keep.
    expect(first).toBeGreaterThan(1)
    expect(first).toBeLessThanOrEqual(301)
    expect((await seqs({ after: 0, limit: 1 }))[0]).toBe(first)
  })

  it('changes messages for their author alone, and shows the change wherever they are read', async () => {
    await backend.store.append(msg('helo'))
    const edit = (more: Partial<AppendRequest>) =>
      backend.store.append(msg('hello', { kind: 'edit', target: 1, ...more }))
    expect(await edit({ from: bo })).toEqual({ ok: false, error: 'forbidden' })
    expect(await edit({ target: 9 })).toEqual({ ok: false, error: 'no_message' })
    expect(await edit({})).toMatchObject({ ok: true, seq: 2 })
    expect(await edit({ target: 2 })).toEqual({ ok: false, error: 'no_message' })
    const edited = (await backend.store.range('general', { limit: 5 }))!.entries
    expect(edited[0]).toMatchObject({ kind: 'msg', text: 'hello', edited: 1_763_700_000_123 })
    expect(edited[1]).toMatchObject({ kind: 'edit', target: 1, text: 'hello' })
    expect(await backend.store.append(msg('', { kind: 'delete', target: 1 }))).toMatchObject({ ok: true, seq: 3 })
    expect(await edit({})).toEqual({ ok: false, error: 'conflict' })
    const deleted = (await backend.store.range('general', { limit: 5 }))!.entries
    expect(deleted[0]).toMatchObject({ kind: 'msg', text: '', deleted: 1_763_700_000_123 })
    expect(deleted[1]).toMatchObject({ kind: 'edit', text: '' })
    expect(deleted[2]).toMatchObject({ kind: 'delete', target: 1 })
  })

  it('knows its rooms, refuses the one too many, and answers nothing for unknown ones', async () => {
    expect(await backend.store.createRoom('general', 'x')).toBe('exists')
    for (const room of ['__proto__', 'constructor', 'b', 'a']) {
      expect(await backend.store.createRoom(room, room.toUpperCase())).toBe('created')
    }
    expect(await backend.store.createRoom('more', 'More')).toBe('full')
    expect((await backend.store.rooms()).map(({ room }) => room)).toEqual([
      'general',
      '__proto__',
      'constructor',
      'b',
      'a',
    ])
    expect((await backend.store.rooms())[0]).toEqual({ room: 'general', title: 'General', head: 0, members: 0 })
    expect(await backend.store.log('nowhere')).toBeUndefined()
    expect(await backend.store.range('nowhere', { limit: 1 })).toBeUndefined()
    expect(await backend.store.append(msg('x', { room: 'nowhere' }))).toEqual({ ok: false, error: 'no_room' })
  })

  it('keeps the marks of members, which only move forward and never past the head', async () => {
    await backend.store.append(msg('1'))
    expect(await backend.store.enrol('general', 'u-anna')).toEqual({ cursor: 1, read: 1 })
    for (let i = 0; i < 4; i += 1) await backend.store.append(msg(`${i}`))
    await backend.store.mark('general', 'u-anna', 'cursor', 4)
    await backend.store.mark('general', 'u-anna', 'cursor', 2)
    await backend.store.mark('general', 'u-anna', 'read', 99)
    await backend.store.mark('general', 'u-nobody', 'read', 1)
    expect(await backend.store.enrol('general', 'u-anna')).toEqual({ cursor: 4, read: 5 })
    await backend.store.enrol('general', 'g-bo')
    expect(await backend.store.memberCount('general')).toBe(2)
    expect([...(await backend.store.memberships('u-anna'))]).toEqual([['general', { cursor: 4, read: 5 }]])
    await backend.store.forget('general', 'u-anna')
    expect(await backend.store.memberCount('general')).toBe(1)
    expect((await backend.store.memberships('u-anna')).size).toBe(0)
  })

  it('publishes entries to subscribed rooms, in order', async () => {
    await backend.bus.subscribe('general')
    await backend.store.createRoom('random', 'Random')
    await backend.store.append(msg('elsewhere', { room: 'random' }))
    const results = await Promise.all(['a', 'b', 'c'].map((text) => backend.store.append(msg(text))))
    await heard(() => notices.length >= 3)
    const { epoch } = (await backend.store.log('general'))!
    expect(notices.map(({ notice }) => notice.kind === 'entry' && [notice.epoch, notice.entry.seq])).toEqual(
      results.map((result) => [epoch, result.ok && result.seq]),
    )
    await backend.bus.unsubscribe('general')
    await backend.store.append(msg('d'))
    expect(notices).toHaveLength(3)
  })

  it('carries other notices as they are', async () => {
    await backend.bus.subscribe('general')
    const notice: Notice = { kind: 'typing', user: bo, on: true }
    await backend.bus.publish('general', notice)
    await heard(() => notices.length > 0)
    expect(notices).toEqual([{ room: 'general', notice }])
  })

  it('counts users and connections, and tells who came, who went and who has a new name', async () => {
    await backend.bus.subscribe('general')
    await backend.presence.enter('general', 'c1', anna)
    await backend.presence.enter('general', 'c2', anna)
    await backend.presence.enter('general', 'c2', anna)
    await backend.presence.enter('general', 'c3', bo)
    const [counts] = await backend.presence.counts(['general'])
    expect(counts).toEqual({ users: 2, conns: 3 })
    await backend.presence.enter('general', 'c3', { ...bo, name: 'Bob' })
    const { list } = await backend.presence.list('general', undefined, 10)
    expect(list.toSorted((a, b) => a.name.localeCompare(b.name))).toEqual([
      { ...anna, conns: 2 },
      { id: 'g-bo', name: 'Bob', conns: 1 },
    ])
    await backend.presence.leave('general', 'c1', anna)
    await backend.presence.leave('general', 'c1', anna)
    await backend.presence.leave('general', 'c2', anna)
    const leaves = (): unknown[] => notices.flatMap(({ notice }) => (notice.kind === 'presence' ? notice.leave : []))
    await heard(() => leaves().length > 0)
    expect(leaves()).toEqual([anna])
    const joins = notices.flatMap(({ notice }) => (notice.kind === 'presence' ? notice.join : []))
    expect(joins).toEqual([anna, bo, { ...bo, name: 'Bob' }])
    expect(notices.at(-1)!.notice).toMatchObject({ users: 1, conns: 1 })
    expect(await backend.presence.counts(['general', 'nowhere'])).toEqual([
      { users: 1, conns: 1 },
      { users: 0, conns: 0 },
    ])
  })

  it('lists users in pages', async () => {
    for (const id of ['e', 'd', 'c', 'b', 'a']) await backend.presence.enter('general', `c${id}`, { id, name: id })
    const first = await backend.presence.list('general', undefined, 2)
    expect(first).toMatchObject({ users: 5, conns: 5, cursor: expect.any(String) })
    const second = await backend.presence.list('general', first.cursor, 3)
    expect(second.cursor).toBeUndefined()
    const ids = [...first.list, ...second.list].map(({ id }) => id)
    expect(ids.toSorted()).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  it('lists whoever stays exactly once, while others come and go between the pages', async () => {
    const user = (i: number): User => ({ id: `g-${i}`, name: `${i}` })
    for (let i = 0; i < 150; i += 1) await backend.presence.enter('general', `c${i}`, user(i))
    const listed: string[] = []
    let cursor: string | undefined
    for (let page = 0; page === 0 || cursor !== undefined; page += 1) {
      const next = await backend.presence.list('general', cursor, 20)
      expect(next.list.length).toBeLessThanOrEqual(20)
      listed.push(...next.list.map(({ id }) => id))
      cursor = next.cursor
      // Every third goes sooner or later, a few come.
      await backend.presence.leave('general', `c${page * 3}`, user(page * 3))
      await backend.presence.leave('general', `c${147 - page * 3}`, user(147 - page * 3))
      await backend.presence.enter('general', `n${page}`, user(1000 + page))
    }
    expect(new Set(listed).size).toBe(listed.length)
    const stayed = Array.from({ length: 150 }, (_, i) => i).filter((i) => i % 3 !== 0)
    expect(listed).toEqual(expect.arrayContaining(stayed.map((i) => `g-${i}`)))
  })

  const go = async (user: User): Promise<void> => {
    await backend.presence.enter('general', 'c9', user)
    await backend.presence.leave('general', 'c9', user)
  }
  const absentees = async (): Promise<string[]> =>
    (await backend.presence.absent('general', undefined, 50)).list.map(({ name }) => name)

  it('knows the members who are not there, and since when, until they are back or forget the room', async () => {
    await backend.bus.subscribe('general')
    const leaves = () => notices.flatMap(({ notice }) => (notice.kind === 'presence' ? notice.leave : []))
    for (const { id } of [anna, bo]) await backend.store.enrol('general', id)
    const before = Date.now()
    await backend.presence.enter('general', 'c1', anna)
    await backend.presence.enter('general', 'c2', anna)
    await backend.presence.leave('general', 'c1', anna)
    expect(await absentees()).toEqual([])
    await backend.presence.leave('general', 'c2', anna)
    const { list, cursor } = await backend.presence.absent('general', undefined, 50)
    expect([list, cursor]).toEqual([[{ ...anna, seen: expect.any(Number) }], undefined])
    expect(list[0]!.seen).toBeGreaterThanOrEqual(before)
    expect(list[0]!.seen).toBeLessThanOrEqual(Date.now())
    await heard(() => leaves().length === 1)
    expect(leaves()).toEqual(list)
    await backend.presence.enter('general', 'c3', { ...anna, name: 'Anne' })
    expect(await absentees()).toEqual([])
    await backend.presence.leave('general', 'c3', { ...anna, name: 'Anne' })
    await go(bo)
    expect((await absentees()).toSorted()).toEqual(['Anne', bo.name])
    await backend.store.forget('general', anna.id)
    expect(await absentees()).toEqual([bo.name])
    // Who is no member goes for good.
    await go(anna)
    await heard(() => leaves().length === 4)
    expect(leaves().at(-1)).toEqual(anna)
    expect(await absentees()).toEqual([bo.name])
    expect(await backend.presence.absent('nowhere', undefined, 50)).toEqual({ list: [] })
  })

  it('lists them in pages, the last to go first, while some come back', async () => {
    const users = Array.from({ length: 25 }, (_, i): User => ({ id: `u-${'aB'[i % 2]}.${i} ü`, name: `${i}` }))
    for (const { id } of users) await backend.store.enrol('general', id)
    for (const user of users) await go(user)
    const pages = []
    let cursor: string | undefined
    do {
      const page = await backend.presence.absent('general', cursor, 10)
      pages.push(page.list)
      // The last of a page, which its cursor stands for, comes back.
      if (page.cursor !== undefined) await backend.presence.enter('general', 'back', page.list.at(-1)!)
      cursor = page.cursor
    } while (cursor !== undefined)
    expect(pages.map(({ length }) => length)).toEqual([10, 10, 5])
    const all = pages.flat()
    expect(all.map(({ id }) => id).toSorted()).toEqual(users.map(({ id }) => id).toSorted())
    const times = all.map(({ seen }) => seen)
    expect(times).toEqual(times.toSorted((a, b) => b - a))
    for (const nonsense of ['', 'x', '7', '.', '1e9.a']) {
      expect((await backend.presence.absent('general', nonsense, 50)).list).toHaveLength(23)
    }
  })

  it('remembers a thousand of them', async () => {
    const users = Array.from({ length: 1010 }, (_, i): User => ({ id: `u-${i}`, name: `${i}` }))
    await Promise.all(users.map(({ id }) => backend.store.enrol('general', id)))
    for (const user of users.slice(0, 20)) await go(user)
    await new Promise((resolve) => setTimeout(resolve, 2))
    await Promise.all(users.slice(20).map((user) => go(user)))
    const { list } = await backend.presence.absent('general', undefined, 2000)
    expect(list).toHaveLength(1000)
    const kept = new Set(list.map(({ id }) => id))
    expect(users.slice(20).every(({ id }) => kept.has(id))).toBe(true)
  })

  it('keeps a secret', async () => {
    const one = await backend.store.secret('guests')
    expect(one).toHaveLength(32)
    expect(Buffer.from(await backend.store.secret('guests'))).toEqual(Buffer.from(one))
    expect(Buffer.from(await backend.store.secret('other'))).not.toEqual(Buffer.from(one))
    await backend.store.check()
  })
})
