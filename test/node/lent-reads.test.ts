import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import { describe, expect, it, onTestFinished } from 'vitest'
import { borrowReads, connectLending } from '../../src/node/lent-reads.ts'
import { WebSocket } from '../../src/node/websocket.ts'
import { serve } from '../support/serve.ts'

/** A lending socket and the other end of its connection. */
async function connected(): Promise<{ near: Socket; far: Socket }> {
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

/** Collects bytes as text until so much has come. */
class Sink {
  text = ''
  #wanted = 0
  #resolve: (() => void) | undefined

  readonly take = (bytes: Uint8Array): void => {
    this.text += Buffer.from(bytes).toString()
    if (this.text.length >= this.#wanted) this.#resolve?.()
  }

  async until(length: number): Promise<string> {
    this.#wanted = length
    if (this.text.length < length) await new Promise<void>((resolve) => (this.#resolve = resolve))
    return this.text
  }
}

describe('A socket whose reads can be lent', () => {
  it('is a stream like any other until then, with bytes of its own', async () => {
    const { near, far } = await connected()
    const chunks: Buffer[] = []
    far.write('one')
    chunks.push(...((await once(near, 'data')) as Buffer[]))
    far.write('two')
    chunks.push(...((await once(near, 'data')) as Buffer[]))
    expect(chunks.map(String)).toEqual(['one', 'two'])
  })

  it('lends what comes from then on, and does not let it overtake what has come before', async () => {
    const { near, far } = await connected()
    const sink = new Sink()
    far.write('before ')
    await once(near, 'readable')
    borrowReads(near, sink.take)
    near.removeAllListeners('readable')
    near.on('data', sink.take)
    expect(await sink.until(7)).toBe('before ')
    far.write('after')
    expect(await sink.until(12)).toBe('before after')
  })

  it('rests while it is paused, and tells the end', async () => {
    const { near, far } = await connected()
    const sink = new Sink()
    near.on('data', sink.take)
    borrowReads(near, sink.take)
    near.pause()
    far.write('all of it')
    far.end()
    await once(far, 'finish')
    await new Promise((resolve) => setImmediate(resolve))
    expect(sink.text).toBe('')
    near.resume()
    await once(near, 'end')
    expect(sink.text).toBe('all of it')
  })

  it('is asked in vain where a stream does not lend', () => {
    const stream = new PassThrough()
    const sink = new Sink()
    borrowReads(stream, sink.take)
    stream.write('nothing')
    expect(sink.text).toBe('')
  })
})

describe('Messages of a client', () => {
  it('stay as they came while others come, in their connection and in others', async () => {
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
