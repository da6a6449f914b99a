import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { PassThrough, type Duplex } from 'node:stream'
import { describe, expect, it, onTestFinished } from 'vitest'
import { connectLending, restReads, takeReads } from '../../src/node/tcp-reads.ts'
import { WebSocket } from '../../src/node/websocket.ts'
import { serve } from '../support/serve.ts'
import { turnsUntil } from '../support/turns.ts'

interface Ends {
  readonly near: Socket
  readonly far: Socket
}

/** A client's socket and the server's end of its connection. */
async function connected(): Promise<Ends> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const near = connectLending({ port, host: '127.0.0.1' })
  const [[far]] = (await Promise.all([once(server, 'connection'), once(near, 'connect')])) as [[Socket], unknown]
  onTestFinished(() => {
    near.destroy()
    far.destroy()
    server.close()
  })
  return { near, far }
}

/** A listener to `data` that waits for so much text, and notes by which way each chunk came. */
class Sink {
  text = ''
  readonly ways: string[] = []
  #wanted = 0
  #resolve: (() => void) | undefined

  readonly take = (chunk: Uint8Array, isLent?: boolean): void => {
    this.text += Buffer.from(chunk).toString()
    this.ways.push(isLent === undefined ? 'queued' : isLent ? 'lent' : 'straight')
    if (this.text.length >= this.#wanted) this.#resolve?.()
  }

  async until(length: number): Promise<string> {
    this.#wanted = length
    if (this.text.length < length) await new Promise<void>((resolve) => (this.#resolve = resolve))
    return this.text
  }
}

function listen(socket: Duplex): Sink {
  const sink = new Sink()
  socket.on('data', sink.take)
  takeReads(socket, sink.take)
  return sink
}

/** Whether the end has come, be it that nobody has read so far yet. */
function knowsEnd(socket: Socket): boolean {
  return (socket as unknown as { _readableState: { ended: boolean } })._readableState.ended
}

const ends = [
  { who: 'a client', way: 'lent', of: ({ near, far }: Ends) => ({ reader: near, writer: far }) },
  { who: 'a server', way: 'lent', of: ({ near, far }: Ends) => ({ reader: far, writer: near }) },
  {
    who: 'a server where nothing can be lent',
    way: 'straight',
    of: ({ near, far }: Ends) => {
      Object.assign((far as unknown as { _handle: object })._handle, { useUserBuffer: undefined })
      return { reader: far, writer: near }
    },
  },
] as const

describe.each(ends)('What $who reads from TCP', ({ way, of }) => {
  it('comes as from any stream until somebody takes it, in bytes of its own', async () => {
    const { reader, writer } = of(await connected())
    const chunks: Buffer[] = []
    writer.write('one')
    chunks.push(...((await once(reader, 'data')) as Buffer[]))
    writer.write('two')
    chunks.push(...((await once(reader, 'data')) as Buffer[]))
    expect(chunks.map(String)).toEqual(['one', 'two'])
  })

  it('goes straight to who takes it', async () => {
    const { reader, writer } = of(await connected())
    const sink = listen(reader)
    writer.write('one')
    expect(await sink.until(3)).toBe('one')
    expect(sink.ways).toEqual([way])
  })

  it('does not overtake what has come before', async () => {
    const { reader, writer } = of(await connected())
    writer.write('before ')
    await once(reader, 'readable')
    reader.removeAllListeners('readable')
    const sink = listen(reader)
    expect(await sink.until(7)).toBe('before ')
    writer.write('after')
    expect(await sink.until(12)).toBe('before after')
    expect(sink.ways).toEqual(['queued', way])
  })

  it('waits while it is paused, and comes before the end', async () => {
    const { reader, writer } = of(await connected())
    const sink = listen(reader)
    reader.pause()
    writer.write('all ')
    writer.end('of it')
    await once(writer, 'finish')
    await new Promise((resolve) => setImmediate(resolve))
    expect(sink.text).toBe('')
    reader.resume()
    await once(reader, 'end')
    expect(sink.text).toBe('all of it')
  })

  it('waits while it rests, and the end is seen behind what waits', async () => {
    const { reader, writer } = of(await connected())
    const sink = listen(reader)
    restReads(reader)
    writer.end('all of it')
    await turnsUntil(() => reader.readableLength === 9 && knowsEnd(reader))
    expect(sink.text).toBe('')
    reader.resume()
    await once(reader, 'end')
    expect(sink.text).toBe('all of it')
  })

  it('goes on after more than the queue holds has waited', async () => {
    const { reader, writer } = of(await connected())
    const sink = listen(reader)
    const much = 'x'.repeat(1 << 20)
    reader.pause()
    writer.write(much)
    await new Promise((resolve) => setImmediate(resolve))
    reader.resume()
    await sink.until(much.length)
    writer.write('end')
    expect((await sink.until(much.length + 3)).slice(-4)).toBe('xend')
    expect(sink.ways.at(-1)).toBe(way)
  })

  it('is heard by others who listen as well', async () => {
    const { reader, writer } = of(await connected())
    const sink = listen(reader)
    const other = once(reader, 'data')
    writer.write('all')
    expect(String(await other)).toBe('all')
    expect(await sink.until(3)).toBe('all')
  })
})

it('A stream that is not TCP is asked for its chunks as ever', async () => {
  const stream = new PassThrough()
  const sink = listen(stream)
  stream.write('one')
  stream.write('two')
  expect(await sink.until(6)).toBe('onetwo')
  expect(sink.ways).toEqual(['queued', 'queued'])
})

describe('Messages', () => {
  it('of a server stay as they came while others come, in their connection and in others', async () => {
    const all = new Map<number, Uint8Array[]>()
    let left = 3
    let resolve: () => void
    const done = new Promise<void>((go) => (resolve = go))
    const { port } = await serve({
      message(_socket, message) {
        const bytes = message as Uint8Array
        const kept = all.get(bytes[0]!) ?? []
        all.set(bytes[0]!, kept)
        if (kept.push(bytes) === 200 && --left === 0) resolve()
      },
    })
    const sockets = await Promise.all([1, 2, 3].map(() => WebSocket.connect(`ws://127.0.0.1:${port}/`)))
    sockets.forEach((socket, who) => {
      for (let i = 0; i < 200; i++)
        socket.send(new Uint8Array(2 + i * (who === 0 ? 700 : 7)).fill(i).fill(who + 1, 0, 1))
    })
    await done
    for (const [who, messages] of all) {
      const isRight = messages.every((bytes, i) => bytes[0] === who && bytes.subarray(1).every((byte) => byte === i))
      expect(isRight).toBe(true)
    }
    for (const socket of sockets) socket.terminate()
  })

  it('of a client stay as they came while others come, in their connection and in others', async () => {
    const { port } = await serve({
      open(socket) {
        for (let i = 0; i < 200; i++) socket.send(new Uint8Array(i * 7).fill(i))
      },
    })
    const kept = await Promise.all(
      [0, 1, 2].map(async () => {
        const socket = await WebSocket.connect(`ws://127.0.0.1:${port}/`)
        const messages: Uint8Array[] = []
        for await (const message of socket) if (messages.push(message as Uint8Array) === 200) break
        return messages
      }),
    )
    for (const messages of kept) {
      const isRight = messages.every((bytes, i) => bytes.length === i * 7 && bytes.every((byte) => byte === i))
      expect(isRight).toBe(true)
    }
  })
})
