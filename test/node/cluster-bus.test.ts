import { spawn } from 'node:child_process'
import cluster from 'node:cluster'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
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

/** Make this process look like a primary whose workers, with the ids from 1 on, keep what they are sent; number 3 is gone. */
function asPrimary() {
  vi.spyOn(cluster, 'isPrimary', 'get').mockReturnValue(true)
  const workers = [1, 2, 3].map((id) => ({
    id,
    isConnected: () => id !== 3,
    send: vi.fn<(value: unknown, done: () => void) => boolean>(),
  }))
  const was = cluster.workers
  Object.assign(cluster, { workers })
  onTestFinished(() => void Object.assign(cluster, { workers: was }))
  return { workers, publish: (value: unknown) => cluster.emit('message', workers[0] as never, value, undefined) }
}

describe('A bus over the channels of a cluster', () => {
  it('carries text, bytes and keys as they were', () => {
    const sent = asWorker()
    const bus = new ClusterBus()
    const messages: BusMessage[] = [
      { topic: 'a', message: 'text' },
      { topic: 'b', message: Uint8Array.of(0, 255), key: 'k', slowConsumer: 'latest' },
      { message: 'to everybody' },
    ]
    for (const message of messages) bus.publish(message)
    const got: BusMessage[] = []
    const leave = bus.join((message) => got.push(message))
    const listener = process.listeners('message').at(-1) as (value: unknown) => void
    for (const { value } of sent) listener(value)
    listener({ some: 'other message' })
    listener(null)
    expect(got).toEqual([
      messages[0],
      { topic: 'b', message: Buffer.from([0, 255]), key: 'k', slowConsumer: 'latest' },
      messages[2],
    ])
    leave()
    expect(process.listeners('message')).not.toContain(listener)
  })

  it('drops what its channel does not take, and counts it', () => {
    const sent = asWorker()
    const bus = new ClusterBus({ budget: 1000 })
    bus.publish({ topic: 't', message: 'x'.repeat(700) })
    bus.publish({ topic: 't', message: '' })
    expect([sent.length, bus.dropped]).toEqual([1, 1])
    sent[0]!.done()
    bus.publish({ topic: 't', message: 'x'.repeat(700) })
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
    const { workers, publish } = asPrimary()
    const end = relayClusterBus()
    const value = { barewireBus: 'topics', topic: 't', text: 'x' }
    publish(value)
    publish('else')
    expect(workers.map(({ send }) => send.mock.calls.length)).toEqual([0, 1, 0])
    end()
    expect(cluster.listenerCount('message')).toBe(0)
  })

  it('is not relayed to a worker whose channel takes no more, which is counted', () => {
    const { workers, publish } = asPrimary()
    const end = relayClusterBus({ budget: 1000 })
    const { send } = workers[1]!
    const value = { barewireBus: 'topics', topic: 't', text: 'x'.repeat(700) }
    publish(value)
    publish({ barewireBus: 'topics', text: '' })
    expect([send.mock.calls.length, end.dropped]).toEqual([1, 1])
    send.mock.calls[0]![1]()
    publish(value)
    expect([send.mock.calls.length, end.dropped]).toEqual([2, 1])
    end()
    expect(() => relayClusterBus({ budget: -1 })).toThrow('budget')
  })

  it('outlives a worker that was killed, of which the primary does not know yet', async () => {
    const program = fileURLToPath(new URL('cluster-primary.ts', import.meta.url))
    const child = spawn(process.execPath, ['--import', 'tsx', program], { stdio: ['ignore', 'pipe', 'pipe'] })
    onTestFinished(() => void child.kill('SIGKILL'))
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += String(chunk)))
    const [code] = (await once(child, 'close')) as [number | null]
    expect([output, code]).toEqual(['read one\nread two\nthe primary lives\n', 0])
  })

  it('belongs into a worker', () => {
    if (!cluster.isWorker) expect(() => new ClusterBus()).toThrow('belongs into a worker')
  })
})
