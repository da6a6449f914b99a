import { describe, expect, it, vi } from 'vitest'
import { ChatClose } from '../../../protocol/index.ts'
import { eachWithItsHub, room } from './room.ts'

eachWithItsHub()

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

  it('lets a connection into 50 rooms, and again into those it is in', async () => {
    const anna = await room.guest('Anna')
    for (let i = 0; i < 50; i += 1) {
      await room.backend.store.createRoom(`r${i}`, `r${i}`)
      await anna.get('join', {}, `r${i}`)
    }
    expect(await anna.ask('join', {}, 'general')).toMatchObject({ ok: false, err: { code: 4130, name: 'too_large' } })
    expect(await anna.ask('join', {}, 'r0')).toMatchObject({ ok: true })
    await anna.get('leave', {}, 'r0')
    expect(await anna.ask('join', {}, 'general')).toMatchObject({ ok: true })
  })

  it('closes a connection that says over 8 KiB before auth with 4001', async () => {
    const [anna, bo] = [room.connect(), room.connect()]
    const ofBytes = (bytes: number): string => '{"t":"ping","d":{"ts":1}}'.padEnd(bytes)
    anna.connection.receive(ofBytes(8192))
    expect(anna.closed).toBeUndefined()
    bo.connection.receive(ofBytes(8193))
    expect(bo.closed?.code).toBe(ChatClose.unauthorized)
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
