import { describe, expect, it, vi } from 'vitest'
import { ADA, entry, FakeSocket, joinReply, msgEvent } from '../fake-socket.ts'
import { arrived, eachWithItsClient, reconnect, settle, storage, waited } from './setting.ts'

eachWithItsClient()

describe('A chat client writes', () => {
  it('sends one message of a room at a time, in the order of writing', async () => {
    const client = await arrived()
    client.post('general', 'first')
    client.post('general', 'second')
    expect(FakeSocket.last.asked('send').map(({ d }) => d['text'])).toEqual(['first'])
    const { cid } = FakeSocket.last.asked('send')[0]!.d
    FakeSocket.last.say(msgEvent(1, { cid, text: 'first', from: ADA }))
    FakeSocket.last.answer('send', { cid, seq: 1, ts: 1, dup: false })
    await settle()
    expect(FakeSocket.last.asked('send').map(({ d }) => d['text'])).toEqual(['first', 'second'])
    expect(client.outbox.entries.map(({ text }) => text)).toEqual(['second'])
  })

  it('sends again, under the same cid, what was not acknowledged when the connection went', async () => {
    const client = await arrived()
    client.post('general', 'once')
    const { cid } = FakeSocket.last.asked('send')[0]!.d
    FakeSocket.last.end(1006)
    client.post('general', 'written while away')
    expect(client.outbox.waiting).toBe(2)
    const queued = client.outbox.entries.map((one) => one.cid)
    await reconnect()
    expect(FakeSocket.last.asked('send')).toEqual([])
    FakeSocket.last.answer('join', joinReply([]))
    await settle()
    expect(FakeSocket.last.asked('send')).toMatchObject([{ d: { cid, text: 'once' } }])
    expect(waited).toEqual([queued])
    FakeSocket.last.answer('send', { cid, seq: 1, ts: 1, dup: true })
    await settle()
    expect(FakeSocket.last.asked('send').at(-1)).toMatchObject({ d: { text: 'written while away' } })
  })

  it('takes the echo as an acknowledgement, and shows the message once', async () => {
    const client = await arrived()
    client.post('general', 'hi')
    const { cid } = FakeSocket.last.asked('send')[0]!.d
    FakeSocket.last.say(msgEvent(1, { cid, text: 'hi', from: ADA }))
    expect(client.outbox.entries).toEqual([])
    expect(client.sessions.get('general')!.log.messages).toHaveLength(1)
  })

  it('asks again when neither echo nor acknowledgement comes', async () => {
    const client = await arrived()
    client.post('general', 'swallowed')
    const { cid } = FakeSocket.last.asked('send')[0]!.d
    await vi.advanceTimersByTimeAsync(11_500)
    expect(FakeSocket.last.asked('send').map(({ d }) => d['cid'])).toEqual([cid, cid])
    FakeSocket.last.answer('send', { cid, seq: 1, ts: 1, dup: true })
    await vi.advanceTimersByTimeAsync(1600)
    expect(FakeSocket.last.asked('history')).toMatchObject([{ d: { after: 0 } }])
    FakeSocket.last.answer('history', {
      epoch: 'e1',
      head: 1,
      first: 1,
      complete: true,
      msgs: [{ ...entry(1, 'swallowed', ADA), cid }],
    })
    await settle()
    expect(client.outbox.entries).toEqual([])
    expect(client.sessions.get('general')!.log.messages.map(({ text }) => text)).toEqual(['swallowed'])
  })

  it('rests as long as the server says when it was too fast, then goes on in order', async () => {
    const client = await arrived()
    client.post('general', 'a')
    client.post('general', 'b')
    FakeSocket.last.refuse('send', { code: 4290, name: 'rate_limited', retry: true, afterMs: 800 })
    await settle()
    expect(FakeSocket.last.asked('send')).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(800)
    expect(FakeSocket.last.asked('send').map(({ d }) => d['text'])).toEqual(['a', 'a'])
  })

  it('keeps a message that the server will never take until the user decides', async () => {
    const client = await arrived()
    client.post('general', 'no')
    FakeSocket.last.refuse('send', { code: 4030, name: 'forbidden', retry: false })
    await settle()
    expect(client.outbox.entries).toMatchObject([{ state: 'failed', error: 'forbidden' }])
    client.retry(client.outbox.entries[0]!.cid)
    expect(FakeSocket.last.asked('send')).toHaveLength(2)
  })

  it('lets go of what was not sent with the room that is left', async () => {
    const client = await arrived()
    FakeSocket.last.end(1006)
    client.post('general', 'too late')
    client.post('random', 'elsewhere')
    client.leave('general')
    expect(client.outbox.entries).toMatchObject([{ room: 'random' }])
    expect(await storage.load('tab-1')).toMatchObject([{ text: 'elsewhere' }])
  })

  it('waits no longer to send to a room that cannot be entered any more', async () => {
    const client = await arrived()
    FakeSocket.last.end(1006)
    client.post('general', 'to nobody')
    client.post('random', 'elsewhere')
    await reconnect()
    FakeSocket.last.refuse('join', { code: 4030, name: 'forbidden', retry: false })
    await settle()
    expect(client.outbox.entries).toMatchObject([
      { room: 'general', state: 'failed', error: 'forbidden' },
      { room: 'random', state: 'queued' },
    ])
    expect(client.outbox.waiting).toBe(1)
  })

  it('brings the outbox of an earlier page of the same tab along', async () => {
    await storage.put({
      cid: 'c'.repeat(22),
      owner: 'tab-1',
      room: 'general',
      text: 'old',
      at: Date.now(),
      state: 'sending',
    })
    await arrived()
    expect(FakeSocket.last.asked('send')).toMatchObject([{ d: { cid: 'c'.repeat(22), text: 'old' } }])
  })
})
