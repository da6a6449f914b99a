/** The client over HTTP/2, against our server, servers that do not take it, and servers that break the rules. RFC 8441 3, 5. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import {
  connect,
  constants,
  createSecureServer,
  createServer,
  type Http2Server,
  type ServerHttp2Stream,
} from 'node:http2'
import { createServer as createHttpsServer } from 'node:https'
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { makeSelfSigned } from '../../src/cli/self-signed.ts'
import { reject } from '../../src/handshake/rejection.ts'
import type { WebSocketOptions } from '../../src/node/client-options.ts'
import { HandshakeError } from '../../src/node/handshake-error.ts'
import type { ServerOptions } from '../../src/node/server-options.ts'
import { WebSocketStream } from '../../src/node/websocket-stream.ts'
import { WebSocket } from '../../src/node/websocket.ts'
import { serve } from '../support/serve.ts'
import { turns } from '../support/turns.ts'
import { uncaught } from '../support/uncaught.ts'

const tls = makeSelfSigned(['127.0.0.1'], Date.now())
const trusting = { tls: { ca: tls.cert } }

async function serveHttp2<Data = undefined>(options: ServerOptions<Data> = {}) {
  const served = await serve<Data>({ tls, http2: true, ...options })
  return { ...served, url: `wss://127.0.0.1:${served.port}/` }
}

/** An HTTP/2 server over TCP that answers each stream as the test says. */
async function answering(
  answer: (stream: ServerHttp2Stream, headers: Record<string, unknown>) => void,
): Promise<string> {
  const http: Http2Server = createServer({ settings: { enableConnectProtocol: true } })
  http.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => {})
    answer(stream, headers)
  })
  return listen(http, 'ws')
}

async function listen(
  server: { listen(port: number, host: string, done: () => void): unknown; address(): unknown; close(): unknown },
  scheme: 'ws' | 'wss',
): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

async function failure(url: string, options: WebSocketOptions = {}): Promise<HandshakeError> {
  const error: unknown = await WebSocket.connect(url, { http2: true, ...options }).catch((reason: unknown) => reason)
  if (!(error instanceof HandshakeError)) throw new Error(`no HandshakeError: ${String(error)}`)
  return error
}

describe('A client over HTTP/2', () => {
  it('opens a session of its own, and ends it with its socket', async () => {
    const { url, opened, closed } = await serveHttp2({
      perMessageDeflate: true,
      upgrade: ({ protocols, raw }) => ({ protocol: protocols[1], headers: { 'x-version': raw.httpVersion } }),
      message: (socket, message) => void socket.send(message),
    })
    const socket = await WebSocket.connect(url, { http2: true, protocols: ['a', 'b'], ...trusting })
    expect(socket).toMatchObject({ protocol: 'b', extensions: 'permessage-deflate; client_max_window_bits=12' })
    expect(socket.response).toMatchObject({ statusCode: 200, httpVersion: '2.0', headers: { 'x-version': '2.0' } })
    const text = 'over HTTP/2 '.repeat(1000)
    socket.send(text)
    expect((await once(socket, 'message'))[0].data).toBe(text)
    const { stream } = (await opened()) as unknown as { stream: unknown }
    expect(stream).toBeDefined()
    socket.close(1000, 'bye')
    await once(socket, 'close')
    expect(await closed()).toEqual({ code: 1000, reason: 'bye', clean: true, cause: 'peer' })
  })

  it('shares the session it is given, which outlives it', async () => {
    const { url, port, server } = await serveHttp2({ message: (socket, message) => void socket.send(message) })
    const session = connect(`https://127.0.0.1:${port}`, { ca: tls.cert })
    onTestFinished(() => session.destroy())
    // The first of them asks while the session is still connecting.
    const sockets = await Promise.all(
      Array.from({ length: 20 }, () => WebSocket.connect(url, { http2: session, perMessageDeflate: false })),
    )
    expect(server.clients.size).toBe(20)
    for (const [i, socket] of sockets.entries()) {
      socket.send(`number ${i}`)
      expect((await once(socket, 'message'))[0].data).toBe(`number ${i}`)
    }
    for (const socket of sockets) {
      socket.close()
      await once(socket, 'close')
    }
    expect([session.closed, session.destroyed]).toEqual([false, false])
    const last = await WebSocket.connect(url, { http2: session })
    last.close()
    await once(last, 'close')
  })

  it('sends what the options say', async () => {
    const seen: Record<string, unknown>[] = []
    const url = await answering((stream, headers) => {
      seen.push(Object.fromEntries(Object.entries(headers)))
      stream.respond({ ':status': 200, 'sec-websocket-protocol': 'chat' })
    })
    const place = url.replace('ws://', 'ws://user:pass@')
    const options = { http2: true, origin: 'https://example.org', headers: { 'X-Room': '7' }, protocols: 'chat' }
    const socket = await WebSocket.connect(`${place}rooms?id=7`, { ...options, perMessageDeflate: false })
    expect(seen).toEqual([
      {
        ':method': 'CONNECT',
        ':protocol': 'websocket',
        ':scheme': 'http',
        ':authority': new URL(url).host,
        ':path': '/rooms?id=7',
        'sec-websocket-version': '13',
        'sec-websocket-protocol': 'chat',
        origin: 'https://example.org',
        'x-room': '7',
        authorization: `Basic ${Buffer.from('user:pass').toString('base64')}`,
      },
    ])
    socket.terminate()
  })

  it('is the same below a WebSocketStream', async () => {
    const { url } = await serveHttp2({ message: (socket, message) => void socket.send(message) })
    const stream = new WebSocketStream(url, { http2: true, ...trusting })
    const { readable, writable } = await stream.opened
    await writable.getWriter().write('hello')
    expect((await readable.getReader().read()).value).toBe('hello')
    stream.close()
    expect((await stream.closed).closeCode).toBe(1005)
  })

  it('tells a stream that the server resets as lost', async () => {
    const url = await answering((stream) => {
      stream.respond({ ':status': 200 })
      setImmediate(() => stream.close(constants.NGHTTP2_CANCEL))
    })
    const socket = new WebSocket(url, { http2: true })
    const [{ code, wasClean }] = await once(socket, 'close')
    expect([code, wasClean]).toEqual([1006, false])
  })

  it('resets its stream when it is terminated', async () => {
    const { url, closed } = await serveHttp2()
    const socket = await WebSocket.connect(url, { http2: true, ...trusting })
    socket.terminate()
    expect(await closed()).toMatchObject({ code: 1006, cause: 'transport' })
  })

  it('lets open sockets live on after GOAWAY, and tells those that come too late', async () => {
    const { url, port, server } = await serveHttp2()
    const session = connect(`https://127.0.0.1:${port}`, { ca: tls.cert })
    onTestFinished(() => session.destroy())
    const socket = await WebSocket.connect(url, { http2: session })
    const goaway = once(session, 'goaway')
    const end = server.shutdown({ spreadMs: 0, code: 1012 })
    await goaway
    expect(await failure(url, { http2: session })).toMatchObject({ code: 'network' })
    expect((await once(socket, 'close'))[0]).toMatchObject({ code: 1012, wasClean: true })
    expect(await end).toEqual({ closed: 1, terminated: 0 })
  })
})

describe('A handshake over HTTP/2 that fails', () => {
  it('says that the server takes no WebSockets over HTTP/2', async () => {
    const url = await listen(createServer(), 'ws')
    expect(await failure(url)).toMatchObject({ code: 'http2', message: /SETTINGS_ENABLE_CONNECT_PROTOCOL/ })
    const session = connect(url.replace('ws', 'http'))
    onTestFinished(() => session.destroy())
    await once(session, 'remoteSettings')
    expect(await failure(url, { http2: session })).toMatchObject({ code: 'http2' })
    expect(session.destroyed).toBe(false)
  })

  it.each([
    ['chooses another version', () => createSecureServer({ ...tls, ALPNProtocols: ['http/1.1'] })],
    ['has no other version', () => createHttpsServer(tls)],
  ])('says that a server %s', async (_what, make) => {
    expect(await failure(await listen(make(), 'wss'), trusting)).toMatchObject({ code: 'http2', message: /ALPN/ })
  })

  it('says when the SETTINGS do not come in time', async () => {
    const sockets = new Set<{ destroy(): unknown }>()
    const tcp = createTcpServer((socket) => void sockets.add(socket.on('error', () => {}).resume()))
    const url = await listen(tcp, 'ws')
    expect(await failure(url, { handshakeTimeout: 100 })).toMatchObject({ code: 'timeout' })
    for (const socket of sockets) socket.destroy()
  })

  it('says when nobody is there, and when a certificate cannot be trusted', async () => {
    const { url, server } = await serveHttp2()
    expect(await failure(url)).toMatchObject({ code: 'tls' })
    await server.shutdown()
    expect(await failure(url, trusting)).toMatchObject({ code: 'network' })
  })

  it('tells the status, the fields and the body of a refusal', async () => {
    const { url } = await serveHttp2({
      upgrade: () => reject(401, 'who?', { 'WWW-Authenticate': 'Bearer' }),
    })
    expect(await failure(url, trusting)).toMatchObject({
      code: 'status',
      status: 401,
      headers: { 'www-authenticate': 'Bearer' },
      body: 'who?',
      message: 'the server answered with status 401, 2xx is required',
    })
  })

  it.each<[string, Record<string, string | number>, WebSocketOptions]>([
    ['protocol-unrequested', { ':status': 200, 'sec-websocket-protocol': 'x' }, {}],
    ['protocol-missing', { ':status': 200 }, { protocols: 'chat' }],
    ['extension-unrequested', { ':status': 200, 'sec-websocket-extensions': 'x' }, {}],
    ['extension-parameters', { ':status': 200, 'sec-websocket-extensions': 'permessage-deflate; x' }, {}],
    ['status', { ':status': 302, location: '/' }, { handshakeTimeout: 100 }],
    ['redirect', { ':status': 302 }, { maxRedirects: 1 }],
  ])('by %s is told, and its stream reset', async (code, answer, options) => {
    let reset: Promise<unknown> | undefined
    const url = await answering((stream) => {
      reset = once(stream, 'close')
      stream.respond(answer)
    })
    expect(await failure(url, options)).toMatchObject({ code })
    await reset
  })

  it.each([
    ['resets the stream', (stream: ServerHttp2Stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM)],
    ['ends the session', (stream: ServerHttp2Stream) => stream.session!.destroy()],
  ])('by a server that %s is told', async (_what, act) => {
    expect(await failure(await answering(act))).toMatchObject({ code: 'network' })
  })

  it('is given up just when its connection is there, and nothing throws', async () => {
    const errors = uncaught()
    const url = await answering(() => {})
    const controller = new AbortController()
    // Behind the session's own listener, which tells of the connection in the next tick.
    const made = (message: unknown): void => {
      const { socket } = message as { socket: Socket }
      queueMicrotask(() => socket.once('connect', () => controller.abort()))
    }
    subscribe('net.client.socket', made)
    onTestFinished(() => void unsubscribe('net.client.socket', made))
    const connecting = WebSocket.connect(url, { http2: true, signal: controller.signal })
    await expect(connecting).rejects.toMatchObject({ name: 'AbortError' })
    await turns()
    expect(errors).toEqual([])
  })

  it('is given up with its signal, and leaves nothing open', async () => {
    const { url, server } = await serveHttp2({ upgrade: () => new Promise<void>(() => {}) })
    const controller = new AbortController()
    const socket = new WebSocket(url, { http2: true, signal: controller.signal, ...trusting })
    const failed = once(socket, 'close')
    while (server.stats().handshakes === 0) await new Promise(setImmediate)
    controller.abort()
    expect((await failed)[0]).toMatchObject({ code: 1006 })
    expect(socket.readyState).toBe(3)
  })

  it('follows redirects with a session for each', async () => {
    const { url } = await serveHttp2({ open: (socket) => socket.send('here') })
    const first = createSecureServer({ ...tls, settings: { enableConnectProtocol: true } })
    first.on('stream', (stream: ServerHttp2Stream) => {
      stream.respond({ ':status': 307, location: url })
      stream.end()
    })
    const socket = new WebSocket(await listen(first, 'wss'), { http2: true, maxRedirects: 1, ...trusting })
    expect((await once(socket, 'message'))[0].data).toBe('here')
    socket.terminate()
  })
})

describe('The option http2', () => {
  it.each<[WebSocketOptions, RegExp]>([
    [{ http2: 'yes' as never }, /http2 must be true, false or a ClientHttp2Session/],
    [{ http2: {} as never }, /http2 must be/],
    [{ http2: true, agent: false }, /agent and createConnection cannot be given beside http2/],
    [{ http2: true, headers: { Host: 'x' } }, /host/i],
  ])('is checked: %j', (options, message) => {
    expect(() => new WebSocket('ws://127.0.0.1:1/', options)).toThrow(message)
  })

  it('leaves no choice of a connection where a session has one', () => {
    const http2 = connect('http://127.0.0.1:1')
    http2.on('error', () => {})
    for (const options of [{ tls: {} }, { proxy: 'http://x' }, { maxRedirects: 1 }, { connect: { family: 4 } }]) {
      expect(() => new WebSocket('ws://127.0.0.1:1/', { http2, ...options })).toThrow(/beside a session as http2/)
    }
    http2.destroy()
  })
})
