import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { memoryInUse } from '../../../test/support/memory.ts'
import { roundTripOf, sampleRoundTrips } from '../../server/round-trips.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('pings ten connections a second, in turn, also while they come and go', () => {
  const pings: number[] = []
  const client = (id: number): { ping(): void } => ({ ping: () => void pings.push(id) })
  const clients = new Set(Array.from({ length: 145 }, (_, id) => client(id)))
  const stop = sampleRoundTrips(clients)
  vi.advanceTimersByTime(14_000)
  expect(pings).toEqual(Array.from({ length: 140 }, (_, id) => id))
  const [first] = clients
  clients.delete(first!)
  clients.add(client(999))
  vi.advanceTimersByTime(1000)
  expect(pings.slice(140)).toEqual([140, 141, 142, 143, 144, 999, 1, 2, 3, 4])
  stop()
  vi.advanceTimersByTime(5000)
  expect(pings).toHaveLength(150)
})

it('pings a few connections when they have come and every 15 s, and nobody when there is nobody', () => {
  const pings: { id: string; payload: string; at: number }[] = []
  const clients = new Set<{ ping(payload: string): void }>()
  const start = performance.now()
  const come = (id: string): void =>
    void clients.add({ ping: (payload) => void pings.push({ id, payload, at: performance.now() - start }) })
  const stop = sampleRoundTrips(clients)
  vi.advanceTimersByTime(3000)
  come('a')
  vi.advanceTimersByTime(4000)
  come('b')
  vi.advanceTimersByTime(24_000)
  stop()
  expect(pings.map(({ id, at }) => `${id} ${at}`)).toEqual([
    'a 4000',
    'b 8000',
    'a 15000',
    'b 15000',
    'a 30000',
    'b 30000',
  ])
  expect(roundTripOf(Buffer.from(pings.at(-1)!.payload))).toBe(1000)
})

it('holds nobody who has left', async () => {
  const clients = new Set(Array.from({ length: 200 }, () => ({ ping() {} })))
  const stop = sampleRoundTrips(clients)
  vi.advanceTimersByTime(1000)
  const gone = Array.from(clients, (client) => new WeakRef(client))
  clients.clear()
  vi.useRealTimers()
  await memoryInUse()
  expect(gone.filter((client) => client.deref() !== undefined)).toEqual([])
  stop()
})

it.each(['', 'x', '1e99', '9'.repeat(125)])('knows no round trip of a pong with %j', (payload) => {
  expect(roundTripOf(Buffer.from(payload))).toBeUndefined()
})
