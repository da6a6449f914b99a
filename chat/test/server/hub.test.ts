import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ChatClose } from '../../protocol/index.ts'
import { newCid, testHub, type TestHub } from '../support/fake-peer.ts'

let room: TestHub

beforeEach(async () => {
  vi.useFakeTimers()
  room = await testHub()
})

afterEach(async () => {
  await room.hub.close()
  vi.useRealTimers()
  if (room.errors.length > 0) throw new AggregateError(room.errors, 'the hub told errors')
})

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

  it('answers a bad name and stays open', async () => {
    const peer = room.connect()
    const reply = await peer.ask('auth', { guest: { name: ' \u200B ' } })
    expect(reply).toMatchObject({ ok: false, err: { code: 4010, name: 'unauthorized' } })
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

describe('messages', () => {
  it('reach everybody in the room in one order, the sender too, and nobody else', async () => {
    const [anna, bo, eve] = [await room.guest('Anna'), await room.guest('Bo'), await room.guest('Eve')]
    await anna.get('join', {}, 'general')
    await bo.get('join', {}, 'general')
    await eve.get('join', {}, 'random')
    expect(await anna.say('one')).toMatchObject({ seq: 1, dup: false })
    expect(await bo.say('two')).toMatchObject({ seq: 2 })
    expect(anna.texts()).toEqual(['one', 'two'])
    expect(bo.texts()).toEqual(['one', 'two'])
    expect(eve.of('msg')).toEqual([])
    expect(bo.of('msg')[0]).toMatchObject({ room: 'general', seq: 1, d: { from: { name: 'Anna' }, text: 'one' } })
  })

  it('are stored once for a cid that comes twice', async () => {
    const anna = await room.guest('Anna')
    await anna.get('join', {}, 'general')
    const cid = newCid()
    const first = await anna.say('once', 'general', cid)
    const second = await anna.say('once', 'general', cid)
    expect(second).toEqual({ ...first, dup: true })
    expect(anna.texts()).toEqual(['once'])
  })

  it('need a join first', async () => {
    const anna = await room.guest('Anna')
    expect(await anna.ask('send', { cid: newCid(), text: 'x' }, 'general')).toMatchObject({
      ok: false,
      err: { code: 4090 },
    })
    expect(await anna.ask('join', {}, 'nowhere')).toMatchObject({ ok: false, err: { code: 4040 } })
    expect(await anna.ask('join', {}, '__proto__')).toMatchObject({ ok: false, err: { code: 4040 } })
    expect(await anna.ask('join', {}, 'constructor')).toMatchObject({ ok: false, err: { code: 4040 } })
  })

  it('over 4000 code points are too large; blank ones too', async () => {
    const anna = await room.guest('Anna')
    await anna.get('join', {}, 'general')
    await anna.say('😀'.repeat(4000))
    const long = await anna.ask('send', { cid: newCid(), text: '😀'.repeat(4001) }, 'general')
    expect(long).toMatchObject({ ok: false, err: { code: 4130, retry: false } })
    expect(await anna.ask('send', { cid: newCid(), text: ' \n ' }, 'general')).toMatchObject({ ok: false })
  })

  it('come 20 at once and then 5 a second', async () => {
    const anna = await room.guest('Anna')
    await anna.get('join', {}, 'general')
    for (let i = 0; i < 20; i += 1) await anna.say(`${i}`)
    const refused = await anna.ask('send', { cid: newCid(), text: 'x' }, 'general')
    expect(refused).toMatchObject({ ok: false, err: { code: 4290, retry: true, afterMs: 200 } })
    await vi.advanceTimersByTimeAsync(200)
    await anna.say('again')
  })

  it('can be edited and deleted by their author alone, as entries of the log', async () => {
    const [anna, bo] = [await room.guest('Anna'), await room.guest('Bo')]
    await anna.get('join', {}, 'general')
    await bo.get('join', {}, 'general')
    const { seq } = await anna.say('helo')
    expect(await bo.ask('edit', { cid: newCid(), seq, text: 'x' }, 'general')).toMatchObject({
      ok: false,
      err: { code: 4030 },
    })
    expect(await anna.get('edit', { cid: newCid(), seq, text: 'hello' }, 'general')).toMatchObject({ seq: 2 })
    expect(bo.of('edit')[0]).toMatchObject({ seq: 2, d: { target: 1, text: 'hello' } })
    const edited = await bo.get('history', {}, 'general')
    expect(edited.msgs[0]).toMatchObject({ kind: 'msg', text: 'hello', edited: expect.any(Number) })
    await anna.get('delete', { cid: newCid(), seq }, 'general')
    const deleted = await bo.get('history', {}, 'general')
    expect(deleted.msgs.map((entry) => ('text' in entry ? entry.text : undefined))).toEqual(['', '', undefined])
    expect(await anna.ask('edit', { cid: newCid(), seq, text: 'x' }, 'general')).toMatchObject({
      ok: false,
      err: { code: 4090 },
    })
  })
})

describe('resume', () => {
  it('gives what came after the position, without a reset', async () => {
    const [anna, bo] = [await room.guest('Anna'), await room.guest('Bo')]
    await anna.get('join', {}, 'general')
    const { epoch } = await bo.get('join', {}, 'general')
    await anna.say('one')
    bo.connection.ended({ code: 1006, clean: false })
    await anna.say('two')
    await anna.say('three')
    const back = await room.guest('Bo')
    const reply = await back.get('join', { since: { epoch, seq: 1 } }, 'general')
    expect(reply).toMatchObject({ reset: false, missed: 0, complete: true, head: 3 })
    expect(reply.msgs.map((entry) => entry.seq)).toEqual([2, 3])
    await anna.say('four')
    expect(back.texts()).toEqual(['four'])
  })

  it.each([
    ['another epoch', { epoch: 'other', seq: 1 }],
    ['a position ahead of the head', { epoch: '', seq: 99 }],
  ])('begins anew with the newest page for %s', async (_name, since) => {
    const anna = await room.guest('Anna')
    const { epoch } = await anna.get('join', {}, 'general')
    await anna.say('one')
    const reply = await anna.get('join', { since: { epoch: since.epoch || epoch, seq: since.seq } }, 'general')
    expect(reply).toMatchObject({ reset: true, head: 1 })
    expect(reply.msgs.map((entry) => entry.seq)).toEqual([1])
  })

  it('counts what a page has no place for; history fetches it', async () => {
    const anna = await room.guest('Anna')
    const { epoch } = await anna.get('join', {}, 'general')
    for (let i = 1; i <= 10; i += 1) await anna.say(`${i}`)
    const reply = await anna.get('join', { since: { epoch, seq: 2 }, limit: 3 }, 'general')
    expect(reply).toMatchObject({ reset: false, missed: 5, complete: false })
    expect(reply.msgs.map((entry) => entry.seq)).toEqual([8, 9, 10])
    const gap = await anna.get('history', { after: 2, limit: 5 }, 'general')
    expect(gap.msgs.map((entry) => entry.seq)).toEqual([3, 4, 5, 6, 7])
    expect(gap.complete).toBe(false)
    const old = await anna.get('history', { before: 3, limit: 5 }, 'general')
    expect(old).toMatchObject({ complete: true, msgs: [{ seq: 1 }, { seq: 2 }] })
  })

  it('begins anew when the position was trimmed away', async () => {
    const { memoryBackend } = await import('../../server/stores/memory.ts')
    const small = await testHub({ backend: memoryBackend({ logMessages: 10 }) })
    const anna = await small.guest('Anna')
    const { epoch } = await anna.get('join', {}, 'general')
    for (let i = 0; i < 15; i += 1) await anna.say(`${i}`)
    const reply = await anna.get('join', { since: { epoch, seq: 1 } }, 'general')
    expect(reply).toMatchObject({ reset: true, head: 15 })
    expect(reply.first).toBeGreaterThan(2)
    expect(reply.missed).toBe(reply.msgs[0]!.seq - 2)
    await small.hub.close()
  })

  it('keeps the cursor of a member for the next visit, and its read mark', async () => {
    const anna = await room.guest('Anna')
    const bo = room.connect()
    const { session } = await bo.get('auth', { guest: { name: 'Bo' } })
    await anna.get('join', {}, 'general')
    await bo.get('join', {}, 'general')
    for (let i = 0; i < 3; i += 1) await anna.say(`${i}`)
    await bo.get('ack', { seq: 2 }, 'general')
    await bo.get('read', { seq: 1 }, 'general')
    await vi.advanceTimersByTimeAsync(600)
    const back = room.connect()
    const { rooms } = await back.get('auth', { guest: { name: 'Bo', session: session! } })
    expect(rooms).toMatchObject([{ room: 'general', head: 3, read: 1 }])
    expect(await back.get('join', {}, 'general')).toMatchObject({ cursor: 2, read: 1 })
  })
})

describe('acks', () => {
  it('that do not come lead to three redeliveries and then to 4204', async () => {
    const [anna, bo] = [await room.guest('Anna'), await room.guest('Bo')]
    await anna.get('join', {}, 'general')
    await bo.get('join', {}, 'general')
    await anna.say('one')
    anna.connection.receive('{"t":"ack","room":"general","d":{"seq":1}}')
    for (const expected of [2, 3, 4]) {
      await vi.advanceTimersByTimeAsync(10_000)
      expect(bo.of('msg')).toHaveLength(expected)
    }
    expect(bo.of('msg').map(({ d }) => d.redelivered ?? false)).toEqual([false, true, true, true])
    await vi.advanceTimersByTimeAsync(10_000)
    expect(bo.closed?.code).toBe(ChatClose.ack_timeout)
    expect(anna.closed).toBeUndefined()
  })

  it('may be ahead of the delivery, for what the history has brought', async () => {
    const anna = await room.guest('Anna')
    await anna.get('join', {}, 'general')
    await anna.get('ack', { seq: 1 }, 'general')
    await anna.say('one')
    await vi.advanceTimersByTimeAsync(40_000)
    expect(anna.of('msg')).toHaveLength(1)
    expect(anna.closed).toBeUndefined()
  })

  it('are cumulative and never go back', async () => {
    const anna = await room.guest('Anna')
    await anna.get('join', {}, 'general')
    await anna.say('one')
    await anna.say('two')
    await anna.get('ack', { seq: 2 }, 'general')
    await anna.get('ack', { seq: 1 }, 'general')
    await vi.advanceTimersByTimeAsync(30_000)
    expect(anna.of('msg')).toHaveLength(2)
  })
})

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

describe('limits', () => {
  it('answers malformed messages and closes at the fifth with 4000', async () => {
    const anna = await room.guest('Anna')
    const bad = ['{', '[]', '{"t":1}', '{"t":"nope","id":9}', '{"t":"send","room":"UPPER","d":{}}']
    for (const text of bad) anna.connection.receive(text)
    expect(anna.of('error').map(({ d }) => d.code)).toEqual([4000, 4000, 4000, 4000])
    expect(anna.raw.some((text) => text.includes('"re":9') && text.includes('4001'))).toBe(true)
    expect(anna.closed?.code).toBe(ChatClose.bad_protocol)
  })

  it('closes a connection with over 120 messages in 10 s with 4101', async () => {
    const anna = await room.guest('Anna')
    for (let i = 0; i < 130; i += 1) anna.connection.receive('{"t":"ping","d":{"ts":1}}')
    expect(anna.closed?.code).toBe(ChatClose.rate_limited)
  })

  it('closes a reader that is 1 MiB behind with 4103; others go on', async () => {
    const [anna, bo] = [await room.guest('Anna'), await room.guest('Bo')]
    await anna.get('join', {}, 'general')
    await bo.get('join', {}, 'general')
    bo.bufferedAmount = 2 ** 20 + 1
    await anna.say('one')
    expect(bo.closed?.code).toBe(ChatClose.slow_consumer)
    await anna.say('two')
    expect(anna.texts()).toEqual(['one', 'two'])
  })

  it('closes whoever is silent for 60 s with 4201, and a binary message with 1003', async () => {
    const [anna, bo] = [await room.guest('Anna'), await room.guest('Bo')]
    bo.connection.receiveBinary()
    expect(bo.closed?.code).toBe(1003)
    await vi.advanceTimersByTimeAsync(61_000)
    expect(anna.closed?.code).toBe(ChatClose.heartbeat_timeout)
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

describe('tokens', () => {
  it('warn a minute before their end and close with 4202 at it; a new one prolongs', async () => {
    await room.hub.close()
    const verifyToken = async (token: string): Promise<{ user: { id: string; name: string }; expires: number }> => ({
      user: { id: 'u-anna', name: 'Anna' },
      expires: Number(token),
    })
    room = await testHub({ verifyToken })
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
})
