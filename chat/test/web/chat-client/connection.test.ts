import { describe, expect, it, vi } from 'vitest'
import { FakeSocket } from '../fake-socket.ts'
import { arrived, connection, eachWithItsClient } from './setting.ts'

eachWithItsClient()

describe('A chat client’s connection', () => {
  it('drops a connection whose ping is not answered', async () => {
    const client = await arrived()
    await vi.advanceTimersByTimeAsync(12_500 + 10_000)
    expect(FakeSocket.all[0]!.asked('ping').length).toBeGreaterThan(0)
    expect(client.connection.name).toBe('waiting')
  })

  it('probes the connection at once when the page wakes up', async () => {
    const client = await arrived()
    connection.wake()
    expect(FakeSocket.last.asked('ping')).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(3000)
    expect(client.connection.name).toBe('waiting')
  })

  it('comes back when the server said so in its goodbye', async () => {
    const client = await arrived()
    FakeSocket.last.say({ t: 'bye', d: { afterMs: 3000, reason: 'drain' } })
    expect(client.link.isLeaving).toBe(true)
    FakeSocket.last.end(1012)
    await vi.advanceTimersByTimeAsync(2999)
    expect(FakeSocket.all).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(FakeSocket.all).toHaveLength(2)
  })
})
