import { describe, expect, it, vi } from 'vitest'
import { ChatClose } from '../../../protocol/index.ts'
import { newCid } from '../../support/fake-peer.ts'
import { eachWithItsHub, room } from './room.ts'

eachWithItsHub()

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
