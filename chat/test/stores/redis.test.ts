import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { redisBackend, tooOld } from '../../server/stores/redis.ts'
import { type Backend, StoreUnavailable } from '../../server/stores/store.ts'
import { newCid, testHub, type FakePeer, type TestHub } from '../support/fake-peer.ts'
import { hasRedis, RedisServer } from '../../load/redis-server.ts'

it.each([
  ['6.0.20', '6.0.20'],
  ['5.0.14', '5.0.14'],
  ['6.2.0', undefined],
  ['7.0.15', undefined],
  ['10.0.1', undefined],
])('Redis %s is too old: %s', (version, answer) => {
  expect(tooOld(`# Server\r\nredis_version:${version}\r\nredis_mode:standalone\r\n`)).toBe(answer)
})

describe.skipIf(!hasRedis())('two nodes on one Redis', { timeout: 60_000 }, () => {
  let redis: RedisServer
  let prefix = 0
  let nodes: TestHub[]
  let backends: Backend[]

  beforeAll(async () => {
    redis = await RedisServer.start()
  })
  afterAll(() => redis.stop())

  beforeEach(async () => {
    prefix += 1
    backends = []
    nodes = []
    for (const node of ['n1', 'n2']) {
      const backend = await redisBackend({ url: redis.url, prefix: `p${prefix}:`, presenceMs: 1200, onError: () => {} })
      backends.push(backend)
      nodes.push(await testHub({ backend, node }))
    }
  })

  afterEach(async () => {
    for (const { hub } of nodes) await hub.close()
    for (const backend of backends) await backend.close()
  })

  /** Send as an outbox does: the same cid until it is acknowledged. */
  async function surely(peer: FakePeer, text: string): Promise<void> {
    const cid = newCid()
    for (;;) {
      const reply = await peer.ask('send', { cid, text }, 'general')
      if (reply.ok) return
      if (!reply.err.retry) throw new Error(reply.err.name)
      await vi.waitFor(() => backends[0]!.store.check(), { timeout: 10_000 })
    }
  }

  it('keep one order, each member sees every message once, presence counts both nodes', async () => {
    const [anna, bo] = [await nodes[0]!.guest('Anna'), await nodes[1]!.guest('Bo')]
    await anna.get('join', {}, 'general')
    await bo.get('join', {}, 'general')
    await Promise.all(Array.from({ length: 15 }, (_, i) => Promise.all([anna.say(`a${i}`), bo.say(`b${i}`)])))
    for (const peer of [anna, bo]) await peer.until(() => peer.texts().length === 30)
    expect(anna.texts()).toEqual(bo.texts())
    expect(anna.of('msg').map(({ seq }) => seq)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1))
    expect((await anna.get('presence', {}, 'general')).users).toBe(2)
    bo.connection.ended({ code: 1000, clean: true })
    await anna.until(() => anna.of('presence').some(({ d }) => d.leave.some(({ name }) => name === 'Bo')))
  })

  it('tell the connections of a user on the other node what was read, once', async () => {
    const first = nodes[0]!.connect()
    const { session } = await first.get('auth', { guest: { name: 'Anna' } })
    const others = [await nodes[0]!.guest('Anna', session!), await nodes[1]!.guest('Anna', session!)]
    for (const peer of [first, ...others]) await peer.get('join', {}, 'general')
    const bo = await nodes[1]!.guest('Bo')
    await bo.get('join', {}, 'general')
    await first.say('one')
    await first.get('read', { seq: 1 }, 'general')
    for (const peer of others) await peer.until(() => peer.of('read').length > 0)
    // What is said later comes later: nothing more was on its way.
    await first.say('two')
    for (const peer of [first, bo, ...others]) await peer.until(() => peer.texts().length === 2)
    expect(others.map((peer) => peer.of('read').map(({ room, d }) => [room, d.seq]))).toEqual([
      [['general', 1]],
      [['general', 1]],
    ])
    expect([first.of('read'), bo.of('read')]).toEqual([[], []])
  })

  it('lose nothing while their subscriptions are cut again and again', async () => {
    const [anna, bo] = [await nodes[0]!.guest('Anna'), await nodes[1]!.guest('Bo')]
    await anna.get('join', {}, 'general')
    await bo.get('join', {}, 'general')
    const areBack = async (): Promise<void> => {
      const answer = await redis.command(`PUBSUB NUMSUB p${prefix}:{general}:bus`)
      expect(answer).toMatch(/:2\r\n$/)
    }
    // As many as may come at once; each meets subscriptions that are being cut, are away, or are just made again.
    for (let i = 0; i < 20; i += 1) {
      if (i % 4 === 0) await vi.waitFor(areBack, { timeout: 10_000 })
      await Promise.all([redis.command('CLIENT KILL TYPE pubsub'), surely(anna, `a${i}`)])
    }
    // The tail may be what got lost: the poll finds it within five seconds.
    for (const peer of [anna, bo]) await peer.until(() => peer.texts().length === 20)
    expect(bo.texts()).toEqual(anna.texts())
    expect(bo.of('msg').map(({ seq }) => seq)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
  })

  it('answer 5030 while Redis is away, and store once what is sent again after it', async () => {
    const anna = await nodes[0]!.guest('Anna')
    await anna.get('join', {}, 'general')
    await anna.say('before')
    await redis.command('SAVE')
    await redis.kill()
    const cid = newCid()
    expect(await anna.ask('send', { cid, text: 'during' }, 'general')).toMatchObject({
      ok: false,
      err: { code: 5030, retry: true },
    })
    await expect(backends[0]!.store.check()).rejects.toBeInstanceOf(StoreUnavailable)
    await redis.start()
    await surely(anna, 'after')
    await anna.until(() => anna.texts().includes('after'))
    expect(anna.texts()).toEqual(['before', 'after'])
  })

  it('give the log a new epoch when a restored Redis is behind what was seen (the epoch trap)', async () => {
    const [anna, bo] = [await nodes[0]!.guest('Anna'), await nodes[1]!.guest('Bo')]
    const { epoch } = await anna.get('join', {}, 'general')
    await bo.get('join', {}, 'general')
    await anna.say('saved')
    await redis.command('SAVE')
    for (let i = 0; i < 5; i += 1) await anna.say(`lost ${i}`)
    await bo.until(() => bo.texts().length === 6)
    await redis.kill()
    await redis.start()
    await surely(anna, 'after')
    for (const peer of [anna, bo]) await peer.until(() => peer.of('reset').length > 0)
    const again = await bo.get('join', { since: { epoch, seq: 6 } }, 'general')
    expect(again.epoch).not.toBe(epoch)
    expect(again).toMatchObject({ reset: true, head: 2 })
    expect(again.msgs.map((entry) => entry.kind === 'msg' && entry.text)).toEqual(['saved', 'after'])
  })

  it('end the old connection of a page that is back on the other node, and count it there no more', async () => {
    const [watcher, old] = [await nodes[0]!.guest('Bo'), nodes[0]!.connect()]
    const { session } = await old.get('auth', { guest: { name: 'Anna' } })
    await watcher.get('join', {}, 'general')
    await old.get('join', {}, 'general')
    const next = nodes[1]!.connect()
    await next.get('auth', { guest: { name: 'Anna', session: session! }, replaces: old.connection.id })
    expect((await next.get('join', {}, 'general')).presence).toMatchObject({ users: 2, conns: 2 })
    await vi.waitFor(() => expect(old.closed?.code).toBe(4005))
    const stranger = nodes[1]!.connect()
    await stranger.get('auth', { guest: { name: 'Eve' }, replaces: watcher.connection.id })
    expect((await stranger.get('join', {}, 'general')).presence).toMatchObject({ users: 3, conns: 3 })
    await watcher.say('still here')
    await next.until(() => next.texts().includes('still here'))
  })

  it('take away the connections of a node that is gone without a word', async () => {
    const [anna, bo] = [await nodes[0]!.guest('Anna'), await nodes[1]!.guest('Bo')]
    await anna.get('join', {}, 'general')
    await bo.get('join', {}, 'general')
    await backends[1]!.close()
    await anna.until(() => anna.of('presence').some(({ d }) => d.leave.some(({ name }) => name === 'Bo')))
    expect(anna.of('presence').at(-1)!.d).toMatchObject({ users: 1, conns: 1 })
  })
})
