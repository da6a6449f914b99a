import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { MessageEvent } from '../../src/node/events.ts'
import { WebSocket } from '../../src/node/websocket.ts'
import { accepted, RawServer } from './raw-server.ts'

const server = new RawServer()
beforeEach(async () => {
  await server.listen()
  // The answer, the messages `1`, `2`, `3` and a ping, all in one segment.
  server.answer = ({ key, socket }) => {
    const frames = Buffer.from('810131 810132 810133 8900'.replaceAll(' ', ''), 'hex')
    socket.write(Buffer.concat([Buffer.from(accepted(key), 'latin1'), frames]))
  }
})
afterEach(() => server.close())

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A socket that has been open for a while, without anybody listening. */
async function connected(): Promise<WebSocket> {
  const socket = await WebSocket.connect(server.url)
  await turn()
  await turn()
  return socket
}

function collect(socket: WebSocket): Promise<unknown[]> {
  const seen: unknown[] = []
  return new Promise((resolve) => {
    const note = ({ data }: MessageEvent): void => void (seen.push(data) === 3 && resolve(seen))
    socket.addEventListener('message', note)
  })
}

describe('messages that come before anybody listens', () => {
  it('wait for a listener after connect, which is not called while it is added', async () => {
    const socket = await connected()
    expect(await collect(socket)).toEqual(['1', '2', '3'])
    socket.terminate()
  })

  it('wait for a handler', async () => {
    const socket = await connected()
    const seen: unknown[] = []
    await new Promise<void>((resolve) => {
      socket.onmessage = ({ data }) => void (seen.push(data) === 3 && resolve())
      expect(seen).toEqual([])
    })
    expect(seen).toEqual(['1', '2', '3'])
    socket.terminate()
  })

  it('wait for a loop', async () => {
    const seen: unknown[] = []
    for await (const message of await connected()) if (seen.push(message) === 3) break
    expect(seen).toEqual(['1', '2', '3'])
  })

  it('go to the loop when one begins in the turn of a listener', async () => {
    const socket = await connected()
    socket.onmessage = () => expect.unreachable('the loop has them')
    const seen: unknown[] = []
    for await (const message of socket) if (seen.push(message) === 3) break
    expect(seen).toEqual(['1', '2', '3'])
  })

  it('wait for a stream', async () => {
    const { readable } = (await connected()).stream()
    const seen: unknown[] = []
    for await (const message of readable) if (seen.push(message) === 3) break
    expect(seen).toEqual(['1', '2', '3'])
  })

  const nobody: [title: string, come: (socket: WebSocket) => void][] = [
    ['the handler undefined', (socket) => (socket.onmessage = undefined as never)],
    ['a number as handler', (socket) => (socket.onmessage = 5 as never)],
    ['an object as handler', (socket) => (socket.onmessage = {} as never)],
    ['the listener undefined', (socket) => socket.addEventListener('message', undefined as never)],
    ['the listener null', (socket) => socket.addEventListener('message', null)],
    [
      'a listener whose signal has aborted',
      (socket) => socket.addEventListener('message', () => {}, { signal: AbortSignal.abort() }),
    ],
  ]
  it.each(nobody)('go on waiting after %s, which reads nothing', async (_title, come) => {
    const socket = await connected()
    come(socket)
    await turn()
    expect(await collect(socket)).toEqual(['1', '2', '3'])
    socket.terminate()
  })

  it('wait for an object that handles events', async () => {
    const socket = await connected()
    const seen: unknown[] = []
    await new Promise<void>((resolve) => {
      const handleEvent = ({ data }: MessageEvent): void => void (seen.push(data) === 3 && resolve())
      socket.addEventListener('message', { handleEvent } as never)
    })
    expect(seen).toEqual(['1', '2', '3'])
    socket.terminate()
  })

  it.each([
    ['paused before a listener comes', ['pause', 'listen']],
    ['paused right after a listener has come', ['listen', 'pause']],
    ['paused, resumed and paused again in the same turn', ['listen', 'pause', 'resume', 'pause']],
  ])('wait while it is %s, until it is resumed', async (_title, steps) => {
    const socket = await connected()
    const seen: unknown[] = []
    let done = (): void => {}
    const all = new Promise<void>((resolve) => (done = resolve))
    for (const step of steps) {
      if (step === 'pause') socket.pause()
      else if (step === 'resume') socket.resume()
      else socket.onmessage = ({ data }) => void (seen.push(data) === 3 && done())
    }
    await turn()
    await turn()
    expect(seen).toEqual([])
    socket.resume()
    await all
    expect(seen).toEqual(['1', '2', '3'])
    socket.terminate()
  })

  it('are dropped by resume and by close, which reads on', async () => {
    const socket = await connected()
    const ponged = new Promise((resolve) => socket.addEventListener('close', resolve))
    socket.close()
    server.answer = () => {}
    expect(socket.readyState).toBe(WebSocket.CLOSING)
    socket.terminate()
    await ponged
  })

  it('are lost after the constructor, as in a browser', async () => {
    const socket = new WebSocket(server.url)
    await new Promise((resolve) => socket.addEventListener('open', resolve))
    await turn()
    expect(socket.stats().messagesIn).toBe(3)
    socket.terminate()
  })

  it('end a `for await` with an error when the connection breaks', async () => {
    server.answer = ({ key, socket }) => socket.end(accepted(key))
    const socket = await WebSocket.connect(server.url)
    await expect(socket[Symbol.asyncIterator]().next()).rejects.toThrow(/1006/)
  })
})

describe('the end of a scope', () => {
  it('closes with 1000 and waits for it (await using)', async () => {
    server.answer = ({ key, socket }) => {
      socket.write(accepted(key))
      socket.once('data', () => socket.end(Buffer.from('880203e8', 'hex')))
    }
    const socket = await WebSocket.connect(server.url)
    await socket[Symbol.asyncDispose]()
    expect(socket.readyState).toBe(WebSocket.CLOSED)
    await socket[Symbol.asyncDispose]()
  })
})
