import cluster from 'node:cluster'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { ClusterBus, relayClusterBus } from '../../src/node/cluster-bus.ts'
import type { BusMessage } from '../../src/pubsub/bus.ts'

/** Make this process look like a worker whose channel keeps what it is given. */
function asWorker() {
  const sent: { value: unknown; done: () => void }[] = []
  const was = {
    isWorker: cluster.isWorker,
    send: process.send,
    connected: Object.getOwnPropertyDescriptor(process, 'connected'),
  }
  Object.defineProperty(cluster, 'isWorker', { value: true, configurable: true, writable: true })
  Object.defineProperty(process, 'connected', { value: true, configurable: true, writable: true })
  process.send = ((value: unknown, _handle: unknown, _options: unknown, done: () => void) => {
    sent.push({ value: structuredClone(value), done })
    return true
  }) as never
  onTestFinished(() => {
    Object.defineProperty(cluster, 'isWorker', { value: was.isWorker, configurable: true, writable: true })
    Object.assign(process, { send: was.send })
    if (was.connected !== undefined) Object.defineProperty(process, 'connected', was.connected)
    else Reflect.deleteProperty(process, 'connected')
  })
  return sent
}

describe('A bus over the channels of a cluster', () => {
  it('carries text, bytes and keys as they were', () => {
    const sent = asWorker()
    const bus = new ClusterBus()
    const messages: BusMessage[] = [
      { topic: 'a', message: 'text' },
      { topic: 'b', message: Uint8Array.of(0, 255), key: 'k' },
      { message: 'to everybody' },
    ]
    for (const message of messages) bus.publish(message)
    const got: BusMessage[] = []
    const leave = bus.join((message) => got.push(message))
    const listener = process.listeners('message').at(-1) as (value: unknown) => void
    for (const { value } of sent) listener(value)
    listener({ some: 'other message' })
    listener(null)
    expect(got).toEqual([messages[0], { topic: 'b', message: Buffer.from([0, 255]), key: 'k' }, messages[2]])
    leave()
    expect(process.listeners('message')).not.toContain(listener)
  })

  it('drops what its channel does not take, and counts it', () => {
    const sent = asWorker()
    const bus = new ClusterBus({ budget: 10 })
    bus.publish({ topic: 't', message: 'x'.repeat(8) })
    bus.publish({ topic: 't', message: 'x'.repeat(3) })
    expect([sent.length, bus.dropped]).toEqual([1, 1])
    sent[0]!.done()
    bus.publish({ topic: 't', message: 'x'.repeat(10) })
    expect([sent.length, bus.dropped]).toEqual([2, 1])
  })

  it('hears only the bus of its name', () => {
    const sent = asWorker()
    const got: BusMessage[] = []
    const leave = new ClusterBus({ name: 'one' }).join((message) => got.push(message))
    const listener = process.listeners('message').at(-1) as (value: unknown) => void
    new ClusterBus({ name: 'two' }).publish({ topic: 't', message: 'x' })
    new ClusterBus({ name: 'one' }).publish({ topic: 't', message: 'y' })
    for (const { value } of sent) listener(value)
    expect(got).toEqual([{ topic: 't', message: 'y' }])
    leave()
  })

  it('is relayed by the primary to all workers but the one it came from', () => {
    vi.spyOn(cluster, 'isPrimary', 'get').mockReturnValue(true)
    const end = relayClusterBus()
    const workers = [1, 2, 3].map((id) => ({
      id,
      isConnected: () => id !== 3,
      send: vi.fn<(value: unknown) => boolean>(),
    }))
    const was = cluster.workers
    Object.assign(cluster, { workers })
    onTestFinished(() => void Object.assign(cluster, { workers: was }))
    const value = { barewireBus: 'topics', topic: 't', text: 'x' }
    cluster.emit('message', workers[0] as never, value, undefined)
    cluster.emit('message', workers[0] as never, 'else', undefined)
    expect(workers.map(({ send }) => send.mock.calls.length)).toEqual([0, 1, 0])
    end()
    expect(cluster.listenerCount('message')).toBe(0)
  })

  it('belongs into a worker', () => {
    if (!cluster.isWorker) expect(() => new ClusterBus()).toThrow('belongs into a worker')
  })
})
