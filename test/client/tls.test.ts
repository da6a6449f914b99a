import { once } from 'node:events'
import { createServer as createProxy } from 'node:http'
import { createSecureServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2'
import { Agent } from 'node:https'
import { connect as connectTcp, type AddressInfo, type Socket } from 'node:net'
import { createSecureContext, createServer, type Server, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeSelfSigned } from '../../src/cli/self-signed.ts'
import { checkClientOptions } from '../../src/node/client-options.ts'
import { tlsFor } from '../../src/node/client-request.ts'
import { WebSocket } from '../../src/node/websocket.ts'
import { accepted, fieldOf } from './raw-server.ts'

const { key, cert } = makeSelfSigned(['chat.test', 'localhost', '127.0.0.1'], Date.now())

/** What the server saw of each client: name, protocol and certificate. */
const seen: { servername: unknown; alpn: unknown; hasCertificate: boolean }[] = []
let server: Server
let port: number

beforeAll(async () => {
  server = createServer({ key, cert, ALPNProtocols: ['h2', 'http/1.1'], requestCert: true, rejectUnauthorized: false })
  server.on('secureConnection', (socket: TLSSocket) => {
    const hasCertificate = Object.keys(socket.getPeerCertificate()).length > 0
    seen.push({ servername: socket.servername, alpn: socket.alpnProtocol, hasCertificate })
    socket.on('error', () => {})
    socket.once('data', (head) => {
      const location = /^GET \/to\?(\S+)/.exec(String(head))?.[1]
      if (location === undefined) socket.write(accepted(fieldOf(String(head), 'sec-websocket-key')!))
      else socket.end(`HTTP/1.1 302 There\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`)
    })
  })
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})
afterAll(() => {
  server.close()
})

/** Every name leads to this machine. */
const lookup = (_name: string, _options: unknown, done: (error: null, found: unknown) => void): void =>
  done(null, [{ address: '127.0.0.1', family: 4 }])
const connect = { lookup } as never

describe('wss: (RFC 6455 4.1, item 5; 10.6)', () => {
  it('sends the name, offers HTTP/1.1 alone, and opens when the certificate can be trusted', async () => {
    const socket = await WebSocket.connect(`wss://chat.test:${port}/`, { tls: { ca: cert }, connect })
    expect(seen.at(-1)).toEqual({ servername: 'chat.test', alpn: 'http/1.1', hasCertificate: false })
    socket.terminate()
  })

  it('sends no name for an address (RFC 6066 3)', async () => {
    const socket = await WebSocket.connect(`wss://127.0.0.1:${port}/`, { tls: { ca: cert } })
    expect(seen.at(-1)?.servername).toBe(false)
    socket.terminate()
  })

  it('refuses a certificate that nobody vouches for', async () => {
    await expect(WebSocket.connect(`wss://chat.test:${port}/`, { connect })).rejects.toMatchObject({
      code: 'tls',
      message: expect.stringMatching(/self.signed/),
    })
  })

  it('refuses a certificate for another host, whatever Host says', async () => {
    const options = { tls: { ca: cert }, connect, headers: { Host: 'chat.test' } }
    await expect(WebSocket.connect(`wss://other.test:${port}/`, options)).rejects.toMatchObject({
      code: 'tls',
      message: expect.stringMatching(/other\.test/),
    })
  })

  it('refuses a server that speaks no TLS', async () => {
    const plain = createProxy((_request, response) => response.end()).listen(0, '127.0.0.1')
    await once(plain, 'listening')
    const at = (plain.address() as AddressInfo).port
    await expect(WebSocket.connect(`wss://127.0.0.1:${at}/`)).rejects.toMatchObject({ code: 'tls' })
    plain.close()
  })

  it('shows its certificate, but not to the host of a redirect', async () => {
    const options = { tls: { ca: cert, key, cert }, connect, maxRedirects: 1 }
    const socket = await WebSocket.connect(`wss://chat.test:${port}/to?https://localhost:${port}/`, options)
    expect(seen.slice(-2).map(({ servername, hasCertificate }) => [servername, hasCertificate])).toEqual([
      ['chat.test', true],
      ['localhost', false],
    ])
    socket.terminate()
  })

  it('shows nothing of itself to that host: no context, no session, no private key elsewhere', async () => {
    const secureContext = createSecureContext({ ca: cert, key, cert })
    const first = await WebSocket.connect(`wss://chat.test:${port}/`, { tls: { secureContext }, connect })
    first.terminate()
    expect(seen.at(-1)?.hasCertificate).toBe(true)
    // The context holds the authority too: without it, the second server cannot be trusted.
    const options = { tls: { secureContext }, connect, maxRedirects: 1 }
    await expect(WebSocket.connect(`wss://chat.test:${port}/to?https://localhost:${port}/`, options)).rejects.toThrow(
      /self.signed/,
    )
    const identity = { key, cert, pfx: 'p', passphrase: 'p', privateKeyEngine: 'e', privateKeyIdentifier: 'i' }
    const more = { clientCertEngine: 'e', secureContext, pskCallback: () => null, session: Buffer.alloc(1) }
    const given = { ca: cert, minVersion: 'TLSv1.3' as const, ...identity, ...more, servername: 'chat.test' }
    const settings = checkClientOptions({ tls: given })
    const hop = { url: new URL('wss://localhost/'), key: '' }
    expect(tlsFor({ ...hop, isTrusted: false }, settings)).toEqual({ ca: cert, minVersion: 'TLSv1.3' })
    expect(tlsFor({ ...hop, isTrusted: true }, settings)).toEqual(given)
  })

  it('shows no certificate to the host of a redirect over HTTP/2', async () => {
    const certificates: [name: unknown, hasCertificate: boolean][] = []
    const http2 = createHttp2Server({
      ...{ key, cert, requestCert: true, rejectUnauthorized: false },
      settings: { enableConnectProtocol: true },
    })
    http2.on('secureConnection', (socket: TLSSocket) => {
      certificates.push([socket.servername, Object.keys(socket.getPeerCertificate()).length > 0])
    })
    http2.on('stream', (stream: ServerHttp2Stream, headers) => {
      stream.on('error', () => {})
      if (headers[':path'] !== '/to') return stream.respond({ ':status': 200 })
      const { port: at } = http2.address() as AddressInfo
      stream.respond({ ':status': 302, location: `https://localhost:${at}/` }, { endStream: true })
    })
    http2.listen(0, '127.0.0.1')
    await once(http2, 'listening')
    const { port: at } = http2.address() as AddressInfo
    const tls = { ca: cert, key, cert, servername: 'chat.test' }
    const socket = await WebSocket.connect(`wss://chat.test:${at}/to`, { http2: true, tls, connect, maxRedirects: 1 })
    expect(certificates).toEqual([
      ['chat.test', true],
      ['localhost', false],
    ])
    socket.terminate()
    http2.close()
  })

  it('is not redirected to another host with an agent, whose certificate would go along', async () => {
    const agent = new Agent({ ca: cert, key, cert, lookup } as never)
    const at = (host: string): string => `wss://chat.test:${port}/to?https://${host}:${port}/`
    const options = { agent, maxRedirects: 1 }
    const count = seen.length
    await expect(WebSocket.connect(at('localhost'), options)).rejects.toMatchObject({
      code: 'redirect',
      status: 302,
      message: 'a redirect to another host is not followed with an agent over wss:',
    })
    expect(seen.slice(count).map(({ servername }) => servername)).toEqual(['chat.test'])
    const socket = await WebSocket.connect(at('chat.test'), options)
    expect(seen.at(-1)).toMatchObject({ servername: 'chat.test', hasCertificate: true })
    socket.terminate()
    agent.destroy()
  })

  it('does not go on without TLS', async () => {
    const options = { tls: { ca: cert }, connect, maxRedirects: 1 }
    const url = `wss://chat.test:${port}/to?http://chat.test/`
    await expect(WebSocket.connect(url, options)).rejects.toMatchObject({
      code: 'redirect',
      message: 'a redirect from wss: to ws: is not followed',
    })
  })

  it('goes end to end through a proxy, which learns host and port alone', async () => {
    const targets: unknown[] = []
    const proxy = createProxy().listen(0, '127.0.0.1')
    proxy.on('connect', (request, socket: Socket) => {
      targets.push(request.url)
      const upstream = connectTcp(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        socket.pipe(upstream).pipe(socket)
      })
      for (const one of [socket, upstream]) one.on('error', () => one.destroy())
      socket.on('close', () => upstream.destroy())
    })
    await once(proxy, 'listening')
    const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
    const socket = await WebSocket.connect('wss://chat.test/secret', { tls: { ca: cert }, proxy: url })
    expect(targets).toEqual(['chat.test:443'])
    expect(seen.at(-1)?.servername).toBe('chat.test')
    socket.terminate()
    await expect(WebSocket.connect('wss://other.test/', { tls: { ca: cert }, proxy: url })).rejects.toMatchObject({
      code: 'tls',
    })
    proxy.close()
    proxy.closeAllConnections()
  })
})
