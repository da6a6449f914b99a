import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { HANDSHAKES_A_TURN } from '../../src/node/turn-pace.ts'
import { WebSocket, WebSocketServer, type WebSocketServerOptions } from '../../src/ws/index.ts'
import { clientFrame } from '../support/raw-client.ts'
import { storm } from '../support/storm.ts'
import { TurnLog } from '../support/turns.ts'
import { uncaught } from '../support/uncaught.ts'

async function listen(options: WebSocketServerOptions = {}) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...options })
  onTestFinished(() => server.close())
  await once(server, 'listening')
  return { server, url: urlOf(server) }
}

function urlOf(server: { address(): AddressInfo | string | null }): string {
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('The server of barewire/ws', () => {
  it('keeps a connection whose listener throws, and reports what it threw as Node does', async () => {
    const errors = uncaught()
    const { server, url } = await listen()
    server.on('connection', (socket: WebSocket) => {
      socket.on('message', (data: Buffer) => socket.send(data))
      throw new Error('of the application')
    })
    const client = new WebSocket(url)
    client.on('open', () => client.send('hello'))
    expect(await once(client, 'message')).toEqual([Buffer.from('hello'), true])
    expect(errors).toEqual([new Error('of the application')])
    const [socket] = server.clients!
    client.close()
    await once(socket!, 'close')
    expect(server.clients!.size).toBe(0)
  })

  it('calls back each close, with an error when it was closed before', async () => {
    const { server } = await listen()
    const close = (): Promise<Error | undefined> => new Promise((resolve) => server.close(resolve))
    expect(await Promise.all([close(), close()])).toEqual([undefined, undefined])
    expect(await close()).toEqual(new Error('The server is not running'))
  })

  it('has closed on the server of another when its last client has gone', async () => {
    const http = createServer()
    onTestFinished(() => void http.close())
    await once(http.listen(0, '127.0.0.1'), 'listening')
    const server = new WebSocketServer({ server: http })
    const events: string[] = []
    const clients = [new WebSocket(urlOf(http)), new WebSocket(urlOf(http))]
    await Promise.all(clients.map((client) => once(client, 'open')))
    for (const socket of server.clients!) socket.on('close', () => events.push('client'))
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    for (const client of clients) client.close()
    await closed.then(() => events.push('server'))
    expect(events).toEqual(['client', 'client', 'server'])
  })
})

describe('A storm of upgrades', () => {
  const admit = (socket: WebSocket): void => {
    socket.on('message', (data: Buffer, isBinary: boolean) => socket.send(data, { binary: isBinary }))
  }

  it('begins a few in each turn of the event loop, in the order they came, and loses no byte', async () => {
    const log = new TurnLog()
    const urls: string[] = []
    const verifyClient = ({ req }: { req: IncomingMessage }): boolean => {
      log.note()
      return urls.push(req.url!) > 0
    }
    const server = new WebSocketServer({ noServer: true, verifyClient })
    const handedOver: string[] = []
    const { clients, begin } = await storm(40, (request, stream, head) => {
      handedOver.push(request.url!)
      server.handleUpgrade(request, stream, head, admit)
    })
    begin()
    for (const [index, client] of clients.entries()) {
      client.send(clientFrame(1, 'late'))
      const frames = await client.take(2)
      expect(frames.map(({ payload }) => payload.toString())).toEqual([`early ${index}`, 'late'])
    }
    expect(urls).toEqual(handedOver)
    expect(log.most).toBe(HANDSHAKES_A_TURN)
    for (const client of clients) client.destroy()
  })

  it('is over with the server: who still waits is refused with 503', async () => {
    let asked = 0
    const server = new WebSocketServer({ noServer: true, verifyClient: () => ++asked > 0 })
    const { clients, begin } = await storm(20, (...upgrade) => server.handleUpgrade(...upgrade, admit))
    begin()
    server.close()
    const heads = await Promise.all(clients.map((client) => client.head()))
    expect(heads.filter((head) => head.startsWith('HTTP/1.1 503 ')).length).toBe(20 - HANDSHAKES_A_TURN)
    expect(asked).toBe(HANDSHAKES_A_TURN)
    for (const client of clients) client.destroy()
  })
})
