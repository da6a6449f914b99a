import { mkdtempSync, rmSync } from 'node:fs'
import { createServer as createTcpServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import { makeSelfSigned } from '../../src/cli/self-signed.ts'
import { WebSocketServer } from '../../src/node/server.ts'
import type { Socket } from '../../src/node/socket.ts'
import { clientFrame, RawClient, requestHead } from '../support/raw-client.ts'
import { serve } from '../support/serve.ts'

const echo = { message: (socket: Socket, message: string | Uint8Array) => void socket.send(message) }

describe('A server', () => {
  it('echoes text as text and binary as binary (RFC 6455 5.6)', async () => {
    const { port, server } = await serve(echo)
    const client = await RawClient.open(port)
    client.send(clientFrame(1, 'Hällo'), clientFrame(2, Buffer.from([0, 255])))
    const [text, binary] = await client.take(2)
    expect([text!.opcode, text!.payload.toString()]).toEqual([1, 'Hällo'])
    expect([binary!.opcode, [...binary!.payload]]).toEqual([2, [0, 255]])
    expect(server.clients.size).toBe(1)
    client.destroy()
  })

  it('tells each end once, with code, reason, cause and whether it was clean (RFC 6455 7.1.5)', async () => {
    const { port, closed, server } = await serve(echo)
    const ends: [(client: RawClient) => unknown, object][] = [
      [
        (client) => client.send(clientFrame(8, Buffer.from('\x03\xe9bye', 'latin1'))),
        { code: 1001, reason: 'bye', clean: true, cause: 'peer' },
      ],
      [(client) => client.send(clientFrame(8)), { code: 1005, reason: '', clean: true, cause: 'peer' }],
      [(client) => client.send(clientFrame(3)), { code: 1002, clean: false, cause: 'protocol' }],
      [(client) => client.send(clientFrame(1, Buffer.from([0xff]))), { code: 1007, clean: false, cause: 'protocol' }],
      [(client) => client.socket.end(), { code: 1006, reason: '', clean: false, cause: 'transport' }],
      [
        (client) => client.reset(),
        { code: 1006, clean: false, cause: 'transport', error: expect.objectContaining({ code: 'ECONNRESET' }) },
      ],
    ]
    for (const [index, [end, outcome]] of ends.entries()) {
      const client = await RawClient.open(port)
      end(client)
      client.socket.once('end', () => client.socket.end())
      expect(await closed(index)).toMatchObject(outcome)
      client.destroy()
    }
    expect(server.clients.size).toBe(0)
  })

  it('ends TCP first once both have closed, and drops who does not follow (RFC 6455 7.1.1)', async () => {
    const { port, closed } = await serve({ closeTimeout: 200 })
    const client = await RawClient.open(port)
    client.socket.allowHalfOpen = true
    client.send(clientFrame(8, Buffer.from([3, 232])))
    expect(await client.closeCode()).toBe(1000)
    await client.ended()
    // It never ends its own side, and may still talk: nobody listens.
    client.send(clientFrame(1, 'more'))
    expect(await closed()).toMatchObject({ code: 1000, clean: true, cause: 'peer' })
    client.destroy()
  })

  it('cuts off a peer that does not answer its Close frame, with 1006 (RFC 6455 7.1.5)', async () => {
    const { port, opened, closed } = await serve({ closeTimeout: 150 })
    const client = await RawClient.open(port)
    const socket = await opened()
    socket.close(4001, 'go')
    expect(await client.closeCode()).toBe(4001)
    client.send(clientFrame(1, 'still here'))
    expect(await closed()).toMatchObject({ code: 1006, clean: false, cause: 'timeout' })
    expect(socket.readyState).toBe(3)
    await client.closed()
  })

  it('refuses what is over its limits, from the announced length (RFC 6455 10.4)', async () => {
    const { port, closed } = await serve({ maxPayload: 1000, maxFragments: 3 })
    const big = await RawClient.open(port)
    big.send(clientFrame(2, new Uint8Array(1001)).subarray(0, 8))
    expect(await big.closeCode()).toBe(1009)
    big.destroy()
    expect(await closed()).toMatchObject({ code: 1009, cause: 'protocol' })
    const cut = await RawClient.open(port)
    cut.send(clientFrame(2, '', { fin: false }), ...[1, 2, 3].map(() => clientFrame(0, '', { fin: false })))
    expect(await cut.closeCode()).toBe(1008)
    cut.destroy()
  })

  it('hands text over as bytes where asked', async () => {
    const messages: unknown[] = []
    const { port } = await serve({ text: 'bytes', message: (socket, ...rest) => messages.push(rest) && socket.close() })
    const client = await RawClient.open(port)
    client.send(clientFrame(1, 'é'), clientFrame(2, 'x'))
    await client.closeCode()
    expect(messages[0]).toEqual([new Uint8Array([0xc3, 0xa9]), true])
    client.destroy()
  })

  it('listens on a Unix socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'barewire-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const path = join(folder, 'ws.sock')
    const server = new WebSocketServer(echo)
    await server.listen({ path })
    expect(server.address()).toBe(path)
    const client = await RawClient.open(path, { headers: { Host: 'localhost' } })
    client.send(clientFrame(1, 'over a file'))
    expect((await client.take(1))[0]!.payload.toString()).toBe('over a file')
    const [socket] = server.clients
    expect(socket!.remoteAddress).toBeUndefined()
    client.destroy()
    await server.shutdown({ deadlineMs: 0 })
  })

  it('speaks TLS, big messages in both directions included', async () => {
    const { key, cert } = makeSelfSigned(['127.0.0.1'], Date.now())
    const { port, closed } = await serve({ ...echo, tls: { key, cert } })
    const tls = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
    const client = new RawClient(port, tls)
    client.send(requestHead())
    await client.head()
    const big = Buffer.alloc(1_000_000, 'barewire')
    client.send(clientFrame(2, big), clientFrame(1, 'small'), clientFrame(9, 'p'))
    const [first, second, third] = await client.take(3)
    expect(first!.payload.equals(big)).toBe(true)
    expect([second!.payload.toString(), third!.opcode]).toEqual(['small', 10])
    client.send(clientFrame(8, Buffer.from([3, 232])))
    await client.ended()
    expect(await closed()).toMatchObject({ code: 1000, clean: true })
  })

  it('ends a connection that does not get through its TLS handshake in time', async () => {
    const { key, cert } = makeSelfSigned(['127.0.0.1'], Date.now())
    const { port } = await serve({ tls: { key, cert }, handshakeTimeout: 300 })
    const client = new RawClient(port)
    await client.ended()
    expect(client.hasEnded || client.isClosed).toBe(true)
    client.destroy()
  })

  it('says so when it cannot listen, and may try again', async () => {
    const other = createTcpServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as AddressInfo
    const server = new WebSocketServer()
    expect(server.address()).toBeNull()
    await expect(server.listen(port, '127.0.0.1')).rejects.toThrow(/EADDRINUSE/)
    await server.listen(0, '127.0.0.1')
    await expect(server.listen(0)).rejects.toThrow('listen was called already')
    await server[Symbol.asyncDispose]()
    other.close()
  })
})

describe('A handler that throws or rejects', () => {
  const mistakes = {
    open: (socket: Socket) => fail(socket),
    message: (socket: Socket) => fail(socket),
    ping: (socket: Socket) => fail(socket),
    pong: (socket: Socket) => fail(socket),
  }
  const fail = (_socket: unknown): never => {
    throw new Error('mine')
  }

  it.each(Object.keys(mistakes) as (keyof typeof mistakes)[])(
    '(%s) closes its socket with 1011, and no other, without an error handler',
    async (name) => {
      for (const isAsync of [false, true]) {
        let calls = 0
        const handler = isAsync ? async (socket: Socket) => fail(socket) : mistakes[name]
        const { port, closed } = await serve({
          [name]: (socket: Socket) => (name === 'open' && calls++ > 0 ? undefined : handler(socket)),
        })
        const bad = await RawClient.open(port)
        const good = await RawClient.open(port)
        bad.send(clientFrame(1, 'x'), clientFrame(9), clientFrame(10))
        expect(await bad.closeCode()).toBe(1011)
        bad.destroy()
        expect(await closed()).toMatchObject({ code: 1011, clean: false, cause: 'local', error: new Error('mine') })
        if (name !== 'ping') {
          good.send(clientFrame(9, 'alive'))
          expect((await good.take(1))[0]!.payload.toString()).toBe('alive')
        }
        good.destroy()
      }
    },
  )

  it.each(Object.keys(mistakes) as (keyof typeof mistakes)[])(
    '(%s) is told to the error handler with its socket, and nothing stops',
    async (name) => {
      const errors: [unknown, unknown][] = []
      const { port, sockets, opened } = await serve({
        ...echo,
        [name]: mistakes[name],
        error: (error, socket) => void errors.push([error, socket]),
      })
      const client = await RawClient.open(port)
      client.send(clientFrame(10), clientFrame(9, 'p'), clientFrame(1, 'x'), clientFrame(9, 'q'))
      await opened()
      await client.until(() => client.frames.some(({ payload }) => payload.toString() === 'q'))
      expect(errors.length).toBeGreaterThan(0)
      expect(errors[0]).toEqual([new Error('mine'), sockets[0]])
      client.destroy()
    },
  )

  it('(close) harms nobody', async () => {
    for (const close of [fail, async (socket: unknown) => fail(socket)]) {
      const { port, closed, server } = await serve({ close })
      const client = await RawClient.open(port)
      client.destroy()
      await closed()
      const next = await RawClient.open(port)
      next.send(clientFrame(9))
      await next.take(1)
      expect(server.clients.size).toBe(1)
      next.destroy()
    }
  })

  it('(error itself) closes the socket it was about', async () => {
    const { port } = await serve({ message: fail, error: fail })
    const client = await RawClient.open(port)
    client.send(clientFrame(1, 'x'))
    expect(await client.closeCode()).toBe(1011)
    client.destroy()
  })
})

describe('From the open handler on', () => {
  it('a socket may send, pause, close and terminate', async () => {
    const acts: ((socket: Socket) => unknown)[] = [
      (socket) => socket.send('welcome'),
      (socket) => {
        socket.pause()
        socket.resume()
        socket.send('welcome')
      },
      (socket) => socket.close(4000, 'not you'),
      (socket) => socket.terminate(),
    ]
    let index = 0
    const { port, closed } = await serve({ ...echo, open: (socket) => acts[index++]!(socket) })
    for (const expected of ['welcome', 'welcome']) {
      const client = await RawClient.open(port, { early: clientFrame(1, 'early') })
      const [first, second] = await client.take(2)
      expect([first!.payload.toString(), second!.payload.toString()]).toEqual([expected, 'early'])
      client.destroy()
    }
    const refused = await RawClient.open(port, { early: clientFrame(1, 'early') })
    expect(await refused.closeCode()).toBe(4000)
    refused.destroy()
    const dropped = new RawClient(port).send(requestHead())
    await dropped.closed()
    expect(await closed(3)).toMatchObject({ code: 1006 })
  })
})
