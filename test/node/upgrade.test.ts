import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { accept, type Acceptance } from '../../src/handshake/acceptance.ts'
import { reject, type Rejection } from '../../src/handshake/rejection.ts'
import { WebSocketServer } from '../../src/node/server.ts'
import type { UpgradeRequest } from '../../src/node/server-options.ts'
import { HANDSHAKES_A_TURN } from '../../src/node/turn-pace.ts'
import { RawClient, requestHead, SAMPLE_ACCEPT, clientFrame } from '../support/raw-client.ts'
import { serve } from '../support/serve.ts'
import { storm } from '../support/storm.ts'
import { TurnLog } from '../support/turns.ts'

type Request = NonNullable<Parameters<typeof requestHead>[0]>

/** Send a request, and give back everything that is answered until the server ends the connection. */
async function refused(port: number, request: Request, body = ''): Promise<string> {
  const client = new RawClient(port)
  client.send(requestHead(request), body)
  const head = await client.head()
  await client.ended()
  client.destroy()
  return head + client.body.toString()
}

/** What another library calls a promise. */
function likePromise<T>(promise: PromiseLike<T>): PromiseLike<T> {
  // oxlint-disable-next-line unicorn/no-thenable -- it is meant to be one
  return { then: (...both) => promise.then(...both) }
}

describe('A handshake', () => {
  it('is answered as the standard does its own example (RFC 6455 1.3)', async () => {
    const { port } = await serve({ upgrade: ({ protocols }) => ({ protocol: protocols[1] }) })
    const client = new RawClient(port)
    client.send(requestHead({ target: '/chat', headers: { 'Sec-WebSocket-Protocol': 'superchat, chat' } }))
    expect(await client.head()).toBe(
      'HTTP/1.1 101 Switching Protocols\r\n' +
        'Upgrade: websocket\r\n' +
        'Connection: Upgrade\r\n' +
        `Sec-WebSocket-Accept: ${SAMPLE_ACCEPT}\r\n` +
        'Sec-WebSocket-Protocol: chat\r\n\r\n',
    )
    client.destroy()
  })

  it.each<[string, Request, string, string]>([
    ['another method', { method: 'POST' }, '405 Method Not Allowed', 'Allow: GET'],
    ['HTTP/1.0', { version: '1.0' }, '400 Bad Request', '1.1 is required'],
    ['no Host', { headers: { Host: undefined } }, '400 Bad Request', ''],
    ['a Host that is none', { headers: { Host: 'a b' } }, '400 Bad Request', 'a host and perhaps a port is required'],
    [
      'another version',
      { headers: { 'Sec-WebSocket-Version': '8' } },
      '426 Upgrade Required',
      'Sec-WebSocket-Version: 13',
    ],
    ['a version in hexadecimal', { headers: { 'Sec-WebSocket-Version': '0xd' } }, '426 Upgrade Required', '13'],
    ['no version', { headers: { 'Sec-WebSocket-Version': undefined } }, '4', ''],
    ['no key', { headers: { 'Sec-WebSocket-Key': undefined } }, '400 Bad Request', '0 Sec-WebSocket-Key headers'],
    [
      'two keys',
      { headers: { 'Sec-WebSocket-Key': ['dGhlIHNhbXBsZSBub25jZQ==', 'dGhlIHNhbXBsZSBub25jZQ=='] } },
      '400 Bad Request',
      '2 Sec-WebSocket-Key headers',
    ],
    [
      'a key of 15 bytes',
      { headers: { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25j' } },
      '400 Bad Request',
      '16 bytes in base64',
    ],
    ['another protocol to upgrade to', { headers: { Upgrade: 'h2c' } }, '400 Bad Request', 'must contain websocket'],
    [
      'a malformed extension list',
      { headers: { 'Sec-WebSocket-Extensions': 'a; b="' } },
      '400 Bad Request',
      'Sec-WebSocket-Extensions',
    ],
    [
      'a malformed subprotocol list',
      { headers: { 'Sec-WebSocket-Protocol': 'a, b c' } },
      '400 Bad Request',
      'Sec-WebSocket-Protocol',
    ],
    [
      'a subprotocol twice',
      { headers: { 'Sec-WebSocket-Protocol': 'a, a' } },
      '400 Bad Request',
      'Sec-WebSocket-Protocol',
    ],
    ['a foreign origin', { headers: { Origin: 'https://evil.example' } }, '403 Forbidden', 'is not allowed'],
    ['a body', { headers: { 'Content-Length': '5' } }, '400 Bad Request', ''],
    ['a chunked body', { headers: { 'Transfer-Encoding': 'chunked' } }, '400 Bad Request', ''],
  ])('with %s is refused with its status, in one sentence (RFC 6455 4.2)', async (_what, request, status, words) => {
    const { port, sockets, outcomes } = await serve()
    const answer = await refused(port, request)
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status}`))
    expect(answer).toContain(words)
    expect(answer).toMatch(/\r\nConnection: (close|close, Upgrade)\r\n/i)
    expect([sockets, outcomes]).toEqual([[], []])
  })

  it('without an Origin is refused where one is required, and only there (RFC 6455 4.1)', async () => {
    const asked: unknown[] = []
    const { port, opened } = await serve({
      requireOrigin: true,
      upgrade: ({ origin }) => void asked.push(origin),
    })
    expect(await refused(port, {})).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n[^]*An Origin is required here\.\n$/)
    expect(await refused(port, { headers: { Origin: 'https://evil.example' } })).toMatch(/^HTTP\/1\.1 403 /)
    expect(asked).toEqual([])
    const client = await RawClient.open(port, { headers: { Origin: 'http://127.0.0.1' } })
    await opened()
    expect(asked).toEqual(['http://127.0.0.1'])
    client.destroy()
    const { port: other } = await serve({ requireOrigin: false })
    const program = await RawClient.open(other)
    program.destroy()
  })

  it('over plain HTTP is answered that an upgrade is required (RFC 9110 15.5.22)', async () => {
    const { port } = await serve()
    const answer = await refused(port, { headers: { Upgrade: undefined, Connection: undefined } })
    expect(answer).toMatch(/^HTTP\/1\.1 426 Upgrade Required\r\n/)
    expect(answer).toMatch(/\r\nUpgrade: websocket\r\n/)
  })

  it('takes header names of any kind as just names (RFC 9110 5.1)', async () => {
    const { port, opened } = await serve({ perMessageDeflate: true })
    const client = await RawClient.open(port, {
      headers: {
        constructor: 'x',
        __proto__: 'y',
        'Sec-WebSocket-Extensions': 'constructor, __proto__; toString, hasOwnProperty',
        'Sec-WebSocket-Protocol': 'constructor, __proto__',
      },
    })
    expect((await opened()).extensions).toBe('')
    client.destroy()
  })

  it('behind more headers than Node keeps is answered as ever, and so is the proxy behind them believed', async () => {
    const { port, opened } = await serve({ trustProxy: ['127.0.0.1'] })
    const many = Array.from({ length: 2100 }, (_, i) => `${i.toString(36)}:\r\n`).join('')
    const rest = requestHead({ headers: { 'X-Forwarded-For': '203.0.113.9' } }).replace('GET / HTTP/1.1\r\n', '')
    const client = new RawClient(port).send('GET / HTTP/1.1\r\n', many, rest)
    expect(await client.head()).toBe(
      'HTTP/1.1 101 Switching Protocols\r\n' +
        'Upgrade: websocket\r\n' +
        'Connection: Upgrade\r\n' +
        `Sec-WebSocket-Accept: ${SAMPLE_ACCEPT}\r\n\r\n`,
    )
    expect((await opened()).remoteAddress).toBe('203.0.113.9')
    client.destroy()
  })

  it('with a head over 16 KiB is refused', async () => {
    const { port } = await serve()
    const client = new RawClient(port)
    client.send(requestHead({ headers: { 'X-Long': 'x'.repeat(20_000) } }))
    expect(await client.head()).toMatch(/^HTTP\/1\.1 431 /)
    await client.ended()
  })

  it('whose frames travel with the request loses none of them (RFC 6455 4.1)', async () => {
    for (const wait of [false, true]) {
      const messages: unknown[] = []
      const { port, closed } = await serve({
        upgrade: async () => {
          if (wait) await new Promise((resolve) => setImmediate(resolve))
          return {}
        },
        message: (_socket, message) => messages.push(message),
      })
      const client = new RawClient(port)
      client.send(requestHead(), clientFrame(1, 'early'), clientFrame(2, 'bird'), clientFrame(8, Buffer.from([3, 232])))
      await client.head()
      await client.closeCode()
      client.socket.end()
      expect(await closed()).toMatchObject({ code: 1000, clean: true, cause: 'peer' })
      expect(messages).toEqual(['early', new Uint8Array(Buffer.from('bird'))])
    }
  })

  it('keeps megabytes that come before an asynchronous answer in order', async () => {
    let letIn = (_answer: Acceptance<undefined>): void => {}
    let asked = (): void => {}
    const isAsked = new Promise<void>((resolve) => (asked = resolve))
    const sizes: number[] = []
    const { port } = await serve({
      upgrade: () =>
        new Promise<Acceptance<undefined>>((resolve) => {
          letIn = resolve
          asked()
        }),
      message: (_socket, message) => sizes.push(message.length),
    })
    const frames = Array.from({ length: 64 }, (_, i) => clientFrame(2, new Uint8Array(32_768 + i)))
    const client = new RawClient(port).send(requestHead(), ...frames, clientFrame(8))
    await isAsked
    await new Promise((resolve) => setImmediate(resolve))
    letIn({})
    await client.head()
    await client.closeCode()
    expect(sizes).toEqual(Array.from({ length: 64 }, (_, i) => 32_768 + i))
    client.destroy()
  })
})

describe('The application', () => {
  it('sees the request, and gives each socket its data (RFC 6455 4.2.2)', async () => {
    const seen: UpgradeRequest[] = []
    const { port, opened } = await serve({
      upgrade: async (request) => {
        seen.push(request)
        if (request.url === '/') return reject(404)
        const headers = { 'Set-Cookie': ['a=1', 'b=2'] }
        return accept({ data: { user: 'ann' }, protocol: request.protocols[0], headers })
      },
    })
    const client = new RawClient(port)
    const headers = { 'Sec-WebSocket-Protocol': 'chat.v1', 'X-Token': 't', Origin: 'http://127.0.0.1' }
    client.send(requestHead({ target: '/chat?room=7', headers }))
    expect(await client.head()).toContain('Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n')
    const socket = await opened()
    const user: string = socket.data.user
    expect([user, socket.protocol, socket.remoteAddress]).toEqual(['ann', 'chat.v1', '127.0.0.1'])
    expect(seen[0]).toMatchObject({
      url: '/chat?room=7',
      protocols: ['chat.v1'],
      origin: 'http://127.0.0.1',
      remoteAddress: '127.0.0.1',
      headers: { 'x-token': 't' },
    })
    client.destroy()
  })

  it('refuses with a status of its own, at once or later', async () => {
    for (const isLater of [false, true]) {
      const rejection = reject(401, 'The token has expired.', { 'WWW-Authenticate': 'Bearer' })
      const { port, sockets } = await serve({ upgrade: () => (isLater ? Promise.resolve(rejection) : rejection) })
      const answer = await refused(port, {})
      expect(answer).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n/)
      expect(answer).toContain('WWW-Authenticate: Bearer\r\n')
      expect(answer).toMatch(/\r\n\r\nThe token has expired\.$/)
      expect(sockets).toEqual([])
    }
  })

  it.each([
    ['throws', () => Promise.reject(new Error('database'))],
    [
      'throws at once',
      () => {
        throw new Error('database')
      },
    ],
    ['chooses a subprotocol that was not offered', () => ({ protocol: 'other' })],
    ['smuggles a line into the subprotocol', () => ({ protocol: 'chat\r\nSet-Cookie: a=b' })],
    ['smuggles a line into a header', () => ({ headers: { 'X-A': 'b\r\nX-C: d' } })],
    ['smuggles a line into the name of a header', () => ({ headers: { 'X-A\r\nX-C': 'd' } })],
    ['sets a header of the handshake', async () => ({ headers: { 'Sec-WebSocket-Accept': 'x' } })],
  ])('that %s answers 500, tells its error handler, and nothing else is written', async (_what, upgrade) => {
    const errors: unknown[] = []
    const { port, sockets } = await serve({ upgrade, error: (error, socket) => errors.push([error, socket]) })
    const answer = await refused(port, { headers: { 'Sec-WebSocket-Protocol': 'chat' } })
    expect(answer).toMatch(/^HTTP\/1\.1 500 Internal Server Error\r\n/)
    expect(answer).not.toMatch(/database|Set-Cookie|X-C/)
    expect(errors).toEqual([[expect.any(Error), undefined]])
    expect(sockets).toEqual([])
  })

  it.each<[string, unknown]>([
    ['false', false],
    ['true', true],
    ['null', null],
    ['a string', 'no'],
    ['an empty string', ''],
    ['zero', 0],
    ['a status', 403],
    ['a bigint', 0n],
    ['a symbol', Symbol('no')],
    ['a function', () => reject(403)],
  ])('that answers %s, at once or later, has let nobody in', async (_what, answer) => {
    for (const given of [answer, Promise.resolve(answer), likePromise(Promise.resolve(answer))]) {
      const errors: unknown[] = []
      const { port, sockets } = await serve({
        upgrade: (() => given) as () => undefined,
        error: (error) => errors.push(error),
      })
      expect(await refused(port, {})).toMatch(/^HTTP\/1\.1 500 Internal Server Error\r\n/)
      expect([sockets, errors]).toEqual([[], [expect.any(TypeError)]])
    }
  })

  it('may answer with a promise of another make, and opens nothing before it is settled', async () => {
    let settle = (_answer: Acceptance<string> | Rejection | undefined): void => {}
    let asked = (): void => {}
    const { port, sockets, opened, server } = await serve<string>({
      upgrade: () => {
        const promise = new Promise<Acceptance<string> | Rejection | undefined>((resolve) => (settle = resolve))
        asked()
        return likePromise(promise)
      },
    })
    const begin = async (): Promise<RawClient> => {
      const isAsked = new Promise<void>((resolve) => (asked = resolve))
      const client = new RawClient(port).send(requestHead())
      await isAsked
      await new Promise((resolve) => setImmediate(resolve))
      return client
    }
    const refusedOne = await begin()
    expect([sockets.length, server.stats().handshakes]).toEqual([0, 1])
    settle(reject(403))
    expect(await refusedOne.head()).toMatch(/^HTTP\/1\.1 403 /)
    const first = await begin()
    settle({ data: 'ann' })
    expect(await first.head()).toMatch(/^HTTP\/1\.1 101 /)
    expect((await opened()).data).toBe('ann')
    const second = await begin()
    settle(undefined)
    expect(await second.head()).toMatch(/^HTTP\/1\.1 101 /)
    for (const client of [refusedOne, first, second]) client.destroy()
  })

  it('that answers with a thenable that throws is answered for with 500', async () => {
    const errors: unknown[] = []
    const { port } = await serve({
      upgrade: () =>
        likePromise<undefined>({
          // oxlint-disable-next-line unicorn/no-thenable -- it is one that fails
          then() {
            throw new Error('database')
          },
        }),
      error: (error) => errors.push(error),
    })
    expect(await refused(port, {})).toMatch(/^HTTP\/1\.1 500 /)
    expect(errors).toEqual([new Error('database')])
  })

  it('that throws without an error handler harms nobody', async () => {
    const { port } = await serve({
      upgrade: () => {
        throw new Error('mine')
      },
    })
    expect(await refused(port, {})).toMatch(/^HTTP\/1\.1 500 /)
    expect(await refused(port, {})).toMatch(/^HTTP\/1\.1 500 /)
  })

  it('that never answers gets 503 answered for it in its time', async () => {
    const { port, sockets } = await serve({ upgrade: () => new Promise<undefined>(() => {}), handshakeTimeout: 150 })
    expect(await refused(port, {})).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n/)
    expect(sockets).toEqual([])
  })

  it('that answers too late opens nothing', async () => {
    let letIn = (_answer: Acceptance<undefined>): void => {}
    const { port, sockets } = await serve({
      upgrade: () => new Promise<Acceptance<undefined>>((resolve) => (letIn = resolve)),
      handshakeTimeout: 100,
    })
    expect(await refused(port, {})).toMatch(/^HTTP\/1\.1 503 /)
    letIn({})
    await new Promise((resolve) => setImmediate(resolve))
    expect(sockets).toEqual([])
  })

  it.each([
    ['resets the connection', (client: RawClient) => client.reset()],
    ['ends its side', (client: RawClient) => client.socket.end()],
    ['drops the connection', (client: RawClient) => client.destroy()],
  ])('does not meet a client that %s before the answer', async (_how, leave) => {
    let letIn = (_answer: Acceptance<undefined>): void => {}
    let asked = (): void => {}
    const isAsked = new Promise<void>((resolve) => (asked = resolve))
    let gone = Promise.resolve()
    const { port, sockets, outcomes, server } = await serve({
      upgrade({ raw }) {
        gone = new Promise((resolve) => raw.socket.once('close', () => resolve()))
        asked()
        return new Promise<Acceptance<undefined>>((resolve) => (letIn = resolve))
      },
    })
    const client = new RawClient(port).send(requestHead())
    await isAsked
    leave(client)
    await gone
    letIn({})
    await new Promise((resolve) => setImmediate(resolve))
    expect([sockets, outcomes, server.clients.size]).toEqual([[], [], 0])
    client.destroy()
  })
})

describe('A slow handshake', () => {
  it.each([
    ['of which nothing comes', ''],
    ['of which the head never ends', 'GET / HTTP/1.1\r\nHost: x\r\n'],
  ])('%s is ended in the time for handshakes', async (_what, bytes) => {
    const { port } = await serve({ handshakeTimeout: 300 })
    const client = new RawClient(port).send(bytes)
    await client.ended()
    expect(client.hasEnded || client.isClosed).toBe(true)
    client.destroy()
  })

  it('that dribbles its head is ended all the same', async () => {
    const { port } = await serve({ handshakeTimeout: 300 })
    const client = new RawClient(port)
    client.send('GET / HTTP/1.1\r\nHost: x\r\n')
    let sent = 0
    const dribble = setInterval(() => client.socket.writable && client.send(`X-${sent++}: y\r\n`), 20)
    onTestFinished(() => clearInterval(dribble))
    await client.ended()
    expect(sent).toBeGreaterThan(5)
    client.destroy()
  })

  it('does not count any more once it is done: nothing of HTTP ends an open socket', async () => {
    const { port, sockets, outcomes } = await serve({ handshakeTimeout: 200 })
    const client = await RawClient.open(port)
    // Another one that does run into the limit tells that the time has come.
    await new RawClient(port).ended()
    await new RawClient(port).ended()
    client.send(clientFrame(9, 'x'))
    expect((await client.take(1))[0]!.opcode).toBe(10)
    expect([sockets.length, outcomes.length]).toEqual([1, 0])
    client.destroy()
  })
})

describe('An upgrade by hand', () => {
  it('takes what the event of an HTTP server gives', async () => {
    const http = createServer()
    const server = new WebSocketServer({ message: (socket, message) => socket.send(message) })
    http.on('upgrade', (request, stream, head) => {
      if (request.url === '/no') stream.destroy()
      else server.handleUpgrade(request, stream, head)
    })
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
    onTestFinished(async () => {
      await server.shutdown({ deadlineMs: 0 })
      http.close()
    })
    const { port } = http.address() as AddressInfo
    const client = await RawClient.open(port, { target: '/yes' })
    client.send(clientFrame(1, 'hi'))
    expect((await client.take(1))[0]!.payload.toString()).toBe('hi')
    client.destroy()
  })

  it('is refused for a stream that was handed over before, decided or not, and leaves it as it is', async () => {
    const http = createServer()
    const server = new WebSocketServer({
      upgrade: () => Promise.resolve({}),
      message: (socket, message) => socket.send(message),
    })
    const again: (() => void)[] = []
    const thrown: unknown[] = []
    http.on('upgrade', (request, stream, head) => {
      again.push(() => new WebSocketServer().handleUpgrade(request, stream, head))
      server.handleUpgrade(request, stream, head)
      try {
        server.handleUpgrade(request, stream, head)
      } catch (error) {
        thrown.push(error)
      }
    })
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
    onTestFinished(async () => {
      await server.shutdown({ deadlineMs: 0 })
      http.close()
    })
    const client = await RawClient.open((http.address() as AddressInfo).port)
    expect(thrown).toEqual([new Error('this stream was taken for a WebSocket connection already')])
    expect(again[0]).toThrow('taken for a WebSocket connection already')
    expect(server.clients.size).toBe(1)
    client.send(clientFrame(1, 'hi'))
    expect((await client.take(1))[0]!.payload.toString()).toBe('hi')
    client.destroy()
  })
})

describe('A storm of upgrades', () => {
  it('begins a few in each turn of the event loop, in the order they came, and loses no byte', async () => {
    const log = new TurnLog()
    const urls: string[] = []
    const server = new WebSocketServer({
      upgrade({ url }) {
        log.note()
        urls.push(url)
      },
      message: (socket, message) => socket.send(message),
    })
    const { clients, begin } = await storm(40, (...upgrade) => server.handleUpgrade(...upgrade))
    begin()
    expect(urls).toHaveLength(HANDSHAKES_A_TURN)
    for (const [index, client] of clients.entries()) {
      client.send(clientFrame(1, 'late'))
      const frames = await client.take(2)
      expect(frames.map(({ payload }) => payload.toString())).toEqual([`early ${index}`, 'late'])
    }
    expect(new Set(urls).size).toBe(40)
    expect(log.most).toBe(HANDSHAKES_A_TURN)
    for (const client of clients) client.destroy()
    await server.shutdown({ deadlineMs: 0 })
  })

  it('is over with the server: who still waits is told so at once', async () => {
    let asked = 0
    const server = new WebSocketServer({ upgrade: () => void asked++ })
    const { clients, begin } = await storm(20, (...upgrade) => server.handleUpgrade(...upgrade))
    begin()
    const ended = server.shutdown({ deadlineMs: 0 })
    const heads = await Promise.all(clients.map((client) => client.head()))
    expect(heads.filter((head) => head.startsWith('HTTP/1.1 101 '))).toHaveLength(HANDSHAKES_A_TURN)
    expect(heads.filter((head) => head.startsWith('HTTP/1.1 503 '))).toHaveLength(20 - HANDSHAKES_A_TURN)
    await ended
    expect(asked).toBe(HANDSHAKES_A_TURN)
    for (const client of clients) client.destroy()
  })
})
