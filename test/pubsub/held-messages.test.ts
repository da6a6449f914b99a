import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { prepare } from '../../src/node/topic-hub.ts'
import {
  HELD_OVERHEAD,
  HeldMessages,
  isSlowPolicy,
  type Held,
  type SlowPolicy,
} from '../../src/pubsub/held-messages.ts'
import { memoryInUse, MiB } from '../support/memory.ts'

/** What one unit of these tests counts in bytes: every message has room for its overhead and for a frame of some bytes. */
const UNIT = 650
const BUDGET = 100 * UNIT
/** RFC 6455 5.2: with a payload of 126 to 65,535 bytes. */
const HEADER = 4

/** A message that counts that many units. */
function held(units: number, key?: string): Held {
  return { message: prepare(new Uint8Array(units * UNIT - HELD_OVERHEAD - HEADER)), key }
}

const unitsOf = (frame: Uint8Array): number => (frame.length + HELD_OVERHEAD) / UNIT

function drain(messages: HeldMessages): number[] {
  const units: number[] = []
  for (let message = messages.shift(); message !== undefined; message = messages.shift())
    units.push(unitsOf(message.frame))
  return units
}

/** The same in the plainest way: a list that is searched and shifted. */
class NaiveHeld {
  list: { units: number; key: string | undefined }[] = []
  dropped = 0

  get units(): number {
    return this.list.reduce((sum, { units }) => sum + units, 0)
  }

  add(units: number, key: string | undefined, policy: SlowPolicy): string {
    const at = policy === 'latest' ? this.list.findIndex((other) => other.key === key) : -1
    if (at !== -1) {
      this.dropped++
      if (this.units - this.list[at]!.units + units <= 100) {
        this.list[at]!.units = units
        return 'queued'
      }
      this.list.splice(at, 1)
    }
    if (this.units + units > 100 && policy === 'close') return 'overflow'
    if (this.units + units > 100 && (policy === 'drop-newest' || units > 100)) {
      this.dropped++
      return 'dropped'
    }
    while (this.units + units > 100) {
      this.list.shift()
      this.dropped++
    }
    this.list.push({ units, key: policy === 'latest' ? key : undefined })
    return 'queued'
  }
}

describe('Messages that wait for a subscriber that does not keep up', () => {
  it('wait in order within the budget, to the byte', () => {
    const messages = new HeldMessages()
    expect([messages.add(held(40), 'close', BUDGET), messages.add(held(60), 'close', BUDGET)]).toEqual([
      'queued',
      'queued',
    ])
    expect([messages.size, messages.bytes]).toEqual([2, BUDGET])
    expect(messages.add(held(2), 'close', BUDGET)).toBe('overflow')
    expect(drain(messages)).toEqual([40, 60])
    expect([messages.size, messages.bytes]).toEqual([0, 0])
  })

  it('drop-newest: the message itself is missed', () => {
    const messages = new HeldMessages()
    messages.add(held(90), 'drop-newest', BUDGET)
    expect(messages.add(held(20), 'drop-newest', BUDGET)).toBe('dropped')
    expect(messages.add(held(10), 'drop-newest', BUDGET)).toBe('queued')
    expect(messages.dropped).toBe(1)
    expect(drain(messages)).toEqual([90, 10])
  })

  it('drop-oldest: as many of the oldest give way as are in its way, and what is larger than all is missed', () => {
    const messages = new HeldMessages()
    for (const length of [30, 31, 32]) messages.add(held(length), 'drop-oldest', BUDGET)
    expect(messages.add(held(50), 'drop-oldest', BUDGET)).toBe('queued')
    expect(messages.dropped).toBe(2)
    expect(messages.add(held(101), 'drop-oldest', BUDGET)).toBe('dropped')
    expect([messages.size, messages.bytes]).toEqual([2, 82 * UNIT])
    expect(drain(messages)).toEqual([32, 50])
  })

  it('latest: a message takes the place of the one with its key, and counts with its own size', () => {
    const messages = new HeldMessages()
    messages.add(held(10, 'a'), 'latest', BUDGET)
    messages.add(held(20, 'b'), 'latest', BUDGET)
    expect(messages.add(held(30, 'a'), 'latest', BUDGET)).toBe('queued')
    expect([messages.size, messages.bytes, messages.dropped]).toEqual([2, 50 * UNIT, 1])
    expect(drain(messages)).toEqual([30, 20])
  })

  it('latest: the budget holds when a message grows in its place', () => {
    const messages = new HeldMessages()
    messages.add(held(10, 'a'), 'latest', BUDGET)
    messages.add(held(80, 'b'), 'latest', BUDGET)
    expect(messages.add(held(90, 'a'), 'latest', BUDGET)).toBe('queued')
    expect(messages.bytes).toBeLessThanOrEqual(BUDGET)
    expect(drain(messages).at(-1)).toBe(90)
  })

  it('latest: hold nothing of those that outgrew their place, however many did', async () => {
    const messages = new HeldMessages()
    const [first, small, large] = [held(1, 'first'), held(1, 'key'), held(101, 'key')]
    messages.add(first, 'latest', BUDGET)
    const before = await memoryInUse()
    for (let round = 0; round < 100_000; round++) {
      messages.add(small, 'latest', BUDGET)
      messages.add(large, 'latest', BUDGET)
    }
    expect((await memoryInUse()) - before).toBeLessThan(2 * MiB)
    expect(drain(messages)).toEqual([1])
  })

  it('count with their overhead: a budget bounds how many there are, however small', () => {
    const messages = new HeldMessages()
    const empty = { message: prepare(''), key: undefined }
    let queued = 0
    while (messages.add(empty, 'drop-newest', 1_048_576) === 'queued') queued++
    expect(queued).toBe(Math.floor(1_048_576 / (HELD_OVERHEAD + 2)))
  })

  it('are what a list would hold that is searched and shifted, whatever comes', () => {
    const step = fc.record({
      units: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 40 }) }, fc.integer({ min: 41, max: 109 })),
      key: fc.constantFrom('a', 'b', 'c', 'd'),
      policy: fc.constantFrom<SlowPolicy>('close', 'drop-newest', 'drop-oldest', 'latest', 'latest'),
      shifts: fc.constantFrom(0, 0, 0, 1, 2),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const [messages, naive] = [new HeldMessages(), new NaiveHeld()]
        for (const { units, key, policy, shifts } of steps) {
          expect(messages.add(held(units, key), policy, BUDGET)).toBe(naive.add(units, key, policy))
          for (let i = 0; i < shifts; i++) {
            const message = messages.shift()
            expect(message === undefined ? undefined : unitsOf(message.frame)).toBe(naive.list.shift()?.units)
          }
          expect([messages.size, messages.bytes, messages.dropped]).toEqual([
            naive.list.length,
            naive.units * UNIT,
            naive.dropped,
          ])
        }
        expect(drain(messages)).toEqual(naive.list.map(({ units }) => units))
      }),
    )
  })

  it('knows its four policies', () => {
    expect(['close', 'drop-newest', 'drop-oldest', 'latest'].every(isSlowPolicy)).toBe(true)
    expect(['drop', '', undefined, 1, 'toString'].some(isSlowPolicy)).toBe(false)
  })
})
