import { expect, it } from 'vitest'
import type { User } from '../../protocol/index.ts'
import { anna, bo, describeBackends } from '../support/backends.ts'

describeBackends((backend) => {
  const leaves = () => backend.notices.flatMap(({ notice }) => (notice.kind === 'presence' ? notice.leave : []))
  const go = async (user: User): Promise<void> => {
    await backend.presence.enter('general', 'c9', user)
    await backend.presence.leave('general', 'c9', user)
  }
  const absentees = async (): Promise<string[]> =>
    (await backend.presence.absent('general', undefined, 50)).list.map(({ name }) => name)

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
    await backend.heard(() => leaves().length > 0)
    expect(leaves()).toEqual([anna])
    const joins = backend.notices.flatMap(({ notice }) => (notice.kind === 'presence' ? notice.join : []))
    expect(joins).toEqual([anna, bo, { ...bo, name: 'Bob' }])
    expect(backend.notices.at(-1)!.notice).toMatchObject({ users: 1, conns: 1 })
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

  it('knows the members who are not there, and since when, until they are back or forget the room', async () => {
    await backend.bus.subscribe('general')
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
    await backend.heard(() => leaves().length === 1)
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
    await backend.heard(() => leaves().length === 4)
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
    // Who has gone in the same millisecond comes in the order of the ids: the others go later than the last of these.
    const [last] = (await backend.presence.absent('general', undefined, 1)).list
    while (Date.now() <= last!.seen) await new Promise(setImmediate)
    await Promise.all(users.slice(20).map((user) => go(user)))
    const { list } = await backend.presence.absent('general', undefined, 2000)
    expect(list).toHaveLength(1000)
    const kept = new Set(list.map(({ id }) => id))
    expect(users.slice(20).every(({ id }) => kept.has(id))).toBe(true)
  })
})
