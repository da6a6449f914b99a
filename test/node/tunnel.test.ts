import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from '../../src/node/websocket.ts'
import { WebSocketServer } from '../../src/node/server.ts'
import { HandshakeError } from '../../src/node/handshake-error.ts'

type Answer = (request: IncomingMessage, client: Duplex) => void

/** Connect to where the request says, and pass on what comes (RFC 9110 9.3.6). */
function tunnel(request: IncomingMessage, client: Duplex): void {
  const [host = '', port = ''] = (request.url ?? '').split(':')
  const upstream: Socket = connect(Number(port), host, () => {
    client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
    client.pipe(upstream).pipe(client)
  })
  upstream.on('error', () => client.destroy())
  client.on('error', () => upstream.destroy())
}

async function startProxy(answer: Answer): Promise<{ url: string; requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = []
  const proxy: Server = createServer().on('connect', (request, client) => {
    requests.push(request)
    answer(request, client)
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  onTestFinished(() => {
    proxy.close()
    proxy.closeAllConnections()
  })
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, requests }
}

async function startEcho(): Promise<string> {
  const server = new WebSocketServer({ message: (socket, message) => void socket.send(message) })
  await server.listen(0, '127.0.0.1')
  onTestFinished(() => void server.shutdown({ deadlineMs: 0 }))
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** What a client that cannot connect says. */
async function failure(url: string, proxy: string): Promise<unknown> {
  const socket = new WebSocket(url, { proxy })
  const [event] = (await once(socket, 'error')) as [{ error: unknown }]
  return event.error
}

describe('A client that is told of a proxy (RFC 6455 4.1, item 3)', () => {
  it('asks it to connect to host and port, and speaks WebSocket through it', async () => {
    const [proxy, url] = [await startProxy(tunnel), await startEcho()]
    const socket = new WebSocket(url, { proxy: proxy.url.replace('//', '//ada:p%40ss@') })
    onTestFinished(() => socket.terminate())
    await once(socket, 'open')
    socket.send('through')
    const [event] = (await once(socket, 'message')) as [{ data: unknown }]
    expect(event.data).toBe('through')
    expect(proxy.requests.map((request) => [request.method, request.url, request.headers.host])).toEqual([
      ['CONNECT', url.slice('ws://'.length), url.slice('ws://'.length)],
    ])
    expect(proxy.requests[0]?.headers['proxy-authorization']).toBe(`Basic ${btoa('ada:p@ss')}`)
    socket.close()
    await once(socket, 'close')
  })

  it('fails when the proxy refuses, and tells its status', async () => {
    const proxy = await startProxy(
      (_request, client) => void client.end('HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n'),
    )
    const error = await failure(await startEcho(), proxy.url)
    expect(error).toBeInstanceOf(HandshakeError)
    expect(String(error)).toContain('407')
  })

  it('fails when the proxy sends what only the server could have sent', async () => {
    const early = 'HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 101 Switching Protocols\r\n'
    const proxy = await startProxy((_request, client) => void client.write(early))
    expect(String(await failure(await startEcho(), proxy.url))).toContain('before the server could have')
  })

  it('fails when nobody is where the proxy should be', async () => {
    expect(String(await failure(await startEcho(), 'http://127.0.0.1:1'))).toContain('the proxy')
  })
})
