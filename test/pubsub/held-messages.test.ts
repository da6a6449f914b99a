import { describe, expect, it } from 'vitest'
import { prepare } from '../../src/node/topic-hub.ts'
import { HeldMessages, isSlowPolicy, type Held } from '../../src/pubsub/held-messages.ts'

/** A message whose frame has that many bytes: two for the header, the rest for the payload. */
function held(length: number, key?: string): Held {
  return { message: prepare(new Uint8Array(length - 2).fill(length)), key }
}

function drain(messages: HeldMessages): number[] {
  const lengths: number[] = []
  for (let message = messages.shift(); message !== undefined; message = messages.shift()) {
    lengths.push(message.frame.length)
  }
  return lengths
}

describe('Messages that wait for a subscriber that does not keep up', () => {
  it('wait in order within the budget, to the byte', () => {
    const messages = new HeldMessages()
    expect([messages.add(held(40), 'close', 100), messages.add(held(60), 'close', 100)]).toEqual(['queued', 'queued'])
    expect([messages.size, messages.bytes]).toEqual([2, 100])
    expect(messages.add(held(2), 'close', 100)).toBe('overflow')
    expect(drain(messages)).toEqual([40, 60])
    expect([messages.size, messages.bytes]).toEqual([0, 0])
  })

  it('drop-newest: the message itself is missed', () => {
    const messages = new HeldMessages()
    messages.add(held(90), 'drop-newest', 100)
    expect(messages.add(held(20), 'drop-newest', 100)).toBe('dropped')
    expect(messages.add(held(10), 'drop-newest', 100)).toBe('queued')
    expect(messages.dropped).toBe(1)
    expect(drain(messages)).toEqual([90, 10])
  })

  it('drop-oldest: as many of the oldest give way as are in its way, and what is larger than all is missed', () => {
    const messages = new HeldMessages()
    for (const length of [30, 31, 32]) messages.add(held(length), 'drop-oldest', 100)
    expect(messages.add(held(50), 'drop-oldest', 100)).toBe('queued')
    expect(messages.dropped).toBe(2)
    expect(messages.add(held(101), 'drop-oldest', 100)).toBe('dropped')
    expect([messages.size, messages.bytes]).toEqual([2, 82])
    expect(drain(messages)).toEqual([32, 50])
  })

  it('latest: a message takes the place of the one with its key, and counts with its own size', () => {
    const messages = new HeldMessages()
    messages.add(held(10, 'a'), 'latest', 100)
    messages.add(held(20, 'b'), 'latest', 100)
    expect(messages.add(held(30, 'a'), 'latest', 100)).toBe('queued')
    expect([messages.size, messages.bytes, messages.dropped]).toEqual([2, 50, 1])
    expect(drain(messages)).toEqual([30, 20])
  })

  it('latest: the budget holds when a message grows in its place', () => {
    const messages = new HeldMessages()
    messages.add(held(10, 'a'), 'latest', 100)
    messages.add(held(80, 'b'), 'latest', 100)
    expect(messages.add(held(90, 'a'), 'latest', 100)).toBe('queued')
    expect(messages.bytes).toBeLessThanOrEqual(100)
    expect(drain(messages).at(-1)).toBe(90)
  })

  it('knows its four policies', () => {
    expect(['close', 'drop-newest', 'drop-oldest', 'latest'].every(isSlowPolicy)).toBe(true)
    expect(['drop', '', undefined, 1, 'toString'].some(isSlowPolicy)).toBe(false)
  })
})
