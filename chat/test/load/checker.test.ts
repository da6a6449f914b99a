import { expect, it } from 'vitest'
import type { Entry } from '../../protocol/index.ts'
import { ChatClient, type RoomView } from '../../load/chat-client.ts'
import { Ledger } from '../../load/checker.ts'
import { percentile, seededRandom } from '../../load/scenario.ts'

/** A client that has seen these cids at these positions. */
function seen(entries: Record<number, string>): ChatClient {
  const client = new ChatClient({ url: '', name: '', make: () => expect.fail('no connection is made') })
  const seqs = Object.keys(entries).map(Number)
  const view: RoomView = {
    epoch: 'e',
    last: Math.max(...seqs),
    entries: new Map(seqs.map((seq) => [seq, { kind: 'msg', seq, cid: entries[seq] } as Entry])),
    duplicates: 0,
    gaps: 0,
    wanted: 0,
    filling: undefined,
    resets: 0,
    users: 0,
    conns: 0,
  }
  client.rooms.set('r', view)
  return client
}

function ledger(...acknowledged: [cid: string, seq: number, sender?: string][]): Ledger {
  const made = new Ledger()
  made.acknowledged.push(...acknowledged.map(([cid, seq, sender = 's']) => ({ cid, seq, sender, epoch: 'e' })))
  return made
}

it('the checker accepts what is right: every acknowledged cid once, at its place, alike for all', () => {
  ledger(['a', 1], ['c', 3]).check([seen({ 1: 'a', 2: 'b', 3: 'c' }), seen({ 2: 'b', 3: 'c' })], 'r')
})

it.each([
  ['an acknowledged message that nobody has', ledger(['a', 1], ['x', 2]), [seen({ 1: 'a' })], 'found at no place: x'],
  ['one at another place', ledger(['b', 1]), [seen({ 1: 'a', 2: 'b' })], 'acknowledged at 1, found at 2'],
  ['one that stands twice', ledger(['a', 1]), [seen({ 1: 'a', 2: 'a' })], 'stands at 1 and at 2'],
  [
    'a hole',
    ledger(['a', 1]),
    [seen({ 1: 'a', 2: 'b', 3: 'c' }), seen({ 1: 'a', 3: 'c' })],
    'has 2 entries from 1 to 3',
  ],
  ['two orders', ledger(['a', 1]), [seen({ 1: 'a', 2: 'b' }), seen({ 1: 'a', 2: 'c' })], 'position 2 is c for one'],
  ['a client that stays behind', ledger(['a', 1]), [seen({ 1: 'a', 2: 'b' }), seen({ 1: 'a' })], 'ends at 1'],
  ['a sender out of order', ledger(['b', 2], ['a', 1]), [seen({ 1: 'a', 2: 'b' })], 's: 1 was acknowledged after 2'],
])('the checker finds %s', (_name, books, clients, sentence) => {
  expect(() => books.check(clients, 'r')).toThrow(sentence)
})

it('the same seed gives the same chances', () => {
  const [one, two] = [seededRandom(7), seededRandom(7)]
  const numbers = Array.from({ length: 1000 }, () => one())
  expect(numbers).toEqual(Array.from({ length: 1000 }, () => two()))
  expect(Math.max(...numbers)).toBeLessThan(1)
  expect(
    percentile(
      numbers.toSorted((a, b) => a - b),
      50,
    ),
  ).toBeCloseTo(0.5, 1)
})
