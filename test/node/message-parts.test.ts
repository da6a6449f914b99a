import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { MessageParts } from '../../src/node/message-parts.ts'
import { WebSocket } from '../../src/node/websocket.ts'
import { clientFrame, RawClient } from '../support/raw-client.ts'
import { serve } from '../support/serve.ts'
import { turns } from '../support/turns.ts'

async function collect(message: MessageParts): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of message) parts.push(part)
  return Buffer.concat(parts)
}

/** A client of a server that reads messages in parts, from 10 bytes on, and notes which it could not read to the end. */
async function openReader() {
  const failures: unknown[] = []
  const served = await serve({
    partsFrom: 10,
    async parts(_socket, message) {
      await collect(message).catch((error: unknown) => failures.push(error))
    },
  })
  return { ...served, failures, client: await RawClient.open(served.port) }
}

describe('A message in parts', () => {
  it('is handed over as it comes, above the size alone, in order with the others', async () => {
    const log: string[] = []
    const { port } = await serve({
      partsFrom: 1000,
      message: (_socket, message) => void log.push(`whole ${message.length}`),
      async parts(socket, message) {
        const bytes = await collect(message)
        log.push(`${message.isText ? 'text' : 'binary'} in parts ${bytes.length}`)
        socket.send('done')
      },
    })
    const client = await RawClient.open(port)
    client.send(
      clientFrame(1, 'x'.repeat(1000)),
      clientFrame(1, 'é'.repeat(50_000)),
      clientFrame(2, new Uint8Array(1001)),
      clientFrame(1, 'end'),
    )
    await client.take(2)
    expect(log.toSorted()).toEqual(['binary in parts 1001', 'text in parts 100000', 'whole 1000', 'whole 3'])
    expect(log[0]).toBe('whole 1000')
    client.destroy()
  })

  it('holds the peer back while nobody reads, without holding much itself (RFC 6455 5.4)', async () => {
    const size = 24 * 1024 * 1024
    let first: (() => void) | undefined
    const started = new Promise<void>((resolve) => (first = resolve))
    let go: (() => void) | undefined
    const wait = new Promise<void>((resolve) => (go = resolve))
    let length = 0
    const { port, opened } = await serve({
      maxPayload: size,
      partsFrom: 65_536,
      async parts(socket, message) {
        first!()
        await wait
        for await (const part of message) length += part.length
        socket.send(`${length}`)
      },
    })
    const client = await RawClient.open(port)
    client.send(clientFrame(2, new Uint8Array(size)))
    await started
    const socket = await opened()
    await new Promise(setImmediate)
    expect(socket.stats().bytesIn).toBeLessThan(size / 2)
    go!()
    const [answer] = await client.take(1)
    expect(answer!.payload.toString()).toBe(`${size}`)
    client.destroy()
  })

  it('is refused with 1007 at the first byte that is no UTF-8, in its midst (RFC 6455 8.1)', async () => {
    const { client, closed, failures } = await openReader()
    client.send(
      clientFrame(1, 'good so far', { fin: false }),
      clientFrame(0, Buffer.from([0x41, 0xff]), { fin: false }),
    )
    expect(await client.closeCode()).toBe(1007)
    client.socket.end()
    expect(await closed()).toMatchObject({ code: 1007, cause: 'protocol' })
    await turns()
    expect(failures).toEqual([expect.any(Error)])
    client.destroy()
  })

  it('is an error to its reader when the connection ends before it, however well', async () => {
    const { client, closed, failures } = await openReader()
    client.send(clientFrame(1, 'this is not all', { fin: false }), clientFrame(8, Buffer.from([3, 232])))
    await client.ended()
    client.destroy()
    expect(await closed()).toMatchObject({ code: 1000, clean: true })
    await turns()
    expect(failures).toEqual([new Error('the connection ended with 1000 (peer)')])
  })

  it('is not continued by the next one when the socket was closed at its beginning', async () => {
    const ends: Promise<Buffer | Error>[] = []
    const { port, closed } = await serve({
      partsFrom: 2,
      parts(socket, message) {
        ends.push(collect(message).catch((error: unknown) => error as Error))
        socket.close(1000)
      },
    })
    const client = await RawClient.open(port)
    client.send(clientFrame(2, 'abc', { fin: false }), clientFrame(0, 'def'))
    expect(await client.closeCode()).toBe(1000)
    client.send(clientFrame(2, 'ghijkl'), clientFrame(8, Buffer.from([3, 232])))
    await closed()
    expect(await Promise.all(ends)).toEqual([
      new Error('the socket was closed before all of the message had come'),
      Buffer.from('ghijkl'),
    ])
    client.destroy()
  })

  it('passes unseen when its reader leaves early, and what follows arrives', async () => {
    const { port } = await serve({
      partsFrom: 10,
      message: (socket, message) => void socket.send(message),
      async parts(_socket, message) {
        for await (const part of message) {
          void part
          break
        }
      },
    })
    const client = await RawClient.open(port)
    client.send(clientFrame(2, new Uint8Array(500_000)), clientFrame(1, 'next'))
    const [frame] = await client.take(1)
    expect(frame!.payload.toString()).toBe('next')
    client.destroy()
  })

  const bad = new Error('bad')
  it.each<[string, (message: MessageParts) => unknown]>([
    [
      'throws',
      () => {
        throw bad
      },
    ],
    ['rejects', () => Promise.reject(bad)],
    [
      'rejects in the midst of it',
      async (message) => {
        await message[Symbol.asyncIterator]().next()
        throw bad
      },
    ],
    ['returns', () => {}],
    ['resolves', () => turns()],
  ])('does not hold the peer back for a handler that %s and leaves it unread', async (name, parts) => {
    const errors: unknown[] = []
    const { port } = await serve({
      partsFrom: 10,
      message: (socket, message) => void socket.send(message),
      parts: (_socket, message) => parts(message),
      error: (error) => void errors.push(error),
    })
    const client = await RawClient.open(port)
    for (const [index, next] of ['one', 'two'].entries()) {
      client.send(clientFrame(2, new Uint8Array(500_000)), clientFrame(1, next))
      const frames = await client.take(index + 1)
      expect(frames[index]!.payload.toString()).toBe(next)
    }
    expect(errors).toEqual(/throws|rejects/.test(name) ? [bad, bad] : [])
    client.destroy()
  })

  it('that was discarded is an error to whoever comes to read it yet, not an empty message', async () => {
    const messages: MessageParts[] = []
    const { port } = await serve({
      partsFrom: 10,
      message: (socket, message) => void socket.send(message),
      parts: (_socket, message) => void messages.push(message),
    })
    const client = await RawClient.open(port)
    client.send(clientFrame(2, new Uint8Array(20)), clientFrame(1, 'next'))
    await client.take(1)
    await expect(collect(messages[0]!)).rejects.toThrow('before anybody read the message')
    client.destroy()
  })

  it.each([
    ['plain', false],
    ['deflated', true],
  ])('goes through permessage-deflate both ways (RFC 7692 6): %s', async (_name, perMessageDeflate) => {
    const half = randomBytes(300_000)
    const payload = Buffer.concat([half, Buffer.alloc(700_000, 'barewire '), half])
    const { port } = await serve({
      perMessageDeflate,
      partsFrom: 65_536,
      async parts(socket, message) {
        const writer = socket.startMessage()
        for await (const part of message) await writer.write(part)
        await writer.end()
      },
    })
    const client = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate })
    client.binaryType = 'arraybuffer'
    const answer = await new Promise<Buffer>((resolve, reject) => {
      client.onerror = reject
      client.onopen = () => client.send(payload)
      client.onmessage = ({ data }) => resolve(Buffer.from(data as ArrayBuffer))
    })
    expect(answer.equals(payload)).toBe(true)
    client.close()
  })
})

describe('A message written in fragments', () => {
  it('is one message, with the others behind it and pings between its frames (RFC 6455 5.4)', async () => {
    const { port, opened } = await serve()
    const client = await RawClient.open(port)
    const socket = await opened()
    const writer = socket.startMessage({ text: true })
    expect(await writer.write('Hé')).toBe(true)
    socket.send('whole')
    socket.ping('p')
    await writer.write('llo')
    await writer.end()
    const frames = await client.take(5)
    expect(frames.map(({ opcode, fin, payload }) => `${opcode}${fin ? '.' : '-'}${payload.toString()}`)).toEqual([
      '1-Hé',
      '9.p',
      '0-llo',
      '0.',
      '1.whole',
    ])
    expect(() => writer.end()).toThrow('ended already')
    expect(socket.stats().messagesOut).toBe(2)
    client.destroy()
  })

  it('may be text that is cut inside a surrogate pair (RFC 3629 3)', async () => {
    const { port, opened } = await serve()
    const client = await RawClient.open(port)
    const socket = await opened()
    const write = (...parts: (string | Uint8Array)[]): void => {
      const writer = socket.startMessage({ text: true })
      for (const part of parts) void writer.write(part)
      void writer.end()
    }
    write('a\ud83d', '\ude00b', '\ud83d', '', '\ude00')
    write('a\ud83d', 'b')
    write('\ud83d', Buffer.from('b'))
    write('a\ud83d')
    const messages: string[] = ['']
    for (const { fin, payload } of await client.take(15)) {
      messages.push(messages.pop() + payload.toString('hex'))
      if (fin) messages.push('')
    }
    const hexOf = (text: string): string => Buffer.from(text).toString('hex')
    expect(messages.slice(0, 4)).toEqual(['a\u{1f600}b\u{1f600}', 'a\ufffdb', '\ufffdb', 'a\ufffd'].map(hexOf))
    client.destroy()
  })

  it('comes behind what was published earlier in the turn, as any message that is sent', async () => {
    const { port, opened, server } = await serve()
    const client = await RawClient.open(port)
    const socket = await opened()
    socket.subscribe('room')
    const writer = socket.startMessage({ text: true })
    server.publish('room', 'first')
    void writer.write('sec')
    server.publish('room', 'third')
    void writer.end('ond')
    const frames = await client.take(4)
    expect(frames.map(({ payload }) => payload.toString())).toEqual(['first', 'sec', 'ond', 'third'])
    client.destroy()
  })

  it('waits for a peer that does not read, and tells when it has gone', async () => {
    const { port, opened, closed } = await serve({ highWaterMark: 1000 })
    const client = await RawClient.open(port)
    client.socket.pause()
    const socket = await opened()
    const writer = socket.startMessage()
    let waits: Promise<boolean> | undefined
    for (let i = 0; i < 64 && socket.bufferedAmount <= 100_000; i++) waits = writer.write(new Uint8Array(1 << 20))
    client.destroy()
    expect(await waits).toBe(false)
    await closed()
    expect(await writer.end()).toBe(false)
  })
})

describe('A second message written in fragments', () => {
  it('is not begun before the first has ended: their fragments would become one message (RFC 6455 5.4)', async () => {
    const { port, opened } = await serve()
    const client = await RawClient.open(port)
    const socket = await opened()
    const first = socket.startMessage({ text: true })
    expect(() => socket.startMessage()).toThrow('another message is being written in fragments')
    await first.write('A')
    expect(() => socket.startMessage()).toThrow('another message is being written in fragments')
    await first.end('a')
    await socket.startMessage({ text: true }).end('B')
    const frames = await client.take(3)
    expect(frames.map(({ opcode, payload }) => `${opcode} ${payload.toString()}`)).toEqual(['1 A', '0 a', '1 B'])
    client.destroy()
  })

  it('is not begun by a client either', async () => {
    const { port } = await serve()
    const socket = await WebSocket.connect(`ws://127.0.0.1:${port}`)
    const first = socket.startMessage()
    expect(() => socket.startMessage()).toThrow('another message is being written in fragments')
    await first.end()
    expect(await socket.startMessage().end()).toBe(true)
    socket.close()
  })
})

/** Above where Node's own streams ask to wait, which is not the same on every Node. */
const MARK = 70_000

describe('What waits behind a message that is open', () => {
  const HELD = { highWaterMark: 20_000, maxBufferedAmount: 105_000 }

  it('is unsent as anything else: beyond maxBufferedAmount the socket is closed with 1013', async () => {
    const { port, opened, closed } = await serve(HELD)
    const client = await RawClient.open(port)
    const socket = await opened()
    await socket.startMessage().write('begun')
    let sent = 0
    for (; socket.readyState === 1 && sent < 100; sent++) socket.send(new Uint8Array(10_000))
    expect(sent).toBe(12)
    expect(await client.closeCode()).toBe(1013)
    client.destroy()
    expect(await closed()).toMatchObject({ code: 1013, cause: 'backpressure' })
  })

  it('counts as well while the open message goes on, which does not wait for it', async () => {
    const { port, opened } = await serve(HELD)
    const client = await RawClient.open(port)
    const socket = await opened()
    const writer = socket.startMessage()
    let written = 0
    while (written < 100 && (await writer.write('part'))) {
      socket.send(new Uint8Array(10_000))
      written++
    }
    expect(written).toBe(12)
    expect(await client.closeCode()).toBe(1013)
    client.destroy()
  })

  it('counts for the server in all: beyond maxBufferedTotal the socket is dropped', async () => {
    const { port, opened, closed } = await serve({ highWaterMark: MARK, maxBufferedTotal: 155_000 })
    const client = await RawClient.open(port)
    const socket = await opened()
    await socket.startMessage().write('begun')
    let sent = 0
    for (; socket.readyState === 1 && sent < 100; sent++) socket.send(new Uint8Array(10_000))
    expect(sent).toBe(16)
    expect(await closed()).toMatchObject({ code: 1006, cause: 'backpressure' })
    client.destroy()
  })

  it('makes publications wait from the mark on, and they arrive behind the rest in order', async () => {
    const { port, opened, server } = await serve({ highWaterMark: MARK, slowBudget: 1000 })
    const client = await RawClient.open(port)
    const socket = await opened()
    socket.subscribe('room')
    const writer = socket.startMessage({ text: true })
    await writer.write('be')
    expect(server.publish('room', 'a'.repeat(MARK + 10_000))).toMatchObject({ sent: 1, queued: 0 })
    await turns()
    expect(server.publish('room', 'b')).toMatchObject({ sent: 0, queued: 1 })
    expect(server.publish('room', 'c'.repeat(1000), { slowConsumer: 'drop-newest' })).toMatchObject({ dropped: 1 })
    await writer.end('gun')
    const frames = await client.take(4)
    expect(frames.map(({ payload }) => payload.toString())).toEqual(['be', 'gun', 'a'.repeat(MARK + 10_000), 'b'])
    await turns()
    expect(server.publish('room', 'd')).toMatchObject({ sent: 1, queued: 0 })
    client.destroy()
  })

  it('lets a message that comes in parts go on, and its echo, and leaves in time for a drain', async () => {
    let drained: (() => void) | undefined
    const drain = new Promise<void>((resolve) => (drained = resolve))
    const { port, opened } = await serve({
      highWaterMark: MARK,
      partsFrom: 1000,
      async parts(socket, message) {
        const writer = socket.startMessage()
        for await (const part of message) await writer.write(part)
        await writer.end()
      },
      drain: () => drained!(),
    })
    const client = await RawClient.open(port)
    const socket = await opened()
    client.send(clientFrame(2, new Uint8Array(5000), { fin: false }))
    await client.take(1)
    expect(socket.send(new Uint8Array(MARK + 10_000))).toBe(false)
    client.send(clientFrame(0, new Uint8Array(200_000)))
    await drain
    expect(socket.bufferedAmount).toBe(0)
    client.destroy()
  })

  it('is lost when the socket is closed before that message has ended, and is told so', async () => {
    const { port, opened, closed } = await serve()
    const client = await RawClient.open(port)
    const socket = await opened()
    const before = socket.sendAsync('before')
    const writer = socket.startMessage()
    await writer.write('begun')
    const behind = socket.sendAsync('behind')
    socket.close(1000)
    expect(await client.closeCode()).toBe(1000)
    client.send(clientFrame(8, Buffer.from([3, 232])))
    await closed()
    expect(await Promise.all([before, behind, writer.end()])).toEqual([true, false, false])
    expect(socket.bufferedAmount).toBe(6)
    client.destroy()
  })
})
