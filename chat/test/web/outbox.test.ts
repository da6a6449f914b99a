import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Outbox, OUTBOX_CAPACITY, OUTBOX_LIFETIME } from '../../web/src/client/outbox.ts'
import { memoryStorage } from '../../web/src/client/outbox-storage.ts'

const message = (cid: string, room = 'general', at = Date.now()) => ({ cid, owner: 'ada', room, text: cid, at })

describe('Outbox', () => {
  beforeEach(() => void vi.useFakeTimers({ now: 1_000_000_000 }))
  afterEach(() => void vi.useRealTimers())

  it('gives out the oldest message of a room that is ready, and none that is on its way', () => {
    const outbox = new Outbox(memoryStorage())
    outbox.add(message('a'))
    outbox.add(message('b'))
    outbox.add(message('c', 'random'))
    expect(outbox.next(() => true)?.cid).toBe('a')
    outbox.sending('a')
    expect(outbox.next((room) => room === 'random')?.cid).toBe('c')
    expect(outbox.next(() => false)).toBeUndefined()
    expect(outbox.waiting).toBe(3)
  })

  it('survives a reload with everything that was not acknowledged, in order, and nothing else', async () => {
    const storage = memoryStorage()
    const before = new Outbox(storage)
    for (const cid of ['a', 'b', 'c', 'd']) before.add(message(cid, 'general', Date.now() + cid.charCodeAt(0)))
    before.add({ ...message('foreign'), owner: 'eve' })
    before.sending('a')
    before.acknowledged('b')
    before.failed('c', 'forbidden')
    before.stored('d', 7)

    const after = new Outbox(storage)
    await after.restore('ada')
    expect(after.entries.map(({ cid, state }) => [cid, state])).toEqual([
      ['a', 'queued'],
      ['c', 'failed'],
    ])
  })

  it('sends again what was on its way when the connection went', () => {
    const outbox = new Outbox(memoryStorage())
    outbox.add(message('a'))
    outbox.sending('a')
    expect(outbox.next(() => true)).toBeUndefined()
    outbox.connectionLost()
    expect(outbox.next(() => true)?.cid).toBe('a')
  })

  it('shows a stored message until its place in the room is reached', () => {
    const outbox = new Outbox(memoryStorage())
    outbox.add(message('a'))
    outbox.stored('a', 5)
    expect(outbox.waiting).toBe(0)
    outbox.settle('general', 4)
    outbox.settle('random', 9)
    expect(outbox.entries).toHaveLength(1)
    outbox.settle('general', 5)
    expect(outbox.entries).toHaveLength(0)
  })

  it(`refuses message ${OUTBOX_CAPACITY + 1}`, () => {
    const outbox = new Outbox(memoryStorage())
    for (let n = 0; n < OUTBOX_CAPACITY; n++) expect(outbox.add(message(`m${n}`))).toBe(true)
    expect(outbox.add(message('one too many'))).toBe(false)
    expect(outbox.entries).toHaveLength(OUTBOX_CAPACITY)
  })

  it('leaves it to the user to send what has waited for more than a day', async () => {
    const storage = memoryStorage()
    new Outbox(storage).add(message('old'))
    vi.advanceTimersByTime(OUTBOX_LIFETIME + 1)
    const outbox = new Outbox(storage)
    await outbox.restore('ada')
    expect(outbox.entries).toMatchObject([{ state: 'failed', error: 'expired' }])
    outbox.requeue('old')
    expect(outbox.next(() => true)?.cid).toBe('old')
  })

  it('goes on without a storage that refuses', async () => {
    const refusing = {
      load: () => Promise.reject(new Error('private window')),
      put: () => Promise.reject(new Error('quota')),
      delete: () => Promise.reject(new Error('quota')),
    }
    const outbox = new Outbox(refusing)
    await outbox.restore('ada')
    expect(outbox.add(message('a'))).toBe(true)
    outbox.acknowledged('a')
    expect(outbox.entries).toHaveLength(0)
  })
})
