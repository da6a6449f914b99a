import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import type { CloseCause, CloseOutcome } from '../../src/protocol/close-outcome.ts'
import type { ServerOptions } from '../../src/node/server-options.ts'
import type { Socket } from '../../src/node/socket.ts'
import { clientFrame, RawClient } from '../support/raw-client.ts'
import { serve } from '../support/serve.ts'

/** A promise that the test settles. */
function deferred<T = void>() {
  let resolve!: (value: T) => void
  let reject!: (error: Error) => void
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

/** A promise that is no instance of the Promise of this realm. */
const foreignPromise = runInNewContext('(executor) => new Promise(executor)') as (
  executor: (resolve: () => void, reject: (error: Error) => void) => void,
) => Promise<void>

describe('Messages', () => {
  it('that come before the promise of open is settled wait for it, also those that came with the handshake', async () => {
    const { promise, resolve } = deferred()
    const seen: unknown[] = []
    const { port, opened } = await serve({
      open: () => promise,
      message(socket, message) {
        seen.push(message)
        socket.send('got it')
      },
    })
    const client = await RawClient.open(port, { early: clientFrame(1, 'early') })
    client.send(clientFrame(9, 'alive'), clientFrame(1, 'second'))
    await opened()
    expect(seen).toEqual([])
    resolve()
    await client.until(() => client.frames.filter(({ opcode }) => opcode === 1).length === 2)
    expect(seen).toEqual(['early', 'second'])
    client.destroy()
  })

  it('are read by an open handler that iterates over them, at once or later', async () => {
    for (const wait of [false, true]) {
      const read: unknown[] = []
      const done = deferred()
      const { port } = await serve({
        async open(socket) {
          if (wait) await new Promise(setImmediate)
          for await (const message of socket) read.push(message)
          done.resolve()
        },
      })
      const client = await RawClient.open(port, { early: clientFrame(1, 'one') })
      client.send(clientFrame(1, 'two'), clientFrame(8, Buffer.from([3, 232])))
      await done.promise
      expect(read).toEqual(['one', 'two'])
      client.destroy()
    }
  })

  it('come one after the other when that is asked for, and a ping before the next is answered meanwhile', async () => {
    const log: string[] = []
    const turns = [deferred(), deferred()]
    const { port } = await serve({
      sequential: true,
      async message(socket, message) {
        log.push(`begin ${message as string}`)
        await turns[log.length === 1 ? 0 : 1]!.promise
        log.push(`end ${message as string}`)
        socket.send(message)
      },
    })
    const client = await RawClient.open(port)
    client.send(clientFrame(1, 'a'), clientFrame(9, 'busy?'), clientFrame(1, 'b'))
    const [pong] = await client.take(1)
    expect([pong!.opcode, pong!.payload.toString(), log]).toEqual([10, 'busy?', ['begin a']])
    turns[0]!.resolve()
    await client.take(2)
    turns[1]!.resolve()
    await client.take(3)
    expect(log).toEqual(['begin a', 'end a', 'begin b', 'end b'])
    client.destroy()
  })

  it.each([
    ['that settles when it has more to do', 'later'],
    ['that has settled with the message', 'at once'],
  ])('wait for the parts handler of the message before them, one %s', async (_what, when) => {
    const log: string[] = []
    const { promise, resolve } = deferred()
    const { port } = await serve({
      sequential: true,
      partsFrom: 3,
      async parts(socket, message) {
        let length = 0
        for await (const part of message) length += part.length
        log.push(`read ${length}`)
        socket.send('read')
        if (when === 'later') await promise
        log.push('done')
      },
      message(socket, message) {
        log.push(message as string)
        socket.send(message)
      },
    })
    const client = await RawClient.open(port)
    client.send(clientFrame(1, 'large'), clientFrame(9), clientFrame(1, 'b'))
    await client.take(2)
    if (when === 'later') expect(log).toEqual(['read 5'])
    resolve()
    await client.take(3)
    expect(log).toEqual(['read 5', 'done', 'b'])
    client.destroy()
  })

  it.each(['message', 'parts'])('do not wait for a %s handler that reads those that follow itself', async (name) => {
    const read = async (socket: Socket): Promise<void> => {
      for await (const message of socket) socket.send(message)
    }
    const { port } = await serve({
      sequential: true,
      partsFrom: 3,
      message: (socket) => read(socket),
      async parts(socket, message) {
        const messages = socket[Symbol.asyncIterator]()
        for await (const part of message) void part
        socket.send((await messages.next()).value!)
      },
    })
    const client = await RawClient.open(port)
    client.send(clientFrame(1, name === 'parts' ? 'large' : 'a'), clientFrame(1, 'b'))
    expect((await client.take(1))[0]!.payload.toString()).toBe('b')
    client.destroy()
  })

  it('come one after the other also where the promise is of another realm', async () => {
    const log: string[] = []
    const settle: (() => void)[] = []
    const { port } = await serve({
      sequential: true,
      message(socket, message) {
        log.push(message as string)
        socket.send(message)
        return foreignPromise((resolve) => void settle.push(resolve))
      },
    })
    const client = await RawClient.open(port)
    client.send(clientFrame(1, 'a'), clientFrame(1, 'b'))
    await client.take(1)
    expect(log).toEqual(['a'])
    settle[0]!()
    await client.take(2)
    expect(log).toEqual(['a', 'b'])
    client.destroy()
  })

  it('come without waiting for a promise when it is not asked for', async () => {
    const log: string[] = []
    const { promise, resolve } = deferred()
    const { port } = await serve({
      async message(socket, message) {
        log.push(message as string)
        if (log.length === 2) resolve()
        await promise
        socket.send('done')
      },
    })
    const client = await RawClient.open(port)
    client.send(clientFrame(1, 'a'), clientFrame(1, 'b'))
    await client.take(2)
    expect(log).toEqual(['a', 'b'])
    client.destroy()
  })

  it('go on behind a handler that has rejected', async () => {
    const errors: unknown[] = []
    const { port } = await serve({
      sequential: true,
      async message(socket, message) {
        if (message === 'bad') throw new Error('bad')
        socket.send(message)
      },
      error: (error, socket) => errors.push(error, socket),
    })
    const client = await RawClient.open(port)
    client.send(clientFrame(1, 'bad'), clientFrame(1, 'good'))
    const [frame] = await client.take(1)
    expect(frame!.payload.toString()).toBe('good')
    expect(errors).toEqual([expect.objectContaining({ message: 'bad' }), expect.anything()])
    client.destroy()
  })
})

describe('A mistake of the application', () => {
  const bad = new Error('bad')
  it.each<[string, ServerOptions<undefined>]>([
    [
      'open',
      {
        open() {
          throw bad
        },
      },
    ],
    ['open, later', { open: () => Promise.reject(bad) }],
    [
      'message',
      {
        message() {
          throw bad
        },
      },
    ],
    ['message, later', { message: () => Promise.reject(bad) }],
    ['message, later, in another realm', { message: () => foreignPromise((_, reject) => reject(bad)) }],
    [
      'ping',
      {
        ping() {
          throw bad
        },
      },
    ],
  ])('in %s closes that socket with 1011, and no other', async (_name, options) => {
    const { port, closed, server } = await serve(options)
    const client = await RawClient.open(port)
    client.send(clientFrame(9, 'x'), clientFrame(1, 'x'))
    expect(await client.closeCode()).toBe(1011)
    client.socket.end()
    expect(await closed()).toMatchObject({ code: 1011, clean: false, cause: 'local', error: bad })
    expect(server.stats().closed.local).toBe(1)
    client.destroy()
  })

  it('is told to the error handler instead, and the socket lives on', async () => {
    const errors: unknown[] = []
    const { port } = await serve({
      message() {
        throw bad
      },
      pong: (socket) => void socket.send('alive'),
      error: (error) => void errors.push(error),
    })
    const client = await RawClient.open(port)
    client.send(clientFrame(1, 'x'), clientFrame(10))
    await client.take(1)
    expect(errors).toEqual([bad])
    client.destroy()
  })

  it('in the error handler itself closes the socket', async () => {
    const { port } = await serve({
      message() {
        throw bad
      },
      error() {
        throw new Error('worse')
      },
    })
    const client = await RawClient.open(port)
    client.send(clientFrame(1, 'x'))
    expect(await client.closeCode()).toBe(1011)
    client.destroy()
  })
})

describe('Every connection ends with exactly one close (RFC 6455 7.1.5)', () => {
  type Case = [CloseCause, ServerOptions<undefined>, (client: RawClient, socket: Socket) => unknown, object]
  const answer = (client: RawClient): unknown => client.send(clientFrame(8, Buffer.from([3, 232])))
  const cases: Case[] = [
    ['peer', {}, answer, { code: 1000, clean: true }],
    [
      'local',
      {},
      async (client, socket) => {
        socket.close(4000)
        await client.closeCode()
        answer(client)
      },
      { code: 1000, clean: true },
    ],
    [
      'protocol',
      {},
      (client) => client.send(Uint8Array.of(0x81, 0x01, 0x41)).socket.end(),
      { code: 1002, clean: false },
    ],
    ['timeout', { closeTimeout: 100 }, (_client, socket) => socket.close(), { code: 1006, clean: false }],
    ['timeout', { idleTimeout: 100, closeTimeout: 100 }, () => {}, { code: 1006, clean: false }],
    [
      'timeout',
      { heartbeatInterval: 100, heartbeatTimeout: 100, autoPong: false },
      () => {},
      { code: 1006, clean: false },
    ],
    [
      'lifetime',
      { maxLifetime: 100 },
      async (client) => {
        expect(await client.closeCode()).toBe(1001)
        answer(client)
      },
      { code: 1000, clean: true },
    ],
    [
      'backpressure',
      { maxBufferedAmount: 100_000, highWaterMark: 1000, closeTimeout: 100 },
      (client, socket) => {
        client.socket.pause()
        while (socket.readyState === 1) socket.send(new Uint8Array(1 << 20))
      },
      { code: 1013, clean: false },
    ],
    ['transport', {}, (client) => client.reset(), { code: 1006, clean: false }],
  ]
  it.each(cases)('with the cause %s', async (cause, options, end, outcome) => {
    const outcomes: CloseOutcome[] = []
    const { port, opened, closed, server } = await serve({
      ...options,
      close: (_socket, one) => void outcomes.push(one),
    })
    const client = await RawClient.open(port)
    await end(client, await opened())
    expect(await closed()).toMatchObject({ cause, ...outcome })
    client.destroy()
    await client.closed()
    await new Promise(setImmediate)
    expect(outcomes.length).toBe(1)
    expect(server.clients.size).toBe(0)
  })
})
