/** WebSockets over HTTP/2 on a server that listens by itself. RFC 8441; RFC 9113. */
import { once } from 'node:events'
import { constants } from 'node:http2'
import { request as httpsRequest } from 'node:https'
import { connect as connectTcp } from 'node:net'
import { connect as connectTls } from 'node:tls'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeSelfSigned } from '../../src/cli/self-signed.ts'
import { reject } from '../../src/handshake/rejection.ts'
import { STREAM_WINDOW } from '../../src/node/http2-stream.ts'
import { WebSocketServer } from '../../src/node/server.ts'
import type { ServerOptions, UpgradeRequest } from '../../src/node/server-options.ts'
import { clientFrame, RawClient, requestHead, SAMPLE_ACCEPT, SAMPLE_KEY } from '../support/raw-client.ts'
import { openRawSession, RawStream } from '../support/raw-stream.ts'
import { serve } from '../support/serve.ts'

const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR } = constants
const tls = makeSelfSigned(['127.0.0.1'], Date.now())

async function serveHttp2<Data = undefined>(options: ServerOptions<Data> = {}) {
  const served = await serve<Data>({ tls, http2: true, ...options })
  const url = `https://127.0.0.1:${served.port}`
  return { ...served, url, session: await openRawSession(url) }
}

const echo: ServerOptions<undefined> = { message: (socket, message) => void socket.send(message) }

describe('A handshake over HTTP/2 (RFC 8441 5)', () => {
  it('is answered as the standard does its own example (RFC 8441 5.1)', async () => {
    const { session } = await serveHttp2({ origin: 'any', upgrade: ({ protocols }) => ({ protocol: protocols[0] }) })
    const client = new RawStream(session, {
      ':path': '/chat',
      ':authority': 'server.example.com',
      'sec-websocket-protocol': 'chat, superchat',
      'sec-websocket-extensions': 'permessage-deflate',
      'sec-websocket-version': '13',
      origin: 'http://www.example.com',
    })
    const { date, ...fields } = await client.answer()
    expect(Object.entries(fields)).toEqual([
      [':status', 200],
      ['sec-websocket-protocol', 'chat'],
    ])
    expect(date).toMatch(/GMT$/)
    client.reset()
  })

  it('agrees on compression and answers a key, with the fields of the application', async () => {
    const { session } = await serveHttp2({ perMessageDeflate: true, upgrade: () => ({ headers: { 'X-Room': '7' } }) })
    const client = new RawStream(session, {
      'sec-websocket-extensions': 'permessage-deflate; client_max_window_bits',
      'sec-websocket-key': SAMPLE_KEY,
    })
    expect(await client.answer()).toMatchObject({
      ':status': 200,
      'sec-websocket-accept': SAMPLE_ACCEPT,
      'sec-websocket-extensions': 'permessage-deflate; client_max_window_bits=12',
      'x-room': '7',
    })
    client.reset()
  })

  it('shows the application the request as over HTTP/1.1', async () => {
    const seen: UpgradeRequest[] = []
    const { session, port, opened } = await serveHttp2({ upgrade: (request) => void seen.push(request) })
    const fields = { ':path': '/chat?room=7', cookie: 'a=b', origin: `https://127.0.0.1:${port}` }
    const client = await RawStream.open(session, { ...fields, ':authority': `127.0.0.1:${port}` })
    const [{ url, headers, origin, remoteAddress, raw }] = seen as [UpgradeRequest]
    expect({ url, headers, origin, remoteAddress }).toEqual({
      url: '/chat?room=7',
      headers: { host: `127.0.0.1:${port}`, cookie: 'a=b', origin, 'sec-websocket-version': '13' },
      origin: `https://127.0.0.1:${port}`,
      remoteAddress: '127.0.0.1',
    })
    expect(raw).toMatchObject({ method: 'CONNECT', url, httpVersion: '2.0', httpVersionMajor: 2 })
    expect(raw.rawHeaders).toContain(':protocol')
    expect(raw.socket.remotePort).toBe(session.socket.localPort)
    expect((await opened()).remoteAddress).toBe('127.0.0.1')
    client.reset()
  })

  it.each<[string, Record<string, string | undefined>, Record<string, unknown>, string]>([
    ['another method', { ':method': 'GET', ':protocol': undefined }, { ':status': 405, allow: 'CONNECT' }, 'only'],
    ['another protocol', { ':protocol': 'connect-udp' }, { ':status': 501 }, 'websocket is'],
    [
      'a CONNECT of a proxy',
      { ':protocol': undefined, ':scheme': undefined, ':path': undefined },
      { ':status': 405 },
      '',
    ],
    ['another version', { 'sec-websocket-version': '8' }, { ':status': 426, 'sec-websocket-version': '13' }, '13'],
    ['no version', { 'sec-websocket-version': undefined }, { ':status': 400 }, 'Version'],
    ['a path with a fragment', { ':path': '/?a#b' }, { ':status': 400 }, ':path'],
    ['a scheme that is none', { ':scheme': 'ftp' }, { ':status': 400 }, ':scheme'],
    ['a malformed extension list', { 'sec-websocket-extensions': 'a; b="' }, { ':status': 400 }, 'Extensions'],
    ['a page of another host', { origin: 'https://example.org' }, { ':status': 403 }, 'origin'],
    ['another path', { ':path': '/other' }, { ':status': 404 }, ''],
    ['what the application refuses', { ':path': '/?401' }, { ':status': 401, 'www-authenticate': 'Bearer' }, 'who?'],
    ['what the application fails on', { ':path': '/?500' }, { ':status': 500 }, 'failed'],
  ])('is refused for %s', async (_what, fields, answer, text) => {
    const { session, server } = await serveHttp2({
      path: '/',
      error() {},
      upgrade({ url }) {
        if (url.endsWith('500')) throw new Error('500')
        if (url.endsWith('401')) return reject(401, 'who?', { 'WWW-Authenticate': 'Bearer' })
        return undefined
      },
    })
    const client = new RawStream(session, fields)
    expect(await client.answer()).toMatchObject(answer)
    await client.closed()
    expect(client.body.toString()).toContain(text)
    expect(server.clients.size).toBe(0)
    // The session lives on.
    ;(await RawStream.open(session)).reset()
  })

  it('is refused when the stream ended with its headers', async () => {
    const { session } = await serveHttp2()
    const client = new RawStream(session, {}, true)
    expect(await client.answer()).toMatchObject({ ':status': 400 })
  })

  it('is refused with 503 while too many are under way, and when the application takes too long', async () => {
    const { session, server } = await serveHttp2({
      maxHandshakes: 1,
      handshakeTimeout: 200,
      upgrade: () => new Promise<void>(() => {}),
    })
    const first = new RawStream(session)
    const second = new RawStream(session)
    expect(await second.answer()).toMatchObject({ ':status': 503 })
    expect(server.stats().handshakes).toBe(1)
    expect(await first.answer()).toMatchObject({ ':status': 503 })
    expect(server.stats().handshakes).toBe(0)
  })

  it('counts as under way until the application has decided, even if its stream was reset at once', async () => {
    const deciders: (() => void)[] = []
    const { session, server } = await serveHttp2({
      maxHandshakes: 4,
      upgrade: () => new Promise<void>((resolve) => deciders.push(resolve)),
    })
    for (let i = 0; i < 4; i++) {
      const client = new RawStream(session)
      client.reset()
      await client.closed()
    }
    expect(await new RawStream(session).answer()).toMatchObject({ ':status': 503, 'retry-after': '1' })
    expect(deciders).toHaveLength(4)
    for (const decide of deciders) decide()
    await new Promise(setImmediate)
    expect(server.stats()).toMatchObject({ handshakes: 0, connections: 0, accepted: 0, refused: 1 })
  })

  it('counts against the pace that is allowed, however many share a session', async () => {
    const { session } = await serveHttp2({ handshakesPerSecondPerAddress: 2 })
    const statuses = []
    for (let i = 0; i < 3; i++) {
      const client = new RawStream(session)
      statuses.push((await client.answer())[':status'])
      client.reset()
    }
    expect(statuses).toEqual([200, 200, 503])
  })
})

describe('A port for both versions of HTTP', () => {
  it('still takes upgrades of HTTP/1.1', async () => {
    const { port } = await serveHttp2(echo)
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] })
    const client = new RawClient(0, socket as never)
    client.send(requestHead(), clientFrame(1, 'hi'))
    expect(await client.head()).toMatch(/^HTTP\/1.1 101 /)
    expect((await client.take(1))[0]!.payload.toString()).toBe('hi')
    client.destroy()
  })

  it('answers other requests of HTTP/1.1 with 426', async () => {
    const { port } = await serveHttp2()
    const request = httpsRequest({ port, host: '127.0.0.1', rejectUnauthorized: false }).end()
    const [response] = await once(request, 'response')
    expect([response.statusCode, response.headers.upgrade]).toEqual([426, 'websocket'])
    response.resume()
  })

  it('drops connections that begin with neither in the time for handshakes', async () => {
    const { port } = await serve({ tls, http2: true, handshakeTimeout: 200 })
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] })
    socket.on('error', () => {})
    await once(socket.resume(), 'close')
  })

  it('knows the address that a proxy tells before TLS, and each stream what its proxies tell', async () => {
    const { port, sockets } = await serve({ tls, http2: true, trustProxy: ['127.0.0.1'], proxyProtocol: true })
    const tcp = connectTcp(port, '127.0.0.1')
    tcp.write('PROXY TCP4 203.0.113.9 10.0.0.1 4711 80\r\n')
    const socket = connectTls({ socket: tcp, rejectUnauthorized: false, ALPNProtocols: ['h2'] })
    const session = await openRawSession(`https://127.0.0.1:${port}`, { createConnection: () => socket })
    for (let i = 0; i < 2; i++) (await RawStream.open(session)).reset()
    expect(sockets.map(({ remoteAddress }) => remoteAddress)).toEqual(['203.0.113.9', '203.0.113.9'])
    const other = await serve({ tls, http2: true, trustProxy: ['127.0.0.1'] })
    const shared = await openRawSession(`https://127.0.0.1:${other.port}`)
    for (const address of ['198.51.100.7', '198.51.100.8']) {
      ;(await RawStream.open(shared, { 'x-forwarded-for': address })).reset()
    }
    expect(other.sockets.map(({ remoteAddress }) => remoteAddress)).toEqual(['198.51.100.7', '198.51.100.8'])
  })

  it('is said to need TLS', () => {
    expect(() => new WebSocketServer({ http2: true })).toThrow(/http2 needs tls/)
    expect(() => new WebSocketServer({ http2: 'yes' as never })).toThrow(/http2 must be true, false or its options/)
    expect(() => new WebSocketServer({ tls, http2: { maxConcurrentStreams: 0 } })).toThrow(/maxConcurrentStreams/)
    expect(() => new WebSocketServer({ tls, http2: { sessionIdleTimeout: -1 } })).toThrow(/sessionIdleTimeout/)
  })
})

describe('A socket over HTTP/2', () => {
  it('echoes exactly what one over HTTP/1.1 does', async () => {
    const { port, session } = await serveHttp2(echo)
    const message = fc.oneof(
      fc.record({ opcode: fc.constant(1), payload: fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)) }),
      fc.record({ opcode: fc.constant(2), payload: fc.uint8Array({ maxLength: 70_000, size: 'max' }) }),
      fc.record({ opcode: fc.constant(9), payload: fc.uint8Array({ maxLength: 125 }) }),
      // What no peer may send, and an end.
      fc.record({ opcode: fc.constantFrom(3, 8), payload: fc.constant(Uint8Array.of(3, 232)) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(message, { maxLength: 8 }), async (messages) => {
        const frames = [...messages.map(({ opcode, payload }) => clientFrame(opcode, payload)), clientFrame(8)]
        const h2 = await RawStream.open(session)
        h2.send(...frames)
        const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
        const h1 = new RawClient(0, socket as never)
        h1.send(requestHead(), ...frames)
        await Promise.all([h1.ended(), h2.until(() => h2.hasEnded)])
        // How many pings one pong answers depends on how they arrive.
        const others = ({ opcode }: { opcode: number }): boolean => opcode !== 10
        expect(h2.frames.filter(others)).toEqual(h1.frames.filter(others))
        h1.destroy()
      }),
      { numRuns: 30 },
    )
  }, 30_000)

  it('ends in order, with END_STREAM, once both have said so', async () => {
    const { session, closed } = await serveHttp2()
    const client = await RawStream.open(session)
    client.send(clientFrame(8, Buffer.from([3, 232])))
    expect(await client.closeCode()).toBe(1000)
    await client.until(() => client.hasEnded)
    expect(await client.closed()).toBe(NGHTTP2_NO_ERROR)
    expect(await closed()).toEqual({ code: 1000, reason: '', clean: true, cause: 'peer' })
  })

  it('tells END_STREAM without a Close frame as the end of TCP', async () => {
    const { session, closed } = await serveHttp2()
    const client = await RawStream.open(session)
    client.stream.end()
    expect(await closed()).toEqual({ code: 1006, reason: '', clean: false, cause: 'transport' })
  })

  it('is reset with CANCEL when it is terminated', async () => {
    const { session, opened, closed } = await serveHttp2()
    const client = await RawStream.open(session)
    ;(await opened()).terminate()
    expect(await client.closed()).toBe(NGHTTP2_CANCEL)
    expect(await closed()).toMatchObject({ code: 1006, cause: 'local' })
  })

  it('is reset with CANCEL when the peer does not take part in the end', async () => {
    const { session, opened, closed } = await serveHttp2({ closeTimeout: 100 })
    const client = await RawStream.open(session)
    ;(await opened()).close(1000)
    expect(await client.closed()).toBe(NGHTTP2_CANCEL)
    expect(await closed()).toMatchObject({ cause: 'timeout' })
  })

  it('answers a violation with its Close frame, and an end in order', async () => {
    const { session, closed } = await serveHttp2()
    const client = await RawStream.open(session)
    client.send(Uint8Array.of(0x81, 0x01, 0x61))
    expect(await client.closeCode()).toBe(1002)
    expect(await client.closed()).toBe(NGHTTP2_NO_ERROR)
    expect(await closed()).toMatchObject({ code: 1002, cause: 'protocol' })
  })

  it('holds back its own stream while it is paused, and no other', async () => {
    let held = 0
    const { session, opened, sockets } = await serveHttp2({
      message: (socket, message) => {
        if (socket === sockets[0]) held += message.length
        else socket.send(message)
      },
    })
    const [slow, quick] = [await RawStream.open(session), await RawStream.open(session)]
    const paused = await opened()
    paused.pause()
    const large = new Uint8Array(STREAM_WINDOW)
    slow.send(clientFrame(2, large), clientFrame(2, large), clientFrame(2, large), clientFrame(2, large))
    // All of these pass what waits.
    for (let i = 0; i < 20; i++) {
      quick.send(clientFrame(2, large))
      await quick.take(i + 1)
    }
    expect(held).toBe(0)
    // RFC 9113 5.2: what the peer may send without being read, and no more, has left it.
    expect(slow.stream.bufferSize).toBeGreaterThan(0)
    expect(paused.stats().bytesIn).toBeLessThanOrEqual(STREAM_WINDOW)
    paused.resume()
    await new Promise<void>((resolve) => slow.stream.write(clientFrame(1, 'x'), () => resolve()))
    slow.send(clientFrame(8))
    await slow.closed()
    expect(held).toBe(4 * STREAM_WINDOW + 1)
    quick.reset()
  })

  it('says to wait while its peer does not read, and when to go on', async () => {
    let drained = 0
    const { session, opened } = await serveHttp2({ highWaterMark: 1000, drain: () => void drained++ })
    const client = await RawStream.open(session)
    const socket = await opened()
    client.stream.pause()
    let sent = 0
    while (socket.send(new Uint8Array(50_000))) {
      sent++
      await new Promise(setImmediate)
    }
    expect(socket.bufferedAmount).toBeGreaterThan(1000)
    expect(drained).toBe(0)
    client.stream.resume()
    await client.take(sent + 1)
    await client.until(() => drained === 1 && socket.bufferedAmount === 0)
    client.reset()
  })

  it('closes once, as do all others of its session, when that dies', async () => {
    const { session, outcomes, server, closed } = await serveHttp2()
    const clients = await Promise.all(Array.from({ length: 20 }, () => RawStream.open(session)))
    session.socket.unref()
    for (const socket of [...server.clients].slice(0, 5)) socket.pause()
    session.destroy()
    await closed(clients.length - 1)
    await new Promise(setImmediate)
    expect(outcomes).toHaveLength(clients.length)
    for (const outcome of outcomes) expect(outcome).toMatchObject({ code: 1006, clean: false, cause: 'transport' })
    expect(server.stats()).toMatchObject({ connections: 0, handshakes: 0 })
  })

  it('shares its session with many others', async () => {
    const { session, server } = await serveHttp2(echo)
    const clients = await Promise.all(Array.from({ length: 200 }, () => RawStream.open(session)))
    expect(server.clients.size).toBe(200)
    for (const [i, client] of clients.entries()) client.send(clientFrame(1, `number ${i}`))
    const texts = await Promise.all(clients.map(async (client) => (await client.take(1))[0]!.payload.toString()))
    expect(texts).toEqual(clients.map((_client, i) => `number ${i}`))
    expect(new Set([...server.clients].map(({ remoteAddress }) => remoteAddress))).toEqual(new Set(['127.0.0.1']))
    for (const client of clients) client.reset()
  })
})

describe('A session', () => {
  it('has the limits it announces: streams, their windows, header lists', async () => {
    const { session } = await serveHttp2({ http2: { maxConcurrentStreams: 2 } })
    expect(session.remoteSettings).toMatchObject({
      enableConnectProtocol: true,
      maxConcurrentStreams: 2,
      initialWindowSize: STREAM_WINDOW,
      maxHeaderListSize: 16_384,
    })
  })

  it('gets GOAWAY when it has been without a stream for long, and not before', async () => {
    const { session, server } = await serveHttp2({ http2: { sessionIdleTimeout: 300 } })
    const goaway = once(session, 'goaway')
    const client = await RawStream.open(session)
    const other = await openRawSession(`https://127.0.0.1:${session.socket.remotePort}`)
    await once(other, 'close')
    expect([session.closed, server.clients.size]).toEqual([false, 1])
    client.reset()
    expect((await goaway)[0]).toBe(NGHTTP2_NO_ERROR)
  })

  it('that says nothing is idle too', async () => {
    const { port } = await serve({ tls, http2: { sessionIdleTimeout: 200 } })
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] })
    socket.on('error', () => {})
    await once(socket.resume(), 'close')
  })

  it('gets GOAWAY at the shutdown, and its sockets their Close frames', async () => {
    const { session, server, closed } = await serveHttp2()
    const clients = [await RawStream.open(session), await RawStream.open(session)]
    const goaway = once(session, 'goaway')
    const ended = once(session, 'close')
    const shutdown = server.shutdown({ code: 1012 })
    expect((await goaway)[0]).toBe(NGHTTP2_NO_ERROR)
    for (const client of clients) {
      expect(await client.closeCode()).toBe(1012)
      client.send(clientFrame(8, Buffer.from([3, 244])))
    }
    expect(await shutdown).toEqual({ closed: 2, terminated: 0 })
    expect(await closed()).toMatchObject({ code: 1012, clean: true, cause: 'shutdown' })
    await ended
  })

  it('is dropped at the deadline of the shutdown, streams that nobody took included', async () => {
    const { session, server } = await serveHttp2({ upgrade: () => new Promise<void>(() => {}) })
    const pending = new RawStream(session)
    await new Promise<void>((resolve) => session.ping(() => resolve()))
    expect(await server.shutdown({ deadlineMs: 0 })).toEqual({ closed: 0, terminated: 0 })
    await pending.closed()
  })
})
