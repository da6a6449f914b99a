/** Every way to a server carries messages both ways, not only a handshake. RFC 6455 4.1, items 2 to 5; RFC 8305. */
import { once } from 'node:events'
import { createServer as createProxy, type Server } from 'node:http'
import { Agent, createServer as createSecureProxy } from 'node:https'
import { connect as connectTcp, type AddressInfo, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import { makeSelfSigned } from '../../src/cli/self-signed.ts'
import type { WebSocketOptions } from '../../src/node/client-options.ts'
import { WebSocket } from '../../src/node/websocket.ts'
import { serve } from '../support/serve.ts'

const tls = makeSelfSigned(['chat.test', '127.0.0.1'], Date.now())
const trusting = { ca: tls.cert }

/** The port of a server that sends back what comes. */
async function echo(options: { tls?: typeof tls } = {}): Promise<number> {
  const { port } = await serve({ ...options, message: (socket, message) => void socket.send(message) })
  return port
}

/** The URL of a proxy that leads to `port`, whatever is asked for. */
async function proxyTo(port: number, proxy: Server, scheme: 'http' | 'https'): Promise<string> {
  proxy.on('connect', (_request, socket: Socket) => {
    const upstream = connectTcp(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      socket.pipe(upstream).pipe(socket)
    })
    for (const one of [socket, upstream]) one.on('error', () => one.destroy())
    socket.on('close', () => upstream.destroy())
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  onTestFinished(() => {
    proxy.close()
    proxy.closeAllConnections()
  })
  return `${scheme}://127.0.0.1:${(proxy.address() as AddressInfo).port}`
}

/** Send bytes of all lengths, some of them over many reads, and get them back. */
async function talk(url: string, options: WebSocketOptions): Promise<void> {
  const socket = await WebSocket.connect(url, { perMessageDeflate: false, ...options })
  socket.binaryType = 'bytes'
  const sent = [0, 1, 125, 126, 5000, 65_536, 300_000].map((length, i) => new Uint8Array(length).fill(i + 1))
  const seen: Uint8Array[] = []
  const all = new Promise<void>((resolve, reject) => {
    socket.onmessage = ({ data }) => void (seen.push(data as Uint8Array) === sent.length && resolve())
    socket.onclose = ({ code }) => reject(new Error(`closed with ${code}`))
  })
  for (const bytes of sent) socket.send(bytes)
  await all
  expect(seen.map((bytes) => bytes.length)).toEqual(sent.map((bytes) => bytes.length))
  expect(seen.every((bytes, i) => Buffer.compare(bytes, sent[i]!) === 0)).toBe(true)
  socket.onclose = null
  socket.close()
  expect((await once(socket, 'close'))[0]).toMatchObject({ wasClean: true })
}

describe('messages are sent and read', () => {
  it('at the second address of a host, when the first refuses', async () => {
    const port = await echo()
    const addresses = [
      { address: '127.0.0.2', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ]
    const asked: string[] = []
    const lookup = (name: string, _options: unknown, done: (error: null, found: unknown) => void): void => {
      asked.push(name)
      done(null, addresses)
    }
    await talk(`ws://chat.test:${port}/`, { connect: { lookup, autoSelectFamily: true } as never })
    expect(asked).toEqual(['chat.test'])
    await expect(
      WebSocket.connect(`ws://chat.test:${port}/`, {
        connect: {
          lookup: (_n: string, _o: unknown, done: typeof Function.prototype) => done(null, [addresses[0]]),
        } as never,
      }),
    ).rejects.toMatchObject({ code: 'network' })
  })

  it('through the tunnel of an http: proxy', async () => {
    await talk('ws://chat.test/', { proxy: await proxyTo(await echo(), createProxy(), 'http') })
  })

  it('through the tunnel of an https: proxy', async () => {
    const url = await proxyTo(await echo(), createSecureProxy(tls), 'https')
    await talk('ws://chat.test/', { proxy: { url, tls: trusting } })
  })

  it('over TLS through the tunnel of an https: proxy', async () => {
    const url = await proxyTo(await echo({ tls }), createSecureProxy(tls), 'https')
    await talk('wss://chat.test/', { proxy: { url, tls: trusting }, tls: trusting })
    // Whom the proxy is to be trusted by is not the server's matter, nor the other way round.
    for (const options of [{ proxy: { url, tls: trusting } }, { proxy: url, tls: trusting }]) {
      await expect(WebSocket.connect('wss://chat.test/', options)).rejects.toMatchObject({ code: 'tls' })
    }
  })

  it("over TLS by Node's agent", async () => {
    const agent = new Agent(trusting)
    const port = await echo({ tls })
    await talk(`wss://127.0.0.1:${port}/`, { agent })
    agent.destroy()
  })

  it('over TLS by a connection of its own', async () => {
    const port = await echo({ tls })
    const seen: ConnectionOptions[] = []
    const createConnection = (options: ConnectionOptions): Socket => {
      seen.push(options)
      return connectTls(options)
    }
    await talk(`wss://127.0.0.1:${port}/`, { createConnection: createConnection as never, tls: trusting })
    expect(seen).toEqual([expect.objectContaining({ host: '127.0.0.1', port, ca: tls.cert })])
  })
})
