import { once } from 'node:events'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Socket } from '../../src/node/socket.ts'
import { WebSocket } from '../../src/node/websocket.ts'
import { accepted, RawServer } from '../client/raw-server.ts'
import { stopClock } from '../support/clock.ts'
import { clientFrame, RawClient } from '../support/raw-client.ts'
import { serve } from '../support/serve.ts'
import { turns, turnsUntil } from '../support/turns.ts'

const CLOSE = clientFrame(8, Buffer.from([3, 232]))
const CLEAN = { code: 1000, clean: true, cause: 'peer' }
const LOST = { code: 1006, clean: false, cause: 'transport' }

stopClock()

/** Work that lasts until it is told to be done, and notes on what it was begun. */
class Work {
  readonly begun: string[] = []
  readonly #done: (() => void)[] = []

  on(message: string): Promise<void> {
    this.begun.push(message)
    return new Promise((resolve) => this.#done.push(resolve))
  }

  finish(): void {
    this.#done.shift()!()
  }
}

type Reader = (socket: Socket, work: Work) => Promise<void>

const readers: Record<string, Reader> = {
  'a loop over the messages': async (socket, work) => {
    for await (const message of socket) {
      await work.on(message as string)
      socket.send(`answer to ${message as string}`)
    }
  },
  'a loop over the stream': async (socket, work) => {
    for await (const message of socket.stream().readable) {
      await work.on(message as string)
      socket.send(`answer to ${message as string}`)
    }
  },
}

/** A server whose reader works on each message until it is told to have done. */
function serveReader(name: string, work: Work) {
  const read = readers[name]
  if (read !== undefined) return serve({ closeTimeout: 1000, open: (socket) => read(socket, work).catch(() => {}) })
  return serve({
    closeTimeout: 1000,
    partsFrom: 1,
    async parts(socket, message) {
      let text = ''
      for await (const part of message) text += Buffer.from(part).toString()
      await work.on(text)
      socket.send(`answer to ${text}`)
    },
  })
}

function texts(client: RawClient): string[] {
  return client.frames.filter(({ opcode }) => opcode === 1).map(({ payload }) => payload.toString())
}

const NAMES = [...Object.keys(readers), 'a parts handler']

describe.each(NAMES)('What %s sends in answer to the last message', (name) => {
  it('reaches a peer that sent its Close frame behind it, before the Close frame of the server (RFC 6455 5.5.1)', async () => {
    const work = new Work()
    const { port, closed, sockets } = await serveReader(name, work)
    const client = await RawClient.open(port)
    client.send(Buffer.concat([clientFrame(1, 'last'), CLOSE]))
    await turnsUntil(() => work.begun.length === 1)
    await turns(20)
    expect([sockets[0]!.readyState, client.frames]).toEqual([1, []])
    work.finish()
    await client.ended()
    expect(client.frames.map(({ opcode }) => opcode)).toEqual([1, 8])
    expect(texts(client)).toEqual(['answer to last'])
    expect(await closed()).toMatchObject(CLEAN)
  })

  it('reaches a peer that ended its side of TCP behind it (RFC 9293 3.6)', async () => {
    const work = new Work()
    const { port, closed } = await serveReader(name, work)
    const client = await RawClient.open(port)
    client.socket.allowHalfOpen = true
    client.send(clientFrame(1, 'last'))
    client.socket.end()
    await turnsUntil(() => work.begun.length === 1)
    await turns(20)
    work.finish()
    await client.ended()
    expect(texts(client)).toEqual(['answer to last'])
    expect(await closed()).toMatchObject(LOST)
  })

  it('reaches it behind the answers to those before', async () => {
    const work = new Work()
    const { port, closed } = await serveReader(name, work)
    const client = await RawClient.open(port)
    client.send(Buffer.concat([clientFrame(1, 'one'), clientFrame(1, 'two'), clientFrame(1, 'three'), CLOSE]))
    for (let count = 1; count <= 3; count++) {
      await turnsUntil(() => work.begun.length >= count)
      await turns()
      work.finish()
    }
    await client.ended()
    expect(texts(client)).toEqual(['answer to one', 'answer to two', 'answer to three'])
    expect(await closed()).toMatchObject(CLEAN)
  })

  it.each([
    ['Close frame', CLEAN],
    ['end of TCP', LOST],
  ])('comes too late when closeTimeout is over: the %s waits no longer', async (end, outcome) => {
    const work = new Work()
    const { port, closed, sockets, outcomes } = await serveReader(name, work)
    const client = await RawClient.open(port)
    client.socket.allowHalfOpen = true
    client.send(Buffer.concat([clientFrame(1, 'last'), ...(end === 'Close frame' ? [CLOSE] : [])]))
    if (end === 'end of TCP') client.socket.end()
    await turnsUntil(() => work.begun.length === 1)
    await turns(20)
    vi.advanceTimersByTime(800)
    await turns()
    expect(outcomes).toEqual([])
    vi.advanceTimersByTime(600)
    await client.ended()
    client.destroy()
    expect(await closed()).toMatchObject(outcome)
    expect(sockets[0]!.send('too late')).toBe(false)
    work.finish()
  })

  it('comes too late also when there were others before it that were answered in time', async () => {
    const work = new Work()
    const { port, closed, outcomes } = await serveReader(name, work)
    const client = await RawClient.open(port)
    client.send(Buffer.concat([clientFrame(1, 'one'), clientFrame(1, 'two'), CLOSE]))
    await turnsUntil(() => work.begun.length >= 1)
    await turns(20)
    work.finish()
    await turnsUntil(() => work.begun.length === 2)
    await turns(20)
    expect(outcomes).toEqual([])
    vi.advanceTimersByTime(1400)
    await client.ended()
    expect(await closed()).toMatchObject(CLEAN)
    work.finish()
  })

  it('is not waited for once the server has closed: the end is clean at once', async () => {
    const work = new Work()
    const { port, closed, sockets } = await serveReader(name, work)
    const client = await RawClient.open(port)
    client.send(Buffer.concat([clientFrame(1, 'last'), CLOSE]))
    await turnsUntil(() => work.begun.length === 1)
    await turns()
    sockets[0]!.close(1000)
    expect(await closed()).toMatchObject({ code: 1000, clean: true })
    await client.ended()
    work.finish()
  })
})

describe('A reader that has left', () => {
  it('has nothing more to answer: the Close frame behind the last message is heard', async () => {
    const { port, closed } = await serve({
      async open(socket) {
        for await (const message of socket) {
          socket.send(message)
          break
        }
      },
    })
    const client = await RawClient.open(port)
    client.send(Buffer.concat([clientFrame(1, 'last'), CLOSE]))
    await client.ended()
    expect(client.frames.map(({ opcode }) => opcode)).toEqual([1, 8])
    expect(await closed()).toMatchObject({ code: 1000, clean: true })
  })
})

describe('A parts handler', () => {
  it('that waits for the next message itself does not keep the Close frame from being heard', async () => {
    const ends: unknown[] = []
    const { port, closed } = await serve({
      partsFrom: 1,
      async parts(socket, message) {
        const messages = socket[Symbol.asyncIterator]()
        for await (const part of message) void part
        ends.push(await messages.next())
      },
    })
    const client = await RawClient.open(port)
    client.send(Buffer.concat([clientFrame(1, 'in parts'), CLOSE]))
    await client.ended()
    expect(await closed()).toMatchObject(CLEAN)
    expect(ends).toEqual([{ done: true, value: undefined }])
  })

  it('is one of several: the last of them is waited for, and no message behind it waits', async () => {
    const work = new Work()
    const { port, closed } = await serveReader('a parts handler', work)
    const client = await RawClient.open(port)
    client.send(Buffer.concat([clientFrame(1, 'one'), clientFrame(1, 'two'), CLOSE]))
    await turnsUntil(() => work.begun.length === 2)
    work.finish()
    await client.take(1)
    await turns(20)
    expect(client.frames.length).toBe(1)
    work.finish()
    await client.ended()
    expect(texts(client)).toEqual(['answer to one', 'answer to two'])
    expect(await closed()).toMatchObject(CLEAN)
  })
})

describe('What a client that reads the messages one by one sends in answer to the last', () => {
  it.each(['Close frame', 'end of TCP'])('reaches a server whose %s is behind it', async (end) => {
    const server = new RawServer()
    await server.listen()
    onTestFinished(() => server.close())
    server.answer = ({ key, socket }) => {
      socket.allowHalfOpen = true
      const close = end === 'Close frame' ? [0x88, 2, 3, 232] : []
      socket.write(accepted(key))
      socket.write(Buffer.from([0x81, 4, ...Buffer.from('last'), ...close]))
      if (end === 'end of TCP') socket.end()
    }
    const client = await WebSocket.connect(server.url)
    const work = new Work()
    const read = async (): Promise<void> => {
      for await (const message of client) {
        await work.on(message as string)
        client.send(`answer to ${message as string}`)
      }
    }
    const reading = read().catch(() => {})
    await turnsUntil(() => work.begun.length === 1)
    await turns(20)
    expect(client.readyState).toBe(WebSocket.OPEN)
    const closed = once(client, 'close')
    work.finish()
    const length = 6 + 'answer to last'.length
    await turnsUntil(() => Buffer.concat(server.received).length >= length)
    const [first, second] = Buffer.concat(server.received)
    expect([first, second! & 0x7f]).toEqual([0x81, 'answer to last'.length])
    await server.close()
    await Promise.all([closed, reading])
  })
})
