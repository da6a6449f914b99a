import { describe, expect, it } from 'vitest'
import type { ServerOptions } from '../../src/node/server-options.ts'
import { prepare } from '../../src/node/topic-hub.ts'
import { WebSocket } from '../../src/node/websocket.ts'
import { LocalBus } from '../../src/pubsub/bus.ts'
import { clientFrame, RawClient } from '../support/raw-client.ts'
import { serve } from '../support/serve.ts'

const texts = (client: RawClient): string[] =>
  client.frames.filter(({ opcode }) => opcode === 1).map(({ payload }) => payload.toString())

/** A server with one subscriber of `room` that takes nothing, and has more unsent than it may. */
async function stalledSubscriber(options: ServerOptions<undefined>) {
  const { port, opened, server } = await serve({ ...options, highWaterMark: 1 })
  const stalled = await RawClient.open(port)
  stalled.socket.pause()
  const socket = await opened()
  socket.subscribe('room')
  socket.send(new Uint8Array(20_000_000))
  await new Promise(setImmediate)
  return { stalled, socket, server }
}

describe('Topics of a server', () => {
  it('are subscribed to by sockets, told to the handler, and left at the end', async () => {
    const told: unknown[] = []
    const { port, opened, closed, server } = await serve({
      subscription: (_socket, topic, count, before) => void told.push([topic, count, before]),
    })
    const client = await RawClient.open(port)
    const socket = await opened()
    expect([socket.subscribe('a'), socket.subscribe('a'), socket.subscribe('b')]).toEqual([true, false, true])
    expect(socket.topics).toEqual(['a', 'b'])
    expect([socket.isSubscribed('a'), socket.isSubscribed('c'), server.subscribers('a')]).toEqual([true, false, 1])
    expect([socket.unsubscribe('b'), socket.unsubscribe('b')]).toEqual([true, false])
    client.destroy()
    await closed()
    expect(told).toEqual([
      ['a', 1, 0],
      ['b', 1, 0],
      ['b', 0, 1],
      ['a', 0, 1],
    ])
    expect([server.subscribers('a'), socket.subscribe('a')]).toEqual([0, false])
    expect(() => server.publish(5 as never, 'x')).toThrow(TypeError)
  })

  it('reach who is left when one goes, from its own close handler', async () => {
    const served = await serve({
      open: (socket) => void socket.subscribe('room'),
      close: () => void results.push(served.server.publish('room', 'somebody left')),
    })
    const results: unknown[] = []
    const [one, two] = [await RawClient.open(served.port), await RawClient.open(served.port)]
    await served.opened(1)
    one.destroy()
    await two.take(1)
    expect(texts(two)).toEqual(['somebody left'])
    expect(results).toEqual([{ matched: 1, sent: 1, queued: 0, dropped: 0 }])
    two.destroy()
  })

  it('keep the order between what is published and what is sent directly, and Close behind both', async () => {
    const { port, opened, server } = await serve({ open: (socket) => void socket.subscribe('room') })
    const client = await RawClient.open(port)
    const socket = await opened()
    server.publish('room', 'one')
    socket.send('two')
    server.publish('room', 'three')
    socket.send(prepare('four'))
    server.publish('room', 'five')
    socket.unsubscribe('room')
    server.publish('room', 'nobody')
    socket.subscribe('room')
    server.publish('room', 'six')
    socket.close(1000)
    expect(server.publish('room', 'too late')).toMatchObject({ matched: 0 })
    await client.closeCode()
    expect(texts(client)).toEqual(['one', 'two', 'three', 'four', 'five', 'six'])
    client.destroy()
  })

  it('leave the publishing socket out', async () => {
    const { port } = await serve({
      open: (socket) => void socket.subscribe('room'),
      message: (socket, message) => void socket.publish('room', message),
    })
    const [one, two] = [await RawClient.open(port), await RawClient.open(port)]
    one.send(clientFrame(1, 'from one'))
    await two.take(1)
    two.send(clientFrame(1, 'from two'))
    await one.take(1)
    expect([texts(one), texts(two)]).toEqual([['from two'], ['from one']])
    one.destroy()
    two.destroy()
  })

  it('close who does not keep up with 1013, while the others get everything', async () => {
    const { port, opened, closed, server } = await serve({
      open: (socket) => void socket.subscribe('room'),
      highWaterMark: 1000,
      slowBudget: 100_000,
      closeTimeout: 200,
    })
    const quick = await RawClient.open(port)
    const stalled = await RawClient.open(port)
    await opened(1)
    stalled.socket.pause()
    let sent = 0
    let dropped = 0
    let queued = 0
    while (dropped === 0) {
      const result = server.publish('room', 'x'.repeat(50_000))
      expect(result).toMatchObject({ matched: 2 })
      expect(result.sent + result.queued + result.dropped).toBe(2)
      sent++
      dropped = result.dropped
      queued += result.queued
      await quick.until(() => quick.frames.length === sent)
    }
    expect(await closed()).toMatchObject({ code: 1013, clean: false, cause: 'backpressure' })
    expect(queued).toBeGreaterThan(0)
    expect(server.stats()).toMatchObject({ dropped: queued + 1, closed: { backpressure: 1 } })
    expect(quick.frames.length).toBe(sent)
    quick.destroy()
    stalled.destroy()
  })

  it('deflate a message once for all: whatever came before, the same bytes go to each (RFC 7692 7.2.1)', async () => {
    const { port, opened, server } = await serve({
      perMessageDeflate: { threshold: 0 },
      open: (socket) => void socket.subscribe('room'),
    })
    const headers = { 'Sec-WebSocket-Extensions': 'permessage-deflate' }
    const [one, two] = [await RawClient.open(port, { headers }), await RawClient.open(port, { headers })]
    const word = 'the same words again '.repeat(20)
    ;(await opened(0)).send(word)
    ;(await opened(1)).send('something else, of which the next message has nothing')
    server.publish('room', word)
    await Promise.all([one.take(2), two.take(2)])
    server.broadcast(word)
    const [here, there] = [await one.take(3), await two.take(3)]
    expect(here[0]).not.toEqual(there[0])
    expect(here.slice(1)).toEqual(there.slice(1))
    for (const { rsv, payload } of here.slice(1)) {
      expect(rsv).toBe(4)
      expect(payload.length).toBeLessThan(word.length)
    }
    one.destroy()
    two.destroy()
  })

  it('leave every one of them able to read on behind a message that was deflated for all (RFC 7692 7.2.1)', async () => {
    const { port, opened, server } = await serve({
      perMessageDeflate: { threshold: 0 },
      open: (socket) => void socket.subscribe('room'),
    })
    const clients = [1, 2, 3].map(() => new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: true }))
    const got = clients.map((client) => {
      const messages: unknown[] = []
      return new Promise<unknown[]>((resolve) => {
        client.onmessage = ({ data }) => {
          messages.push(data)
          if (messages.length === 4) resolve(messages)
        }
      })
    })
    const sockets = await Promise.all([opened(0), opened(1), opened(2)])
    const word = 'the same words again '.repeat(20)
    for (const socket of sockets) socket.send(word)
    server.publish('room', word)
    server.broadcast(word)
    for (const socket of sockets) socket.send(word)
    for (const messages of got) expect(await messages).toEqual([word, word, word, word])
    for (const client of clients) client.close()
  })
})

describe('A bus between servers', () => {
  it('takes what is published to the topics of all of them, text and binary, and once to each', async () => {
    const bus = new LocalBus()
    const one = await serve({ bus: bus.connect(), open: (socket) => void socket.subscribe('room') })
    const two = await serve({ bus: bus.connect(), open: (socket) => void socket.subscribe('room') })
    const here = await RawClient.open(one.port)
    const there = await RawClient.open(two.port)
    await Promise.all([one.opened(), two.opened()])
    expect(one.server.publish('room', 'text')).toMatchObject({ matched: 1 })
    one.server.publish('room', Uint8Array.of(7))
    one.server.publish('elsewhere', 'x')
    two.server.publish('room', prepare('prepared'))
    for (const client of [here, there]) {
      const frames = await client.take(3)
      expect(frames.map(({ opcode }) => opcode).toSorted()).toEqual([1, 1, 2])
      client.destroy()
    }
    await two.server.shutdown()
    expect(() => one.server.publish('room', 'alone')).not.toThrow()
  })

  it('takes along what the message says of subscribers that do not keep up', async () => {
    const bus = new LocalBus()
    const publisher = await serve({ bus: bus.connect() })
    const { stalled, socket, server } = await stalledSubscriber({ bus: bus.connect(), slowBudget: 1000 })
    for (const word of ['one', 'two', 'three']) publisher.server.publish('room', word, { slowConsumer: 'drop-newest' })
    expect([socket.readyState, server.stats().dropped]).toEqual([1, 2])
    publisher.server.publish('room', 'four')
    expect(socket.readyState).toBe(2)
    stalled.destroy()
  })

  it('lets no mistake of one server reach who publishes on another', async () => {
    const bus = new LocalBus()
    const errors: unknown[] = []
    const mistake = new Error('no policy for that')
    const publisher = await serve({ bus: bus.connect() })
    const { stalled } = await stalledSubscriber({
      bus: bus.connect(),
      slowConsumer: () => {
        throw mistake
      },
      error: (error) => void errors.push(error),
    })
    publisher.server.publish('room', 'one')
    expect(errors).toEqual([mistake])
    bus.connect().publish({ topic: 'room', message: 'two', slowConsumer: 'drop' as never })
    expect(String(errors[1])).toContain('slowConsumer')
    stalled.destroy()
  })

  it('is told nothing when the policy of a message is none', async () => {
    const bus = new LocalBus()
    const told: unknown[] = []
    bus.connect().join((message) => told.push(message))
    const { server } = await serve({ bus: bus.connect() })
    expect(() => server.publish('room', 'x', { slowConsumer: 'drop' as never })).toThrow(
      "slowConsumer of a message must be 'close', 'drop-newest', 'drop-oldest', 'latest'",
    )
    expect(told).toEqual([])
  })

  it('takes what is broadcast to all sockets of all servers, once to each', async () => {
    const bus = new LocalBus()
    const one = await serve({ bus: bus.connect() })
    const two = await serve({ bus: bus.connect() })
    const here = await RawClient.open(one.port)
    const there = await RawClient.open(two.port)
    await Promise.all([one.opened(), two.opened()])
    expect(one.server.broadcast('to all')).toBe(1)
    expect(two.server.broadcast(Uint8Array.of(7))).toBe(1)
    for (const client of [here, there]) {
      const frames = await client.take(2)
      expect(frames.map(({ opcode, payload }) => [opcode, payload.toString('latin1')]).toSorted()).toEqual([
        [1, 'to all'],
        [2, '\x07'],
      ])
      client.destroy()
    }
  })
})
