import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HELD_OVERHEAD, type SlowPolicy } from '../../src/pubsub/held-messages.ts'
import { Topics } from '../../src/pubsub/topics.ts'
import { makeMember, text } from '../support/subscriber.ts'

/** Topics whose turn ends when the test says so. */
function makeTopics(policy: SlowPolicy | ((topic: string) => SlowPolicy) = 'close', budget = 100_000) {
  const due: (() => void)[] = []
  const topics = new Topics({
    policy: typeof policy === 'function' ? policy : () => policy,
    budget,
    schedule: (flush) => void due.push(flush),
  })
  return {
    topics,
    due,
    endTurn: () => {
      for (const flush of due.splice(0)) flush()
    },
  }
}

describe('Topics', () => {
  it('have exact names, of which those with subscribers are told', () => {
    const { topics } = makeTopics()
    const { member } = makeMember()
    expect(topics.subscribe(member, 'a')).toBe(true)
    expect(topics.subscribe(member, 'a')).toBe(false)
    topics.subscribe(member, 'a/b')
    expect([...topics.names()]).toEqual(['a', 'a/b'])
    expect([topics.count('a'), topics.count('a/'), topics.count('*')]).toEqual([1, 0, 0])
    expect(topics.unsubscribe(member, 'nothing')).toBe(false)
    expect(topics.unsubscribe(member, 'a')).toBe(true)
    expect([...topics.names()]).toEqual(['a/b'])
    expect(topics.remove(member)).toEqual(['a/b'])
    expect([...topics.names()]).toEqual([])
  })

  it('reach everybody at the end of the turn in one write each, with the same bytes', () => {
    const { topics, endTurn, due } = makeTopics()
    const all = [makeMember(), makeMember(), makeMember()]
    for (const { member } of all) topics.subscribe(member, 'news')
    for (const word of ['one', 'two', 'three']) {
      expect(topics.publish('news', text(word))).toEqual({ matched: 3, sent: 3, queued: 0, dropped: 0 })
    }
    expect(due.length).toBe(1)
    expect(all[0]!.subscriber.messages).toEqual([])
    endTurn()
    for (const { subscriber } of all) {
      expect(subscriber.messages).toEqual(['one', 'two', 'three'])
      expect([subscriber.writes, subscriber.flushes, subscriber.counted]).toEqual([1, 1, 3])
    }
  })

  it('leave without waiting for the end of the turn once much is gathered', () => {
    const { topics } = makeTopics()
    const { member, subscriber } = makeMember()
    topics.subscribe(member, 'big')
    topics.publish('big', text('x'.repeat(200_000)))
    expect(subscriber.writes).toBe(0)
    topics.publish('big', text('y'.repeat(200_000)))
    expect(subscriber.writes).toBe(1)
  })

  it('answer nothing for nobody', () => {
    const { topics } = makeTopics()
    expect(topics.publish('none', text('x'))).toEqual({ matched: 0, sent: 0, queued: 0, dropped: 0 })
  })

  it('leave the sender out, and count it as nobody it was for', () => {
    const { topics, endTurn } = makeTopics()
    const [one, two] = [makeMember(), makeMember()]
    topics.subscribe(one.member, 'room')
    topics.subscribe(two.member, 'room')
    expect(topics.publish('room', text('hi'), { sender: one.member })).toMatchObject({ matched: 1, sent: 1 })
    const stranger = makeMember()
    expect(topics.publish('room', text('all'), { sender: stranger.member })).toMatchObject({ matched: 2, sent: 2 })
    endTurn()
    expect(one.subscriber.messages).toEqual(['all'])
    expect(two.subscriber.messages).toEqual(['hi', 'all'])
  })

  it('deliver what was published before an unsubscribe of the same turn, and nothing after', () => {
    const { topics, endTurn } = makeTopics()
    const { member, subscriber } = makeMember()
    topics.subscribe(member, 'room')
    topics.publish('room', text('before'))
    topics.unsubscribe(member, 'room')
    topics.publish('room', text('after'))
    endTurn()
    expect(subscriber.messages).toEqual(['before'])
  })

  it('deliver to whoever subscribes what is published from then on', () => {
    const { topics, endTurn } = makeTopics()
    const [early, late] = [makeMember(), makeMember()]
    topics.subscribe(early.member, 'room')
    topics.publish('room', text('one'))
    topics.subscribe(late.member, 'room')
    topics.publish('room', text('two'))
    endTurn()
    expect(early.subscriber.messages).toEqual(['one', 'two'])
    expect(late.subscriber.messages).toEqual(['two'])
  })

  it('know a topic that was left and joined again within a turn', () => {
    const { topics, endTurn } = makeTopics()
    const { member, subscriber } = makeMember()
    topics.subscribe(member, 'room')
    topics.publish('room', text('one'))
    topics.unsubscribe(member, 'room')
    topics.subscribe(member, 'room')
    topics.publish('room', text('two'))
    endTurn()
    expect(topics.publish('room', text('three'))).toMatchObject({ matched: 1 })
    endTurn()
    expect(subscriber.messages).toEqual(['one', 'two', 'three'])
  })

  it('keep what is published while others are written to for the next turn', () => {
    const { topics, endTurn } = makeTopics()
    const { member, subscriber } = makeMember()
    topics.subscribe(member, 'room')
    subscriber.onWrite = () => {
      subscriber.onWrite = undefined
      topics.publish('room', text('answer'))
    }
    topics.publish('room', text('question'))
    endTurn()
    endTurn()
    expect(subscriber.messages).toEqual(['question', 'answer'])
  })

  it('send what a member is still owed ahead of what it is sent directly', () => {
    const { topics, endTurn } = makeTopics()
    const { member, subscriber } = makeMember()
    topics.subscribe(member, 'a')
    topics.subscribe(member, 'b')
    topics.publish('b', text('1'))
    topics.publish('a', text('2'))
    topics.publish('b', text('3'))
    topics.settle(member)
    subscriber.messages.push('direct')
    topics.publish('a', text('4'))
    endTurn()
    expect(subscriber.messages).toEqual(['1', '2', '3', 'direct', '4'])
  })

  it('go the ordinary way to whoever is in the midst of something', () => {
    const { topics, endTurn } = makeTopics()
    const { member, subscriber } = makeMember()
    subscriber.takesEncoded = false
    topics.subscribe(member, 'room')
    topics.publish('room', text('one'))
    topics.publish('room', text('two'))
    endTurn()
    expect(subscriber.messages).toEqual(['one', 'two'])
  })
})

describe('A subscriber that does not keep up', () => {
  it('waits alone: the others never notice, and the answer tells who waits', () => {
    const { topics, endTurn } = makeTopics()
    const [quick, slow] = [makeMember(), makeMember()]
    topics.subscribe(quick.member, 'room')
    topics.subscribe(slow.member, 'room')
    slow.subscriber.isSlow = true
    topics.blocked(slow.member)
    expect(topics.publish('room', text('one'))).toEqual({ matched: 2, sent: 1, queued: 1, dropped: 0 })
    endTurn()
    expect(quick.subscriber.messages).toEqual(['one'])
    expect(slow.subscriber.messages).toEqual([])
    slow.subscriber.isSlow = false
    topics.drained(slow.member)
    expect(slow.subscriber.messages).toEqual(['one'])
    expect(topics.publish('room', text('two'))).toEqual({ matched: 2, sent: 2, queued: 0, dropped: 0 })
    endTurn()
    expect(slow.subscriber.messages).toEqual(['one', 'two'])
  })

  it.each<[SlowPolicy, object, string[], boolean]>([
    ['close', { matched: 1, sent: 0, queued: 0, dropped: 1 }, ['aaaa', 'bbbb'], true],
    ['drop-newest', { matched: 1, sent: 0, queued: 0, dropped: 1 }, ['aaaa', 'bbbb'], false],
    ['drop-oldest', { matched: 1, sent: 0, queued: 1, dropped: 0 }, ['bbbb', 'cccc'], false],
    ['latest', { matched: 1, sent: 0, queued: 1, dropped: 0 }, ['cccc'], false],
  ])('is dealt with by the policy %s', (policy, third, delivered, wasClosed) => {
    const { topics } = makeTopics(policy, 2 * (HELD_OVERHEAD + 6))
    const { member, subscriber } = makeMember()
    topics.subscribe(member, 'room')
    subscriber.isSlow = true
    topics.blocked(member)
    for (const word of ['aaaa', 'bbbb']) topics.publish('room', text(word))
    expect(topics.publish('room', text('cccc'))).toEqual(third)
    expect(subscriber.wasClosed).toBe(wasClosed)
    subscriber.isSlow = false
    topics.drained(member)
    expect(subscriber.messages).toEqual(delivered)
    expect(topics.dropped).toBe(policy === 'latest' ? 2 : 1)
  })

  it('is dealt with by the policy of the topic, and by that of the message before it', () => {
    const { topics } = makeTopics((topic) => (topic === 'ticker' ? 'latest' : 'drop-newest'), HELD_OVERHEAD + 6)
    const { member, subscriber } = makeMember()
    topics.subscribe(member, 'ticker')
    topics.subscribe(member, 'log')
    subscriber.isSlow = true
    topics.blocked(member)
    topics.publish('ticker', text('old'))
    expect(topics.publish('ticker', text('new'))).toMatchObject({ queued: 1 })
    expect(topics.publish('log', text('line'))).toMatchObject({ dropped: 1 })
    expect(topics.publish('log', text('line'), { slowConsumer: 'drop-oldest' })).toMatchObject({ queued: 1 })
    subscriber.isSlow = false
    topics.drained(member)
    expect(subscriber.messages).toEqual(['line'])
  })

  it('has one message a key waiting with the policy latest', () => {
    const { topics } = makeTopics('latest')
    const { member, subscriber } = makeMember()
    topics.subscribe(member, 'prices')
    subscriber.isSlow = true
    topics.blocked(member)
    for (const [key, price] of [
      ['A', 'A1'],
      ['B', 'B1'],
      ['A', 'A2'],
      ['A', 'A3'],
    ] as const) {
      topics.publish('prices', text(price), { key })
    }
    subscriber.isSlow = false
    topics.drained(member)
    expect(subscriber.messages).toEqual(['A3', 'B1'])
  })

  it('gets what was published before it fell behind ahead of what waited', () => {
    const { topics, endTurn } = makeTopics()
    const { member, subscriber } = makeMember()
    topics.subscribe(member, 'room')
    topics.publish('room', text('one'))
    subscriber.isSlow = true
    topics.blocked(member)
    topics.publish('room', text('two'))
    endTurn()
    expect(subscriber.messages).toEqual(['one'])
    subscriber.isSlow = false
    topics.drained(member)
    topics.publish('room', text('three'))
    endTurn()
    expect(subscriber.messages).toEqual(['one', 'two', 'three'])
  })

  it('is behind from its first topic on when it was behind before', () => {
    const { topics } = makeTopics()
    const { member, subscriber } = makeMember()
    subscriber.isSlow = true
    topics.blocked(member)
    topics.subscribe(member, 'room')
    expect(topics.publish('room', text('one'))).toMatchObject({ queued: 1 })
  })

  it('is looked at for its own topics alone, and for all of them', () => {
    const { topics } = makeTopics()
    const [slow, quick] = [makeMember(), makeMember()]
    const slowOf = (topic: string, { member } = quick): unknown => member.topics.get(topic)!.slow
    for (const topic of ['a', 'b', 'c']) topics.subscribe(quick.member, topic)
    topics.subscribe(slow.member, 'a')
    slow.subscriber.isSlow = true
    topics.blocked(slow.member)
    topics.subscribe(slow.member, 'b')
    expect([slowOf('a'), slowOf('b'), slowOf('c')]).toEqual([new Set([slow.member]), new Set([slow.member]), undefined])
    topics.unsubscribe(slow.member, 'a')
    expect([slowOf('a'), slowOf('b')]).toEqual([new Set(), new Set([slow.member])])
    slow.subscriber.isSlow = false
    topics.drained(slow.member)
    expect(slowOf('b')).toEqual(new Set())
    topics.subscribe(slow.member, 'a')
    slow.subscriber.isSlow = true
    topics.blocked(slow.member)
    expect(topics.publish('a', text('one'))).toMatchObject({ sent: 1, queued: 1 })
    expect(topics.publish('b', text('two'))).toMatchObject({ sent: 1, queued: 1 })
    topics.remove(slow.member)
    expect([slowOf('a'), slowOf('b')]).toEqual([new Set(), new Set()])
  })

  it('is left as it was when the policy cannot be told', () => {
    const { topics, endTurn } = makeTopics(() => {
      throw new Error('no policy')
    })
    const [slow, quick] = [makeMember(), makeMember()]
    for (const { member } of [slow, quick]) topics.subscribe(member, 'room')
    expect(topics.publish('room', text('one'))).toMatchObject({ sent: 2 })
    slow.subscriber.isSlow = true
    topics.blocked(slow.member)
    expect(() => topics.publish('room', text('two'))).toThrow('no policy')
    expect(slow.subscriber.messages).toEqual([])
    endTurn()
    for (const { subscriber } of [slow, quick]) expect(subscriber.messages).toEqual(['one'])
  })

  it('is told what is held for it, as is whoever asks for the sum', () => {
    const { topics } = makeTopics('drop-oldest')
    const [one, two] = [makeMember(), makeMember()]
    for (const [index, { member, subscriber }] of [one, two].entries()) {
      topics.subscribe(member, `own ${index}`)
      subscriber.isSlow = true
      topics.blocked(member)
    }
    const seen = (): number[] => [one.subscriber.held, two.subscriber.held, topics.heldBytes]
    topics.publish('own 0', text('x'))
    topics.publish('own 1', text('unlike'))
    const [first, second] = [one.member.held!.bytes, two.member.held!.bytes]
    expect(first).toBeGreaterThan(0)
    expect(seen()).toEqual([first, second, first + second])
    one.subscriber.isSlow = false
    topics.drained(one.member)
    expect(seen()).toEqual([0, second, second])
    topics.settle(two.member)
    expect(seen()).toEqual([0, 0, 0])
  })

  it('gives its memory back when it goes', () => {
    const { topics } = makeTopics()
    const { member, subscriber } = makeMember()
    topics.subscribe(member, 'room')
    subscriber.isSlow = true
    topics.blocked(member)
    topics.publish('room', text('one'))
    topics.remove(member)
    expect(member.held).toBeUndefined()
    expect([subscriber.held, topics.heldBytes]).toEqual([0, 0])
    expect(topics.dropped).toBe(1)
    topics.remove(member)
    expect(topics.dropped).toBe(1)
    topics.drained(member)
    expect(subscriber.messages).toEqual([])
  })
})

describe('Whatever is subscribed, left, published and sent', () => {
  const step = fc.record({
    what: fc.constantFrom('subscribe', 'unsubscribe', 'publish', 'publishFrom', 'settle', 'block', 'drain', 'turn'),
    member: fc.nat({ max: 3 }),
    topic: fc.constantFrom('a', 'b', 'c'),
  })

  it('each member gets exactly what was published while it subscribed, in that order', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { topics, endTurn } = makeTopics('close', 1_000_000)
        const members = Array.from({ length: 4 }, () => ({ ...makeMember(), expected: [] as string[] }))
        for (const [index, { what, member: at, topic }] of steps.entries()) {
          const { member, subscriber } = members[at]!
          const word = `${topic}${index}`
          if (what === 'subscribe') topics.subscribe(member, topic)
          if (what === 'unsubscribe') topics.unsubscribe(member, topic)
          if (what === 'settle') topics.settle(member)
          if (what === 'turn') endTurn()
          if (what === 'block') {
            subscriber.isSlow = true
            topics.blocked(member)
          }
          if (what === 'drain') {
            subscriber.isSlow = false
            topics.drained(member)
          }
          if (what !== 'publish' && what !== 'publishFrom') continue
          const sender = what === 'publishFrom' ? member : undefined
          const to = members.filter((other) => other.member.topics.has(topic) && other.member !== sender)
          for (const { expected } of to) expected.push(word)
          const result = topics.publish(topic, text(word), { sender })
          expect(result.matched).toBe(to.length)
          expect(result.sent + result.queued + result.dropped).toBe(result.matched)
        }
        for (const { member, subscriber } of members) {
          subscriber.isSlow = false
          topics.drained(member)
        }
        endTurn()
        for (const { subscriber, expected } of members) expect(subscriber.messages).toEqual(expected)
      }),
      { numRuns: 300 },
    )
  })
})
