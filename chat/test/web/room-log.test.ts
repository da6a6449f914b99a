import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Entry, Page } from '../../protocol/entities.ts'
import { RoomLog } from '../../web/src/client/room-log.ts'
import { ADA, entry } from './fake-socket.ts'

const page = (seqs: number[], head = seqs.at(-1) ?? 0): Page => ({
  epoch: 'e1',
  head,
  first: 1,
  msgs: seqs.map((seq) => entry(seq) as unknown as Entry),
  complete: true,
})
const one = (seq: number): Entry => entry(seq) as unknown as Entry
const change = (kind: 'edit' | 'delete', seq: number, target: number): Entry =>
  ({ kind, seq, id: `x${seq}`, cid: `x${seq}`, from: ADA, ts: seq, target, text: 'changed' }) as Entry

describe('RoomLog', () => {
  it('applies the next entry, drops an older one, holds a later one back', () => {
    const log = new RoomLog()
    log.reset(page([1, 2, 3]))
    expect(log.apply(one(4))).toBe('applied')
    expect(log.apply(one(4))).toBe('old')
    expect(log.apply(one(1))).toBe('old')
    expect(log.apply(one(7))).toBe('gap')
    expect(log.apply(one(6))).toBe('gap')
    expect(log.last).toBe(4)
    expect(log.apply(one(5))).toBe('applied')
    expect(log.last).toBe(7)
    expect(log.messages.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7])
  })

  it('ends with every message once and in order, however they are shuffled and repeated', () => {
    const shuffled = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 200 })
    fc.assert(
      fc.property(shuffled, (arrivals) => {
        const log = new RoomLog()
        log.reset(page([]))
        for (const seq of arrivals) log.apply(one(seq))
        let reachable = 0
        while (arrivals.includes(reachable + 1)) reachable++
        expect(log.messages.map(({ seq }) => seq)).toEqual(Array.from({ length: reachable }, (_, index) => index + 1))
        expect(log.last).toBe(reachable)
      }),
    )
  })

  it('changes the message that an edit or a delete names; they take places of their own', () => {
    const log = new RoomLog()
    log.reset(page([1, 2]))
    log.apply(change('edit', 3, 1))
    expect(log.messages[0]).toMatchObject({ seq: 1, text: 'changed', edited: 3 })
    log.apply(change('delete', 4, 1))
    expect(log.messages[0]).toMatchObject({ text: '', deleted: 4 })
    log.apply(change('edit', 5, 1))
    expect(log.messages[0]).toMatchObject({ text: '', deleted: 4 })
    expect(log.messages).toHaveLength(2)
    expect(log.last).toBe(5)
  })

  it('puts older pages before what is there, without doubling where they overlap', () => {
    const log = new RoomLog()
    log.reset(page([51, 52]))
    expect(log.hasEarlier).toBe(true)
    log.prepend(page([49, 50, 51]))
    expect(log.messages.map(({ seq }) => seq)).toEqual([49, 50, 51, 52])
    log.prepend(page([1, 2]))
    expect(log.earliest).toBe(1)
    expect(log.hasEarlier).toBe(false)
  })

  it('forgets everything when the epoch is another', () => {
    const log = new RoomLog()
    log.reset(page([1, 2, 3]))
    log.apply(one(9))
    log.reset({ ...page([1]), epoch: 'e2' })
    expect([log.epoch, log.last, log.messages.length]).toEqual(['e2', 1, 1])
    log.apply(one(2))
    expect(log.last).toBe(2)
  })

  it('starts an empty room at its head', () => {
    const log = new RoomLog()
    log.reset({ ...page([]), head: 40, first: 41 })
    expect(log.last).toBe(40)
    expect(log.hasEarlier).toBe(false)
    expect(log.apply(one(41))).toBe('applied')
  })
})
