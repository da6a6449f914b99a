import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { finished, pipeline } from 'node:stream/promises'
import { describe, expect, it } from 'vitest'
import { createWebSocketStream, WebSocket, WebSocketServer } from '../../src/ws/index.ts'

async function listen() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  return { server, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

function close(server: WebSocketServer): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
}

describe('A Duplex stream of a socket', () => {
  it('ends before it closes when the peer closes, and loses nothing of what came', async () => {
    const { server, url } = await listen()
    server.on('connection', (socket: WebSocket) => {
      for (let index = 0; index < 50; index++) socket.send(Buffer.alloc(10_000))
      socket.close()
    })
    const stream = createWebSocketStream(new WebSocket(url))
    let length = 0
    await pipeline(stream, async (source: AsyncIterable<Buffer>) => {
      for await (const chunk of source) length += chunk.length
    })
    expect(length).toBe(500_000)
    stream.end()
    await finished(stream)
    expect(stream.destroyed).toBe(true)
    await close(server)
  })

  it('closes behind its own end and its finish', async () => {
    const { server, url } = await listen()
    server.on('connection', (socket: WebSocket) => {
      const echo = createWebSocketStream(socket)
      echo.pipe(echo)
    })
    const stream = createWebSocketStream(new WebSocket(url), { encoding: 'utf8' })
    const events: string[] = []
    for (const name of ['finish', 'end', 'close', 'error']) stream.on(name, () => events.push(name))
    stream.write('there and back')
    expect(await once(stream, 'data')).toEqual(['there and back'])
    stream.end()
    await once(stream, 'close')
    expect(events.toSorted()).toEqual(['close', 'end', 'finish'])
    expect([events.at(-1), stream.destroyed]).toEqual(['close', true])
    await close(server)
  })

  it('closes behind its error when there is no connection', async () => {
    const stream = createWebSocketStream(new WebSocket('ws://127.0.0.1:1'))
    const events: string[] = []
    for (const name of ['finish', 'end', 'close', 'error']) stream.on(name, () => events.push(name))
    await expect(finished(stream)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await finished(stream).catch(() => {})
    expect(events).toEqual(['error', 'close'])
  })

  it('drops the connection when it is destroyed, and closes when that is gone', async () => {
    const { server, url } = await listen()
    const connected = once(server, 'connection')
    const socket = new WebSocket(url)
    const stream = createWebSocketStream(socket)
    await connected
    if (socket.readyState !== WebSocket.OPEN) await once(socket, 'open')
    stream.destroy()
    await once(stream, 'close')
    expect(socket.readyState).toBe(WebSocket.CLOSED)
    await close(server)
  })
})
