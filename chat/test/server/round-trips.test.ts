import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { memoryInUse } from '../../../test/support/memory.ts'
import { roundTripOf, sampleRoundTrips } from '../../server/round-trips.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('pings ten connections a second, in turn, also while they come and go', () => {
  const pings: number[] = []
  const client = (id: number): { ping(): void } => ({ ping: () => void pings.push(id) })
  const clients = new Set(Array.from({ length: 25 }, (_, id) => client(id)))
  const stop = sampleRoundTrips(clients)
  vi.advanceTimersByTime(2000)
  expect(pings).toEqual(Array.from({ length: 20 }, (_, id) => id))
  const [first] = clients
  clients.delete(first!)
  clients.add(client(99))
  vi.advanceTimersByTime(1000)
  expect(pings.slice(20)).toEqual([20, 21, 22, 23, 24, 99, 1, 2, 3, 4])
  stop()
  vi.advanceTimersByTime(5000)
  expect(pings).toHaveLength(30)
})

it('pings a few connections once a second each, and nobody when there is nobody', () => {
  const pings: string[] = []
  const clients = new Set<{ ping(payload: string): void }>()
  const stop = sampleRoundTrips(clients)
  vi.advanceTimersByTime(3000)
  clients.add({ ping: (payload) => void pings.push(payload) })
  vi.advanceTimersByTime(2000)
  stop()
  expect(pings).toHaveLength(2)
  vi.advanceTimersByTime(1000)
  expect(roundTripOf(Buffer.from(pings[1]!))).toBe(1000)
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
