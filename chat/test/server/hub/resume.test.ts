import { describe, expect, it, vi } from 'vitest'
import { testHub } from '../../support/fake-peer.ts'
import { eachWithItsHub, room } from './room.ts'

eachWithItsHub()

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
    const { memoryBackend } = await import('../../../server/stores/memory.ts')
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
