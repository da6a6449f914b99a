/** WebSocket servers on an HTTP/2 server of the application's. RFC 8441 3; RFC 9110 9.3.6. */
import {
  createSecureServer,
  createServer,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Stream,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import { makeSelfSigned } from '../../src/cli/self-signed.ts'
import { WebSocketServer } from '../../src/node/server.ts'
import { RawClient, requestHead } from '../support/raw-client.ts'
import { openRawSession, RawStream } from '../support/raw-stream.ts'

const CLEARTEXT = { ':scheme': 'http' }

/** Listens with the WebSocket servers on it; answers a session. */
async function listen(http: Http2Server, ...servers: WebSocketServer[]) {
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    for (const server of servers) await server.shutdown({ deadlineMs: 0 })
    http.close()
  })
  return openRawSession(`http://127.0.0.1:${(http.address() as AddressInfo).port}`)
}

const named = (name: string): WebSocketServer => new WebSocketServer({ open: (socket) => socket.send(name) })

function page(_request: Http2ServerRequest, response: Http2ServerResponse): void {
  response.end('a page')
}

/** The status and the body of an answer. */
async function answerTo(...given: ConstructorParameters<typeof RawStream>): Promise<string> {
  const client = new RawStream(...given)
  const { ':status': status } = await client.answer()
  await client.closed()
  return `${status} ${client.body.toString()}`
}

describe('An HTTP/2 server', () => {
  it('takes WebSockets on the paths of those attached to it, beside its own requests', async () => {
    const http = createServer(page)
    const [chat, news] = [named('chat'), named('news')]
    chat.attach(http, '/chat')
    news.attach(http, '/news')
    const session = await listen(http, chat, news)
    expect(session.remoteSettings.enableConnectProtocol).toBe(true)
    for (const name of ['chat', 'news']) {
      const client = await RawStream.open(session, { ...CLEARTEXT, ':path': `/${name}?x` })
      expect((await client.take(1))[0]!.payload.toString()).toBe(name)
      client.reset()
    }
    const get = { ...CLEARTEXT, ':method': 'GET', ':protocol': undefined }
    expect(await answerTo(session, get, true)).toBe('200 a page')
    expect(await answerTo(session, { ...CLEARTEXT, ':path': '/other' })).toMatch(/^404 /)
    expect(await answerTo(session, { ...CLEARTEXT, ':protocol': 'connect-udp' })).toMatch(/^501 /)
    const proxied = { ':protocol': undefined, ':scheme': undefined, ':path': undefined }
    expect(await answerTo(session, proxied)).toMatch(/^405 /)
  })

  it('refuses what is no WebSocket when nobody else listens', async () => {
    const http = createServer()
    const server = named('all')
    server.attach(http)
    const session = await listen(http, server)
    const get = { ...CLEARTEXT, ':method': 'GET', ':protocol': undefined }
    expect(await answerTo(session, get, true)).toBe('405 This server speaks WebSocket only.\n')
  })

  it('leaves to other listeners what is theirs', async () => {
    const http = createServer()
    const server = named('all')
    server.attach(http, '/chat')
    http.on('stream', (stream: ServerHttp2Stream, headers) => {
      if (headers[':path'] === '/chat') return
      stream.respond({ ':status': 203 })
      stream.end('theirs')
    })
    const session = await listen(http, server)
    for (const protocol of ['websocket', 'connect-udp', undefined]) {
      const method = protocol === undefined ? 'GET' : 'CONNECT'
      const fields = { ...CLEARTEXT, ':method': method, ':path': '/other', ':protocol': protocol }
      expect(await answerTo(session, fields)).toBe('203 theirs')
    }
    ;(await RawStream.open(session, { ...CLEARTEXT, ':path': '/chat' })).reset()
  })

  it('leaves to a listener for CONNECT what is no WebSocket', async () => {
    const http = createServer(page)
    const server = named('all')
    server.attach(http)
    http.on('connect', (request: Http2ServerRequest, response: Http2ServerResponse) => {
      if (request.headers[':protocol'] === 'websocket') return
      response.statusCode = 203
      response.end('theirs')
    })
    const session = await listen(http, server)
    expect(await answerTo(session, { ...CLEARTEXT, ':protocol': 'connect-udp' })).toBe('203 theirs')
    ;(await RawStream.open(session, CLEARTEXT)).reset()
  })

  it('takes further streams while one of them has much unsent, within the memory that Node allows a session', async () => {
    const http = createServer()
    const server = new WebSocketServer({ open: (socket) => void socket.send(new Uint8Array(12_000_000)) })
    server.attach(http, '/much')
    const other = named('other')
    other.attach(http, '/other')
    const session = await listen(http, server, other)
    const slow = await RawStream.open(session, { ...CLEARTEXT, ':path': '/much' })
    slow.stream.pause()
    const quick = await RawStream.open(session, { ...CLEARTEXT, ':path': '/other' })
    expect((await quick.take(1))[0]!.payload.toString()).toBe('other')
    expect([...server.clients][0]!.bufferedAmount).toBeGreaterThan(11_000_000)
    slow.reset()
    quick.reset()
  })

  it('refuses with 503 during the shutdown, and its session goes on', async () => {
    const http = createServer(page)
    const server = named('all')
    server.attach(http)
    const session = await listen(http, server)
    const client = await RawStream.open(session, CLEARTEXT)
    const end = server.shutdown({ retryAfter: 7, deadlineMs: 300 })
    expect(await new RawStream(session, CLEARTEXT).answer()).toMatchObject({ ':status': 503, 'retry-after': '7' })
    expect(await client.closeCode()).toBe(1001)
    await end
    const get = { ...CLEARTEXT, ':method': 'GET', ':protocol': undefined }
    expect(await answerTo(session, get, true)).toBe('200 a page')
    // Nobody takes them any more.
    expect(await new RawStream(session, CLEARTEXT).answer()).toMatchObject({ ':status': 405 })
  })

  it('has no listener of theirs once they are detached', () => {
    const http = createServer(page)
    const before = http.eventNames().map((name) => [name, http.listenerCount(name)])
    const servers = [named('one'), named('two')]
    servers[0]!.attach(http, '/one')
    servers[1]!.attach(http, '/two')
    for (const server of servers) server.detach(http)
    expect(http.eventNames().map((name) => [name, http.listenerCount(name)])).toEqual(before)
  })

  it('takes upgrades of HTTP/1.1 on the same port, when it allows HTTP/1.1', async () => {
    const tls = makeSelfSigned(['127.0.0.1'], Date.now())
    const http = createSecureServer({ ...tls, allowHTTP1: true }, page)
    const server = named('both')
    server.attach(http, '/chat')
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
    const { port } = http.address() as AddressInfo
    onTestFinished(async () => {
      await server.shutdown({ deadlineMs: 0 })
      http.close()
    })
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] })
    const h1 = new RawClient(0, socket as never)
    h1.send(requestHead({ target: '/chat' }))
    const h2 = await RawStream.open(await openRawSession(`https://127.0.0.1:${port}`), { ':path': '/chat' })
    for (const client of [h1, h2]) expect((await client.take(1))[0]!.payload.toString()).toBe('both')
    h1.destroy()
    h2.reset()
  })
})
