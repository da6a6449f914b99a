/** One suite against `ws` and against `barewire/ws`, in all four pairs of client and server. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type AddressInfo, type NetConnectOpts, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import * as theirs from 'ws'
import * as ours from '../../src/ws/index.ts'

type Library = typeof ours

const libraries: readonly (readonly [string, Library])[] = [
  ['ws', theirs as unknown as Library],
  ['barewire/ws', ours],
]

const pairs = libraries.flatMap(([server, Server]) =>
  libraries.map(([client, Client]) => ({ server, client, Server, Client })),
)

async function listen(library: Library, options: object = {}) {
  const server = new library.WebSocketServer({ port: 0, host: '127.0.0.1', ...options })
  await once(server, 'listening')
  return { server, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/chat` }
}

/** The arguments of 'close'. `once` would listen to 'error' too, and reject with it. */
function closeOf(socket: ours.WebSocket): Promise<[number, Buffer]> {
  return new Promise((resolve) => socket.once('close', (code: number, reason: Buffer) => resolve([code, reason])))
}

function close(server: { close(done: () => void): void }): Promise<void> {
  return new Promise((resolve) => server.close(resolve))
}

describe.each(pairs)('A server of $server and a client of $client', ({ Server, Client }) => {
  it('send each other text as Buffers that are not binary, and binary as Buffers that are', async () => {
    const { server, url } = await listen(Server)
    server.on('connection', (socket: ours.WebSocket) => {
      socket.on('message', (data: Buffer, isBinary: boolean) => socket.send(data, { binary: isBinary }))
    })
    const client = new Client.WebSocket(url)
    await once(client, 'open')
    client.send('grüße')
    expect(await once(client, 'message')).toEqual([Buffer.from('grüße'), false])
    client.send(Buffer.from([1, 2, 3]))
    expect(await once(client, 'message')).toEqual([Buffer.from([1, 2, 3]), true])
    client.send(5 as never)
    expect(await once(client, 'message')).toEqual([Buffer.from('5'), false])
    client.close(3000, 'done')
    expect((await closeOf(client))[0]).toBe(3000)
    await close(server)
  })

  it('agree on a subprotocol and on permessage-deflate', async () => {
    const { server, url } = await listen(Server, {
      perMessageDeflate: true,
      handleProtocols: (offered: Set<string>) => (offered.has('b') ? 'b' : false),
    })
    const connected = once(server, 'connection')
    const client = new Client.WebSocket(url, ['a', 'b'])
    await once(client, 'open')
    const [socket, request] = (await connected) as [ours.WebSocket, { url: string }]
    expect([client.protocol, socket.protocol, request.url]).toEqual(['b', 'b', '/chat'])
    expect([client.extensions, socket.extensions]).toEqual(['permessage-deflate', 'permessage-deflate'])
    const text = 'compress me '.repeat(1000)
    socket.send(text)
    expect(String((await once(client, 'message'))[0])).toBe(text)
    client.terminate()
    expect((await closeOf(socket))[0]).toBe(1006)
    await close(server)
  })

  it('send fragments, pings and pongs, and call back once for each', async () => {
    const { server, url } = await listen(Server)
    const connected = once(server, 'connection')
    const client = new Client.WebSocket(url)
    await once(client, 'open')
    const [socket] = (await connected) as [ours.WebSocket]
    const message = once(socket, 'message')
    client.send('one ', { fin: false })
    client.send('two', { fin: true })
    expect(String((await message)[0])).toBe('one two')
    const pong = once(client, 'pong')
    const called: unknown[] = []
    client.ping('there?', undefined, (error) => called.push(error))
    expect(String((await pong)[0])).toBe('there?')
    expect(called.map((error) => error ?? undefined)).toEqual([undefined])
    client.close()
    expect((await closeOf(socket))[0]).toBe(1005)
    const failed = await new Promise<Error | undefined>((resolve) => socket.send('late', resolve))
    expect(failed).toBeInstanceOf(Error)
    await close(server)
  })

  it('tell of a refused handshake by error and then close with 1006', async () => {
    const { server, url } = await listen(Server, { verifyClient: () => false })
    const client = new Client.WebSocket(url)
    const events: string[] = []
    client.on('error', (error: Error) => events.push(`error ${/401/.test(error.message)}`))
    client.on('close', (code: number) => events.push(`close ${code}`))
    await closeOf(client)
    expect(events).toEqual(['error true', 'close 1006'])
    await close(server)
  })

  it('serve the browser’s interface: on…, addEventListener with once, readyState and its constants', async () => {
    const { server, url } = await listen(Server)
    server.on('connection', (socket: ours.WebSocket) => {
      socket.onmessage = ({ data }) => socket.send(`echo ${String(data)}`)
    })
    const client = new Client.WebSocket(url)
    expect([client.readyState, Client.WebSocket.CONNECTING, client.OPEN]).toEqual([0, 0, 1])
    expect(() => client.send('too early')).toThrow(/CONNECTING/)
    await new Promise<void>((resolve) => (client.onopen = () => resolve()))
    const seen: unknown[] = []
    client.addEventListener('message', ({ data }) => seen.push(data), { once: true })
    client.onmessage = ({ data }) => {
      if (data === 'echo 2') client.close(1000)
    }
    client.send('1')
    client.send('2')
    const [code] = await closeOf(client)
    expect([code, seen, client.readyState]).toEqual([1000, ['echo 1'], 3])
    await close(server)
  })

  it.each(['terminate', 'close'] as const)('do not open when the client gives up by %s in upgrade', async (way) => {
    const { server, url } = await listen(Server)
    const connected = once(server, 'connection') as Promise<[ours.WebSocket]>
    const client = new Client.WebSocket(url)
    const events: string[] = []
    for (const name of ['open', 'message', 'error', 'close']) {
      client.on(name, (what?: Error | number) => {
        events.push(`${name} ${what instanceof Error ? what.message : String(what)}`)
      })
    }
    const states: number[] = []
    client.on('upgrade', () => {
      client[way]()
      states.push(client.readyState)
    })
    const [socket] = await connected
    socket.send('early')
    const [, [code]] = await Promise.all([closeOf(client), closeOf(socket)])
    expect([states, client.readyState, code]).toEqual([[2], 3, 1006])
    expect(events).toEqual(['error WebSocket was closed before the connection was established', 'close 1006'])
    await close(server)
  })

  it('make a Duplex stream that carries bytes both ways and ends with the connection', async () => {
    const { server, url } = await listen(Server)
    server.on('connection', (socket: ours.WebSocket) => {
      const stream = Server.createWebSocketStream(socket)
      stream.pipe(stream)
    })
    const stream = Client.createWebSocketStream(new Client.WebSocket(url), { encoding: 'utf8' })
    stream.write('through and back')
    expect((await once(stream, 'data'))[0]).toBe('through and back')
    stream.end()
    await once(stream, 'close')
    await close(server)
  })
})

describe('barewire/ws', () => {
  it('takes a promise from verifyClient for what it resolves to, where ws lets everybody in', async () => {
    const { server, url } = await listen(ours, { verifyClient: async () => false })
    const client = new ours.WebSocket(url)
    client.on('error', () => {})
    expect((await closeOf(client))[0]).toBe(1006)
    await close(server)
  })

  it('leaves the upgrades of other paths to other servers on the same HTTP server', async () => {
    const http = createServer()
    const servers = ['/a', '/b'].map((path) => new ours.WebSocketServer({ server: http, path }))
    for (const server of servers) server.on('connection', (socket: ours.WebSocket) => socket.send(server.options.path!))
    await once(http.listen(0, '127.0.0.1'), 'listening')
    for (const path of ['/b', '/a']) {
      const client = new ours.WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}${path}`)
      expect(String((await once(client, 'message'))[0])).toBe(path)
      client.terminate()
    }
    for (const server of servers) await close(server)
    http.close()
  })

  it('does not open when it is given up between the answer and its open event', async () => {
    const { server, url } = await listen(ours)
    const events: string[] = []
    // Node lets go of the stream when it has read the answer; the next tick comes before any promise.
    const createConnection = (options: object): Socket => {
      const stream = connect(options as NetConnectOpts)
      stream.on('agentRemove', () => process.nextTick(() => client.terminate()))
      return stream
    }
    const client = new ours.WebSocket(url, { createConnection: createConnection as never })
    for (const name of ['upgrade', 'open', 'error', 'close']) client.on(name, () => events.push(name))
    await closeOf(client)
    expect(events).toEqual(['error', 'close'])
    await close(server)
  })

  it('does not need an error listener to survive a peer that breaks the protocol', async () => {
    const { server, url } = await listen(ours)
    const connected = once(server, 'connection')
    const client = new theirs.WebSocket(url)
    client.on('error', () => {})
    await once(client, 'open')
    const [socket] = (await connected) as [ours.WebSocket]
    const closed = closeOf(socket)
    // RFC 6455 5.2: RSV3 without an extension.
    ;(client as unknown as { _socket: { write(bytes: Uint8Array): void } })._socket.write(
      Uint8Array.of(0x91, 0x80, 0, 0, 0, 0),
    )
    expect((await closed)[0]).toBe(1006)
    await close(server)
  })

  it('puts further header lines into the answer and refuses those that would break it', async () => {
    const { server, url } = await listen(ours)
    server.once('headers', (lines: string[]) => lines.push('X-Served-By: barewire'))
    const client = new theirs.WebSocket(url)
    const [response] = (await once(client, 'upgrade')) as [{ headers: Record<string, string> }]
    expect(response.headers['x-served-by']).toBe('barewire')
    client.terminate()
    server.once('headers', (lines: string[]) => lines.push('X: 1\r\nSet-Cookie: stolen'))
    const other = new theirs.WebSocket(url)
    const [error] = (await once(other, 'error')) as [Error]
    expect(error.message).toContain('500')
    await close(server)
  })

  it('wants exactly one of port, server and noServer', () => {
    expect(() => new ours.WebSocketServer({})).toThrow(TypeError)
    expect(() => new ours.WebSocketServer({ port: 0, noServer: true })).toThrow(TypeError)
  })
})
