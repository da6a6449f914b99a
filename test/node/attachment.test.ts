import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { pathOf } from '../../src/node/attachment.ts'
import { WebSocketServer } from '../../src/node/server.ts'
import { clientFrame, RawClient, requestHead } from '../support/raw-client.ts'

async function listen(http: Server, ...servers: WebSocketServer[]): Promise<number> {
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    for (const server of servers) await server.shutdown({ deadlineMs: 0 })
    http.close()
  })
  return (http.address() as AddressInfo).port
}

const named = (name: string, path?: string): WebSocketServer =>
  new WebSocketServer({ ...(path === undefined ? {} : { path }), open: (socket) => socket.send(name) })

async function greeting(port: number, target: string): Promise<string> {
  const client = await RawClient.open(port, { target })
  const [frame] = await client.take(1)
  client.destroy()
  return frame!.payload.toString()
}

async function status(port: number, target: string): Promise<string> {
  const client = new RawClient(port).send(requestHead({ target }))
  const head = await client.head()
  await client.ended()
  client.destroy()
  return head.slice(0, 12)
}

describe('Several servers on one HTTP server', () => {
  it('get the upgrades of their paths, query or not, and nobody else’s', async () => {
    const http = createServer()
    const [chat, news] = [named('chat', '/chat'), named('news', '/news')]
    chat.attach(http)
    news.attach(http)
    const port = await listen(http, chat, news)
    expect(await greeting(port, '/chat?room=7')).toBe('chat')
    expect(await greeting(port, '/news')).toBe('news')
    // RFC 6455 4.1: the request target may be an absolute URI.
    expect(await greeting(port, 'http://127.0.0.1/news?x')).toBe('news')
    for (const target of ['/', '/chat/', '/chatter', '/%63hat', '/news/../chat']) {
      expect(await status(port, target)).toBe('HTTP/1.1 404')
    }
  })

  it('leave the rest to the one without a path', async () => {
    const http = createServer()
    const [chat, all] = [named('chat', '/chat'), named('all')]
    all.attach(http)
    chat.attach(http)
    const port = await listen(http, chat, all)
    expect(await greeting(port, '/chat')).toBe('chat')
    expect(await greeting(port, '/anything')).toBe('all')
  })

  it('cannot have the same path', () => {
    const http = createServer()
    named('one', '/chat').attach(http)
    expect(() => named('two', '/chat').attach(http)).toThrow('a WebSocket server for /chat is attached already')
    named('three').attach(http)
    expect(() => named('four').attach(http)).toThrow('a WebSocket server for every path is attached already')
  })

  it('leave upgrades on other paths to other listeners of the HTTP server', async () => {
    const http = createServer()
    const chat = named('chat', '/chat')
    chat.attach(http)
    http.on('upgrade', (incoming, stream) => {
      if (incoming.url === '/mine') stream.end('HTTP/1.1 418 Teapot\r\n\r\n')
    })
    const port = await listen(http, chat)
    expect(await status(port, '/mine')).toBe('HTTP/1.1 418')
    expect(await greeting(port, '/chat')).toBe('chat')
  })

  it('leave plain requests to the application', async () => {
    const http = createServer((_incoming, response) => response.end('plain'))
    const chat = named('chat', '/chat')
    chat.attach(http)
    const port = await listen(http, chat)
    const body = await new Promise<string>((resolve, reject) => {
      request({ port, host: '127.0.0.1', path: '/chat' }, (response) => {
        response.setEncoding('utf8')
        let text = ''
        response.on('data', (chunk: string) => (text += chunk))
        response.on('end', () => resolve(text))
      })
        .on('error', reject)
        .end()
    })
    expect(body).toBe('plain')
  })

  it('that leave it take nothing more, and what is open stays open', async () => {
    const http = createServer()
    const server = new WebSocketServer({ message: (socket, message) => socket.send(message) })
    server.attach(http)
    const port = await listen(http, server)
    const client = await RawClient.open(port)
    expect(http.listenerCount('upgrade')).toBe(1)
    server.detach(http)
    server.detach(http)
    expect(http.listenerCount('upgrade')).toBe(0)
    client.send(clientFrame(1, 'still'))
    expect((await client.take(1))[0]!.payload.toString()).toBe('still')
    client.destroy()
    server.attach(http)
    expect(await RawClient.open(port)).toBeInstanceOf(RawClient)
  })

  it('that go down refuse with 503, while the others go on (RFC 6455 4.2.2)', async () => {
    const http = createServer()
    const [chat, news] = [named('chat', '/chat'), named('news', '/news')]
    chat.attach(http)
    news.attach(http)
    const port = await listen(http, chat, news)
    const client = await RawClient.open(port, { target: '/chat' })
    const down = chat.shutdown({ deadlineMs: 5000 })
    expect(await client.closeCode()).toBe(1001)
    expect(await status(port, '/chat')).toBe('HTTP/1.1 503')
    expect(await greeting(port, '/news')).toBe('news')
    client.send(clientFrame(8, Buffer.from([3, 233])))
    client.socket.end()
    expect(await down).toEqual({ closed: 1, terminated: 0 })
    expect(await status(port, '/chat')).toBe('HTTP/1.1 404')
  })
})

describe('The path of a request target', () => {
  it.each([
    ['/', '/'],
    ['/chat', '/chat'],
    ['/chat?x=/y', '/chat'],
    ['http://host/chat?x', '/chat'],
    ['http://host', '/'],
    ['http://host?x', '/'],
    ['HTTPS://host:1/a/b', '/a/b'],
    ['*', '*'],
    ['', ''],
  ])('%s is %s (RFC 9112 3.2)', (target, path) => {
    expect(pathOf(target)).toBe(path)
  })
})
