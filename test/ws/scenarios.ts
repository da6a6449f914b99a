/** What applications do with `ws`, as scripts that note what they see: the same notes are wanted of `barewire/ws`. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type * as ours from '../../src/ws/index.ts'

export type Library = typeof ours
type Client = ours.WebSocket
type Note = (...seen: readonly unknown[]) => void
export type Scenario = (library: Library, note: Note) => Promise<void> | void

/** The messages that applications look for: those of all other errors are each library's own. */
const MESSAGES = new RegExp(
  [
    '^Unexpected server response',
    '^Opening handshake has timed out',
    '^WebSocket was closed before',
    '^WebSocket is not open',
    '^The server is not running',
    '^First argument must be',
    '^The (message|data size) must not be greater',
    '^connect ECONNREFUSED',
    '^not this way',
  ].join('|'),
)

/** What is the same of a value whichever library it comes from. */
export function show(value: unknown): unknown {
  if (value instanceof Error) {
    const { code } = value as NodeJS.ErrnoException
    const message = MESSAGES.test(value.message) ? value.message : '…'
    return `${kindOf(value)}: ${message}${typeof code === 'string' && /^[A-Z_]+$/.test(code) ? ` [${code}]` : ''}`
  }
  if (Buffer.isBuffer(value)) return `Buffer ${value.toString('latin1')}`
  if (value instanceof ArrayBuffer) return `ArrayBuffer ${Buffer.from(value).toString('latin1')}`
  if (Array.isArray(value)) return value.map(show)
  if (typeof value === 'object' && value !== null) return value.constructor.name
  return value
}

function kindOf(error: Error): string {
  if (error instanceof TypeError) return 'TypeError'
  if (error instanceof RangeError) return 'RangeError'
  return error instanceof SyntaxError ? 'SyntaxError' : 'Error'
}

/** What a call throws, or nothing. */
export function thrown(call: () => unknown): unknown {
  try {
    return ['gives', call()]
  } catch (error) {
    return show(error)
  }
}

/** Wait for an event without listening to 'error'. */
function event(
  emitter: { once(name: string, listener: (...args: unknown[]) => void): unknown },
  name: string,
): Promise<unknown[]> {
  return new Promise((resolve) => emitter.once(name, (...args: unknown[]) => resolve(args)))
}

/** A pair of sockets that are connected. */
async function pair(library: Library, given: { server?: object; client?: object } = {}) {
  const server = new library.WebSocketServer({ port: 0, host: '127.0.0.1', ...given.server })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const connected = once(server, 'connection')
  const client = new library.WebSocket(`ws://127.0.0.1:${port}/path`, given.client ?? {})
  const opened = event(client, 'open')
  const [peer, request] = (await connected) as [Client, IncomingMessage]
  await opened
  const end = async (): Promise<void> => {
    for (const socket of [client, peer]) socket.terminate()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }
  return { server, client, peer, request, end, port }
}

/** An HTTP server that answers as it is told to. */
async function http(answer: RequestListener): Promise<{ server: Server; url: string; end: () => void }> {
  const server = createServer(answer)
  server.on('upgrade', (request: IncomingMessage, stream: Duplex) => {
    const response = new (createResponse(request, stream))()
    answer(request, response as never)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return { server, url, end: () => (server.closeAllConnections(), void server.close()) }
}

/** As much of a response as an answer to an upgrade needs. */
function createResponse(_request: IncomingMessage, stream: Duplex) {
  return class {
    #head = ''
    writeHead(status: number, headers: Record<string, string> = {}): this {
      const fields = Object.entries({ Connection: 'close', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
      this.#head = `HTTP/1.1 ${status} Status\r\n${fields.join('')}\r\n`
      return this
    }
    end(body = ''): void {
      stream.end(this.#head + body)
    }
  }
}

/** Note each event of a socket, in order. */
function watch(socket: Client, note: Note, name = ''): void {
  for (const type of ['upgrade', 'open', 'redirect', 'message', 'ping', 'pong', 'error', 'close']) {
    socket.on(type, (...args: unknown[]) => note(`${name}${type}`, socket.readyState, ...args))
  }
}

export const scenarios: Record<string, Scenario> = {
  'the statics and the prototype': ({ WebSocket, WebSocketServer, createWebSocketStream }, note) => {
    for (const name of ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'] as const) {
      note(WebSocket[name], WebSocket.prototype[name])
      for (const holder of [WebSocket, WebSocket.prototype]) {
        const property = Object.getOwnPropertyDescriptor(holder, name)
        note(property?.enumerable, property?.writable)
      }
    }
    note(WebSocket.name, WebSocketServer.name, typeof createWebSocketStream)
    for (const name of ['close', 'ping', 'pong', 'pause', 'resume', 'send', 'terminate'] as const)
      note(name, typeof WebSocket.prototype[name])
    for (const name of ['address', 'close', 'handleUpgrade', 'shouldHandle'] as const)
      note(name, typeof WebSocketServer.prototype[name])
  },

  'URLs and subprotocols that cannot be used': ({ WebSocket }, note) => {
    for (const url of ['foo', 'ftp://a', 'ws://a#b', 'mailto:a@b', 'ws+unix:'])
      note(
        url,
        thrown(() => new WebSocket(url)),
      )
    for (const protocols of [[''], ['a', 'a'], 'a b', ['é']])
      note(
        protocols,
        thrown(() => new WebSocket('ws://127.0.0.1:1', protocols)),
      )
    note(thrown(() => new WebSocket('ws://127.0.0.1:1', { protocolVersion: 1000 })))
  },

  'the forms in which data is sent': async (library, note) => {
    const { client, peer, end } = await pair(library)
    const given: unknown[] = [
      'text',
      '',
      0,
      12.5,
      null,
      undefined,
      false,
      [1, 2, 300],
      [],
      new Uint8Array([65]),
      new Uint16Array([0x4241]),
      new DataView(new ArrayBuffer(2)),
      Buffer.from('b'),
      new ArrayBuffer(1),
      ['65', 'b'],
      new Blob(['blob']),
      new Blob([]),
      { type: 'Buffer', data: [65] },
      Object('str'),
    ]
    for (const data of given) {
      const message = once(peer, 'message')
      client.send(data as never)
      note(typeof data === 'object' ? data?.constructor.name : data, ...(await message))
    }
    for (const data of [true, {}, 5n, Symbol.iterator, () => {}]) note(thrown(() => client.send(data as never)))
    await end()
  },

  'data with the options of send': async (library, note) => {
    const { client, peer, end } = await pair(library)
    const got = async (): Promise<void> => note(...(await once(peer, 'message')))
    client.send('text', { binary: true })
    await got()
    client.send(Buffer.from('bytes'), { binary: false })
    await got()
    client.send(null as never, { binary: false })
    await got()
    client.send('a', { fin: false })
    client.send('b', { fin: false, binary: true })
    client.send('c', { fin: true })
    await got()
    client.send('d', { compress: false, mask: true }, (error) => note('called back', error ?? 'no error'))
    await got()
    await end()
  },

  'the order of Blobs and what is sent behind them': async (library, note) => {
    const { client, peer, end } = await pair(library)
    const calls: unknown[] = []
    for (const [index, data] of ['a', new Blob(['b']), 'c', Buffer.from('d'), new Blob(['e'])].entries()) {
      client.send(data as never, (error) => calls.push([index, show(error ?? 'no error')]))
    }
    client.ping('p')
    client.close(1000, 'done')
    note(client.readyState)
    watch(peer, note)
    await Promise.all([event(client, 'close'), event(peer, 'close')])
    note(calls)
    await end()
  },

  'the bodies of pings and pongs': async (library, note) => {
    const { client, peer, end } = await pair(library)
    for (const data of [undefined, null, '', 0, 7, false, 'text', [1, 2], Buffer.from('b'), new ArrayBuffer(1)]) {
      for (const kind of ['ping', 'pong'] as const) {
        const heard = once(peer, kind)
        client[kind](data as never)
        note(kind, show(data), ...(await heard))
      }
    }
    for (const data of [true, {}, 'x'.repeat(126), Buffer.alloc(126), new Blob(['b']), new Blob(['x'.repeat(126)])]) {
      note(
        typeof data,
        thrown(() => client.ping(data as never)),
      )
      note(
        typeof data,
        thrown(() => client.pong(data as never)),
      )
    }
    const heard = once(peer, 'ping')
    client.ping('x', true, (error) => note('ping called back', error ?? 'no error'))
    await heard
    await end()
  },

  'codes and reasons that cannot be sent': async (library, note) => {
    const { client, end } = await pair(library)
    for (const code of [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, '1000', null, NaN, {}]) {
      note(
        show(code),
        thrown(() => client.close(code as never)),
        client.readyState,
      )
    }
    note(
      thrown(() => client.close(1000, 'x'.repeat(124))),
      client.readyState,
    )
    note(
      thrown(() => client.close(1000, Buffer.alloc(124))),
      client.readyState,
    )
    client.close(3000, 'é'.repeat(61))
    note(
      thrown(() => client.close(1)),
      client.readyState,
    )
    note(await event(client, 'close'))
    note(
      thrown(() => client.close(1)),
      client.readyState,
    )
    await end()
  },

  'closing with a code and a reason, without, and without a Close frame': async (library, note) => {
    const ways: [string, (socket: Client) => void][] = [
      ['code and reason', (socket) => socket.close(4000, 'why')],
      ['a Buffer', (socket) => socket.close(1000, Buffer.from('why'))],
      ['code', (socket) => socket.close(1001)],
      ['a reason alone', (socket) => socket.close(undefined, 'why')],
      ['nothing', (socket) => socket.close()],
      ['terminate', (socket) => socket.terminate()],
    ]
    for (const [name, way] of ways) {
      for (const side of ['client', 'peer'] as const) {
        const both = await pair(library)
        const { client, peer, end } = both
        const seen: unknown[][] = [[], []]
        for (const [index, socket] of [client, peer].entries()) {
          watch(socket, (...args) => seen[index]!.push(args.map(show)))
          socket.onclose = ({ type, code, reason, wasClean }) => void seen[index]!.push([type, code, reason, wasClean])
        }
        const closed = [event(client, 'close'), event(peer, 'close')]
        way(both[side])
        note(name, side, both[side].readyState)
        await Promise.all(closed)
        note(...seen)
        await end()
      }
    }
  },

  'sending while connecting, closing and closed': async (library, note) => {
    const { client, port, end } = await pair(library)
    const early = new library.WebSocket(`ws://127.0.0.1:${port}`)
    for (const kind of ['send', 'ping', 'pong'] as const)
      note(
        kind,
        thrown(() => early[kind]('x')),
      )
    early.pause()
    note(early.isPaused, early.bufferedAmount, early.readyState)
    const open = event(early, 'open')
    await open
    early.terminate()
    client.close()
    for (const kind of ['send', 'ping', 'pong'] as const) {
      const called = new Promise((resolve) => client[kind]('x', undefined as never, resolve as never))
      note(kind, await called)
      note(thrown(() => client[kind]('x')))
    }
    await event(client, 'close')
    note(await new Promise((resolve) => client.send('x', resolve as never)), client.readyState)
    note(await new Promise((resolve) => client.send('x', {}, resolve as never)))
    client.pause()
    note(client.isPaused)
    await end()
  },

  'an answer that is none, and a listener for it': async ({ WebSocket }, note) => {
    const { url, end } = await http(
      (_request, response) => void response.writeHead(401, { 'X-Why': 'token' }).end('go away'),
    )
    const refused = new WebSocket(url)
    watch(refused, note)
    await event(refused, 'close')
    const taken = new WebSocket(url)
    watch(taken, note, 'taken ')
    const [request, response] = (await event(taken, 'unexpected-response')) as [
      { destroy(): void; path: string },
      IncomingMessage,
    ]
    const body: Buffer[] = []
    for await (const chunk of response) body.push(chunk as Buffer)
    note(
      response.statusCode,
      response.headers['x-why'],
      Buffer.concat(body),
      typeof request.destroy,
      request.path,
      taken.readyState,
    )
    taken.terminate()
    note(taken.readyState)
    await event(taken, 'close')
    const destroyed = new WebSocket(url)
    watch(destroyed, note, 'destroyed ')
    destroyed.on('unexpected-response', (from: { destroy(error: Error): void }) =>
      from.destroy(new Error('not this way')),
    )
    await event(destroyed, 'error')
    end()
  },

  redirects: async ({ WebSocket, WebSocketServer }, note) => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    await once(server, 'listening')
    const target = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/there`
    const { url, end } = await http((request, response) => {
      const location = request.url === '/loop' ? '/loop' : target
      response.writeHead(302, { Location: location }).end()
    })
    const names = (text: unknown): unknown => (typeof text === 'string' ? text.replaceAll(/:\d+\//g, ':PORT/') : text)
    const follow = async (path: string, options: object, headers: string[] = []): Promise<void> => {
      const socket = new WebSocket(url + path, options)
      for (const type of ['open', 'error', 'close', 'unexpected-response'])
        socket.on(type, (...args: unknown[]) =>
          note(
            path,
            type,
            ...args.map(show).filter((one) => !(type === 'unexpected-response' && typeof one === 'object')),
          ),
        )
      socket.on('redirect', (to: string, request: { getHeader(name: string): unknown; path: string }) => {
        note(
          'redirect',
          names(to),
          names(socket.url),
          request.path,
          socket.readyState,
          ...headers.map((name) => request.getHeader(name)),
        )
      })
      socket.on('open', () => (note(names(socket.url)), socket.terminate()))
      socket.on('unexpected-response', () => socket.terminate())
      await event(socket, 'close')
    }
    await follow('', { followRedirects: true })
    await follow('', {})
    await follow('loop', { followRedirects: true, maxRedirects: 2 })
    await new Promise<void>((resolve) => server.close(() => resolve()))
    end()
  },

  'the answer that opens': async (library, note) => {
    const { port, server, end } = await pair(library, {
      server: { handleProtocols: (all: Set<string>) => [...all].at(-1)! },
    })
    server.on('headers', (headers: string[]) => (note(headers[0], headers.length), headers.push('X-More: yes')))
    const client = new library.WebSocket(`ws://127.0.0.1:${port}`, ['a', 'b'])
    client.on('upgrade', (response: IncomingMessage) =>
      note('upgrade', response.statusCode, response.headers['x-more'], client.readyState, client.protocol),
    )
    client.on('open', () => note('open', client.readyState, client.protocol, client.extensions))
    await event(client, 'open')
    client.terminate()
    const given = new library.WebSocket(`ws://127.0.0.1:${port}`, { protocols: ['c'] } as object)
    await event(given, 'open')
    note(given.protocol)
    given.terminate()
    await end()
  },

  'giving up': async (library, note) => {
    const { port, end } = await pair(library)
    for (const way of ['close', 'terminate'] as const) {
      const early = new library.WebSocket(`ws://127.0.0.1:${port}`)
      watch(early, note, `${way} `)
      early[way]()
      note(early.readyState)
      await event(early, 'close')
      const upgraded = new library.WebSocket(`ws://127.0.0.1:${port}`)
      watch(upgraded, note, `${way} in upgrade `)
      upgraded.on('upgrade', () => upgraded[way]())
      await event(upgraded, 'close')
    }
    const { url, end: endHttp, server } = await http(() => {})
    const slow = new library.WebSocket(url, { handshakeTimeout: 50 })
    watch(slow, note, 'slow ')
    await event(slow, 'close')
    server.closeAllConnections()
    endHttp()
    const nobody = new library.WebSocket('ws://127.0.0.1:1')
    watch(nobody, note, 'nobody ')
    await event(nobody, 'close')
    await end()
  },

  'a hand in the request': async (library, note) => {
    const { port, server, end } = await pair(library)
    const seen = once(server, 'connection')
    const client = new library.WebSocket(`ws://127.0.0.1:${port}`, {
      headers: { 'X-Of': 'options' },
      origin: 'http://a.test',
      auth: 'me:secret',
      finishRequest(request: { setHeader(name: string, value: string): void; end(): void }, socket: unknown) {
        note(socket instanceof library.WebSocket)
        request.setHeader('X-Late', 'yes')
        request.end()
      },
    } as object)
    const [, { headers }] = (await seen) as [Client, IncomingMessage]
    note(
      headers['x-of'],
      headers['x-late'],
      headers.origin,
      headers.authorization,
      headers['sec-websocket-version'],
      headers.upgrade,
      headers.connection,
    )
    await event(client, 'open')
    client.terminate()
    await end()
  },

  'the forms in which data arrives': async (library, note) => {
    const { client, peer, end } = await pair(library)
    const seen: unknown[] = []
    peer.addEventListener('message', ({ data, type, target }) => seen.push([show(data), type, target === peer]))
    for (const type of ['nodebuffer', 'arraybuffer', 'fragments', 'blob', 'nonsense'] as const) {
      peer.binaryType = type as never
      note(peer.binaryType)
      for (const data of ['text', Buffer.from('bytes')]) {
        const message = once(peer, 'message')
        client.send(data)
        note(...(await message))
      }
    }
    note(seen)
    await end()
  },

  'what a peer that breaks the protocol causes': async (library, note) => {
    const frames: Record<string, number[]> = {
      'not masked': [0x81, 0],
      RSV1: [0xc1, 0x80, 0, 0, 0, 0],
      RSV2: [0xa1, 0x80, 0, 0, 0, 0],
      'opcode 3': [0x83, 0x80, 0, 0, 0, 0],
      'a ping in fragments': [0x09, 0x80, 0, 0, 0, 0],
      'a ping of 126 bytes': [0x89, 0xfe, 0, 126, 0, 0, 0, 0],
      'a continuation of nothing': [0x80, 0x80, 0, 0, 0, 0],
      'a message in a message': [0x01, 0x80, 0, 0, 0, 0, 0x81, 0x80, 0, 0, 0, 0],
      'a Close of one byte': [0x88, 0x81, 0, 0, 0, 0, 1],
      'a Close with 1006': [0x88, 0x82, 0, 0, 0, 0, 3, 0xee],
      'a Close with a bad reason': [0x88, 0x83, 0, 0, 0, 0, 3, 0xe8, 0xff],
      'no UTF-8': [0x81, 0x81, 0, 0, 0, 0, 0xff],
      'too long': [0x82, 0xfe, 4, 1, 0, 0, 0, 0],
    }
    for (const [name, bytes] of Object.entries(frames)) {
      const { server, port, end } = await pair(library, { server: { maxPayload: 1024 } })
      const connected = once(server, 'connection')
      const stream = connect(port, '127.0.0.1')
      stream.write(
        'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
      )
      const [peer] = (await connected) as [Client]
      const events: unknown[] = []
      peer.on('error', (error: NodeJS.ErrnoException) => events.push('error', error.code, peer.readyState))
      peer.on('close', (code: number, reason: Buffer) => events.push('close', code, show(reason)))
      const closed = event(peer, 'close')
      const received: Buffer[] = []
      stream.on('data', (chunk: Buffer) => received.push(chunk))
      stream.write(Buffer.from(bytes))
      await once(stream, 'end')
      stream.end()
      await closed
      const answer = Buffer.concat(received)
      const close = answer.subarray(answer.indexOf('\r\n\r\n') + 4)
      note(name, events, close[0], close.readUInt16BE(2))
      await end()
    }
  },

  'refusing a handshake': async (library, note) => {
    const request = async (
      options: object,
      headers: Record<string, string | undefined>,
      method = 'GET',
    ): Promise<void> => {
      const { port, end } = await pair(library, { server: { ...options, clientTracking: false } })
      const fields = {
        Host: 'a',
        Upgrade: 'websocket',
        Connection: 'Upgrade',
        'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
        'Sec-WebSocket-Version': '13',
        ...headers,
      }
      const lines = Object.entries(fields).flatMap(([name, value]) =>
        value === undefined ? [] : [`${name}: ${value}\r\n`],
      )
      const stream = connect(port, '127.0.0.1')
      stream.write(`${method} /x HTTP/1.1\r\n${lines.join('')}\r\n`)
      let answer = ''
      stream.on('data', (chunk: Buffer) => (answer += chunk.toString()))
      await once(stream, 'close')
      note(method, Object.values(headers), answer.split('\r\n')[0])
      await end()
    }
    await request({}, {}, 'POST')
    await request({}, { Upgrade: 'h2c' })
    await request({}, { 'Sec-WebSocket-Key': 'x' })
    await request({}, { 'Sec-WebSocket-Key': undefined })
    let count = 0
    const deny = { verifyClient: () => count++ === 0 }
    await request(deny, {})
    count = 0
    await request(
      {
        verifyClient: (_info: unknown, done: (...args: unknown[]) => void) =>
          done(count++ === 0, 403, 'not you', { 'X-A': 'b' }),
      },
      {},
    )
  },

  'a server’s options': async (library, note) => {
    const { WebSocketServer } = library
    for (const options of [{}, { port: 0, noServer: true }, { server: createServer(), noServer: true }, undefined])
      note(thrown(() => new WebSocketServer(options as never)))
    const none = new WebSocketServer({ noServer: true })
    note(
      thrown(() => none.address()),
      none.clients?.size,
      none.options.noServer,
      none.options.maxPayload,
      none.options.path ?? null,
      none.options.clientTracking,
    )
    note(new WebSocketServer({ noServer: true, clientTracking: false }).clients)
    const { server, peer, request, client, end } = await pair(library)
    note(
      server.clients!.has(peer),
      server.clients!.size,
      request.url,
      typeof (server.address() as AddressInfo).port,
      server.options.host,
    )
    note(
      client instanceof library.WebSocket,
      peer instanceof library.WebSocket,
      peer.url,
      peer.protocol,
      peer.readyState,
      peer.bufferedAmount,
    )
    class Mine extends library.WebSocket {
      mine = true
    }
    const other = await pair(library, { server: { WebSocket: Mine } })
    note(other.peer instanceof Mine, (other.peer as Mine).mine)
    await other.end()
    await end()
  },

  'the HTTP server of somebody else': async ({ WebSocketServer, WebSocket }, note) => {
    const http = createServer()
    const server = new WebSocketServer({ server: http })
    server.on('listening', () => note('listening'))
    server.on('error', (error: unknown) => note('error', error))
    http.listen(0, '127.0.0.1')
    await once(http, 'listening')
    http.emit('error', new TypeError('of the server'))
    const { port } = server.address() as AddressInfo
    const connected = once(server, 'connection')
    const client = new WebSocket(`ws://127.0.0.1:${port}/`)
    const [peer] = (await connected) as [Client]
    await event(client, 'open')
    note(peer._socket?.constructor.name, (peer._socket as Socket).remoteAddress, typeof client._socket?.write)
    const closed = event(server, 'close')
    server.close()
    client.close()
    await closed
    note(http.listening, http.listenerCount('listening'), http.listenerCount('error'), http.listenerCount('upgrade'))
    http.close()
  },

  'closing a server': async (library, note) => {
    const { server, client, peer } = await pair(library)
    server.on('close', () => note('close'))
    server.close((error) => note('closed', error))
    note(client.readyState, peer.readyState, server.address())
    client.terminate()
    await event(server, 'close')
    await new Promise<void>((resolve) => server.close((error) => (note(error), resolve())))
    const late = new library.WebSocketServer({ noServer: true })
    await new Promise<void>((resolve) => late.close(() => resolve()))
    note('closed')
  },

  listeners: async (library, note) => {
    const { client, peer, end } = await pair(library)
    const listener = ({ data }: { data?: unknown }): void => note('listener', data)
    peer.addEventListener('message', listener)
    peer.addEventListener('message', listener)
    peer.onmessage = listener
    note(peer.listenerCount('message'), peer.onmessage === listener)
    peer.addEventListener('message', { handleEvent: (seen: { type: string }) => note('object', seen.type) })
    peer.addEventListener('message', ({ type }) => note('once', type), { once: true })
    peer.addEventListener('nonsense', listener)
    note(peer.listenerCount('nonsense'))
    const message = async (text: string): Promise<void> => {
      const heard = once(peer, 'message')
      client.send(text)
      await heard
    }
    await message('1')
    await message('2')
    peer.removeEventListener('message', listener)
    await message('3')
    peer.onmessage = null
    note(peer.onmessage, peer.listenerCount('message'))
    peer.onopen = 'no function' as never
    note(peer.onopen)
    peer.onmessage = function (this: unknown) {
      note(this === peer)
    }
    await message('4')
    peer.removeAllListeners('message')
    note(peer.onmessage)
    await end()
  },

  pausing: async (library, note) => {
    const { client, peer, end } = await pair(library)
    peer.pause()
    note(peer.isPaused)
    const heard = once(peer, 'message')
    client.send('x')
    await new Promise((resolve) => client.send('y', resolve as never))
    peer.resume()
    note(peer.isPaused, ...(await heard))
    await end()
  },

  'a stream': async (library, note) => {
    const { client, peer, end } = await pair(library)
    const stream = library.createWebSocketStream(client, { encoding: 'utf8' })
    peer.on('message', (data: Buffer, isBinary: boolean) => (note(data, isBinary), peer.send(data)))
    const closed = event(stream as never, 'close')
    stream.on('data', (data: unknown) => (note(data), stream.end()))
    for (const type of ['end', 'close']) stream.on(type, () => note(type))
    stream.write('hello')
    await closed
    await end()
  },
}
