import { createServer } from 'node:http'
import { connect } from 'node:net'
import { Duplex, PassThrough } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { makeSelfSigned } from '../../src/cli/self-signed.ts'
import { ConnectionGate } from '../../src/node/connection-gate.ts'
import { HANDSHAKES_A_TURN } from '../../src/node/turn-pace.ts'
import { clientFrame, RawClient, requestHead } from '../support/raw-client.ts'
import { serve } from '../support/serve.ts'
import { TurnLog } from '../support/turns.ts'

const { key, cert } = makeSelfSigned(['127.0.0.1'], Date.now())
const echo = {
  message: (socket: { send(message: string | Uint8Array): unknown }, message: string | Uint8Array) =>
    void socket.send(message),
}
const LINE = 'PROXY TCP4 203.0.113.9 10.0.0.1 4711 80\r\n'

/** What a client of TLS says first. */
function clientHello(): Promise<Buffer> {
  return new Promise((resolve) => {
    const wire = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        resolve(chunk)
        done()
      },
    })
    connectTls({ socket: wire })
  })
}

describe('A connection from a proxy', () => {
  it('tells its client first, in one piece or byte by byte', async () => {
    const { port, opened } = await serve({ ...echo, trustProxy: ['127.0.0.1'], proxyProtocol: true })
    for (const [index, cut] of [0, 1].entries()) {
      const client = new RawClient(port)
      const head = Buffer.from(LINE + requestHead())
      if (cut === 0) client.send(head)
      else for (const byte of head) client.send(Buffer.of(byte))
      await client.head()
      expect((await opened(index)).remoteAddress).toBe('203.0.113.9')
      client.send(clientFrame(1, 'hi'))
      expect((await client.take(1))[0]!.payload.toString()).toBe('hi')
      client.destroy()
    }
  })

  it('is dropped without that, and when it keeps silent', async () => {
    const { port } = await serve({ trustProxy: ['127.0.0.1'], proxyProtocol: true, handshakeTimeout: 200 })
    const plain = new RawClient(port).send(requestHead())
    await expect(plain.head()).rejects.toThrow('closed')
    const silent = new RawClient(port)
    await silent.closed()
  })

  it('is nobody special where its address was not named', async () => {
    const { port, opened } = await serve({ trustProxy: ['192.0.2.1'], proxyProtocol: true })
    const client = await RawClient.open(port)
    expect((await opened()).remoteAddress).toBe('127.0.0.1')
    client.destroy()
    const liar = new RawClient(port).send(LINE, requestHead())
    expect(await liar.head()).toMatch(/^HTTP\/1\.1 400 /)
    liar.destroy()
  })

  it('may go on with TLS', async () => {
    const { port, opened } = await serve({
      ...echo,
      tls: { key, cert },
      trustProxy: ['127.0.0.1'],
      proxyProtocol: true,
    })
    const tcp = connect(port, '127.0.0.1')
    tcp.write(LINE)
    const client = new RawClient(0, connectTls({ socket: tcp, rejectUnauthorized: false }) as never)
    client.send(requestHead())
    await client.head()
    expect((await opened()).remoteAddress).toBe('203.0.113.9')
    client.destroy()
  })

  it('needs the addresses of the proxies', async () => {
    await expect(serve({ proxyProtocol: true })).rejects.toThrow(/trustProxy/)
  })
})

describe('A storm of TLS handshakes', () => {
  it('begins a few in each turn of the event loop, in the order they came', async () => {
    const log = new TurnLog()
    const begun: number[] = []
    const server = createServer().removeAllListeners('connection')
    const wires = Array.from({ length: 40 }, () => new PassThrough())
    const done = new Promise<void>((resolve) => {
      server.on('connection', (socket: Duplex) => {
        begun.push(wires.indexOf(socket as PassThrough))
        log.note()
        expect(socket.read()).toEqual(Buffer.of(0x16))
        if (begun.length === wires.length) resolve()
      })
    })
    const gate = new ConnectionGate(server, { proxies: undefined, isTls: true, timeout: 10_000 })
    for (const wire of wires) server.emit('connection', wire as never)
    for (const wire of wires) wire.write(Buffer.of(0x16))
    await done
    expect(begun).toEqual(wires.map((_wire, index) => index))
    expect(log.most).toBe(HANDSHAKES_A_TURN)
    gate.drop()
    expect(wires.every((wire) => wire.destroyed)).toBe(true)
  })

  it('gets through as a whole', async () => {
    const { port, server } = await serve({ ...echo, tls: { key, cert } })
    const storm = Array.from({ length: 40 }, () =>
      new RawClient(0, connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }) as never).send(requestHead()),
    )
    await Promise.all(storm.map((client) => client.head()))
    expect(server.clients.size).toBe(40)
    for (const client of storm) client.destroy()
  })

  it('leaves nobody waiting behind connections that say nothing', async () => {
    const { port, server } = await serve({ ...echo, tls: { key, cert }, handshakeTimeout: 500 })
    const silent = Array.from({ length: 20 }, () => new RawClient(port))
    const client = new RawClient(0, connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }) as never)
    client.send(requestHead())
    await client.head()
    await Promise.all(silent.map((one) => one.closed()))
    client.destroy()
    const late = new RawClient(port)
    await server.shutdown({ deadlineMs: 100 })
    await late.closed()
  })

  it.each([false, true])(
    'is not waited for at the end: half a ClientHello is dropped at the deadline (http2: %s)',
    async (http2) => {
      const { port, server } = await serve({ tls: { key, cert }, http2, handshakeTimeout: 60_000 })
      const hello = await clientHello()
      const half = new RawClient(port).send(hello.subarray(0, hello.length >> 1))
      // Whoever comes later has its handshake done later: then the other one's is under way.
      const whole = new RawClient(0, connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }) as never)
      whole.send(requestHead())
      await whole.head()
      await server.shutdown({ deadlineMs: 0 })
      await half.closed()
      await whole.closed()
    },
  )
})
