import { createServer, type Server } from 'node:http'
import { connect as connectTcp, type AddressInfo, type Socket } from 'node:net'
import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { endpointOf } from '../../src/node/client-url.ts'
import { HandshakeError } from '../../src/node/handshake-error.ts'
import { isListed } from '../../src/node/no-proxy.ts'
import { checkProxy, proxyFor, type ProxyOption } from '../../src/node/proxy.ts'
import { WebSocket } from '../../src/node/websocket.ts'
import { accepted, RawServer } from './raw-server.ts'

/** A proxy that connects everybody to the one server there is, or answers as it is told. */
class Proxy {
  readonly #server: Server = createServer()
  readonly requests: { target: string; headers: Record<string, unknown> }[] = []
  refusal: string | undefined

  async listen(port: () => number): Promise<void> {
    this.#server.on('connect', (request, socket: Socket) => {
      this.requests.push({ target: request.url!, headers: request.headers })
      socket.on('error', () => {})
      if (this.refusal !== undefined) return void socket.end(this.refusal)
      const upstream = connectTcp(port(), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
        socket.pipe(upstream).pipe(socket)
      })
      upstream.on('error', () => socket.destroy())
      socket.on('close', () => upstream.destroy())
    })
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}

describe('a client behind a proxy (RFC 6455 4.1, item 3; RFC 9110 9.3.6)', () => {
  const server = new RawServer()
  let proxy: Proxy
  beforeEach(async () => {
    await server.listen()
    server.answer = ({ key, socket }) => socket.write(accepted(key))
    proxy = new Proxy()
    await proxy.listen(() => server.port)
  })
  afterEach(async () => {
    vi.unstubAllEnvs()
    proxy.close()
    await server.close()
  })

  it('asks it to connect, with credentials for it alone, and then speaks as ever', async () => {
    const url = proxy.url.replace('//', '//user:p%40ss@')
    const socket = await WebSocket.connect('ws://nowhere.test/chat', { proxy: { url, headers: { 'X-Team': 'red' } } })
    expect(proxy.requests).toEqual([
      {
        target: 'nowhere.test:80',
        headers: {
          connection: 'close',
          host: 'nowhere.test:80',
          'x-team': 'red',
          'proxy-authorization': `Basic ${btoa('user:p@ss')}`,
        },
      },
    ])
    expect(server.heads[0]).toMatch(/^GET \/chat HTTP\/1\.1\r\nHost: nowhere\.test\r\n/)
    expect(server.heads[0]).not.toMatch(/proxy|x-team/i)
    socket.terminate()
  })

  it('reads the environment only when told to', async () => {
    vi.stubEnv('HTTP_PROXY', proxy.url)
    vi.stubEnv('http_proxy', '')
    vi.stubEnv('NO_PROXY', '')
    vi.stubEnv('no_proxy', '')
    const direct = await WebSocket.connect(server.url)
    expect(proxy.requests).toEqual([])
    direct.terminate()
    const through = await WebSocket.connect('ws://nowhere.test:8080/', { proxy: 'env' })
    expect(proxy.requests.map(({ target }) => target)).toEqual(['nowhere.test:8080'])
    through.terminate()
  })

  it('tells what a proxy answers that does not let through', async () => {
    proxy.refusal = 'HTTP/1.1 407 Who are you?\r\nProxy-Authenticate: Basic\r\nContent-Length: 4\r\n\r\nhalt'
    const error = (await WebSocket.connect('ws://nowhere.test/', { proxy: proxy.url }).catch(
      (reason: unknown) => reason,
    )) as HandshakeError
    expect(error).toMatchObject({ code: 'proxy', status: 407, body: 'halt' })
    expect(error.headers?.['proxy-authenticate']).toBe('Basic')
  })

  it('takes nothing from a server that could not have spoken yet', async () => {
    proxy.refusal = 'HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 101 Switching Protocols\r\n\r\n'
    await expect(WebSocket.connect('ws://nowhere.test/', { proxy: proxy.url })).rejects.toMatchObject({
      code: 'proxy',
      message: expect.stringMatching(/before the server could have/),
    })
  })

  it('fails within the one deadline when the proxy is silent or not there', async () => {
    const silent = new RawServer()
    await silent.listen()
    const options = { proxy: silent.url.replace('ws:', 'http:'), handshakeTimeout: 200 }
    await expect(WebSocket.connect('ws://nowhere.test/', options)).rejects.toMatchObject({ code: 'timeout' })
    await silent.untilAlone()
    await silent.close()
    await expect(WebSocket.connect('ws://nowhere.test/', { proxy: 'http://127.0.0.1:1' })).rejects.toMatchObject({
      code: 'proxy',
      message: expect.stringMatching(/ECONNREFUSED/),
    })
  })

  const wrong: [title: string, proxy: unknown][] = [
    ['another scheme', 'socks5://127.0.0.1'],
    ['no URL', 'proxy:'],
    ['true', true],
    ['a header with a line feed', { url: 'http://127.0.0.1', headers: { 'X-A': 'a\r\nb' } }],
  ]
  it.each(wrong)('refuses %s', (_title, option) => {
    expect(() => new WebSocket('ws://nowhere.test/', { proxy: option as ProxyOption })).toThrow(TypeError)
  })

  it('refuses two ways to make the connection at once', () => {
    const options = { proxy: proxy.url, createConnection: () => undefined as never }
    expect(() => new WebSocket('ws://nowhere.test/', options)).toThrow(/beside agent or createConnection/)
  })
})

describe('the environment, as other programs read it', () => {
  const choose = (url: string, environment: Record<string, string>): string | undefined =>
    proxyFor(endpointOf(new URL(url)), 'env', environment)?.url.href

  it('has a proxy for each scheme, one for all, and none for this machine', () => {
    const environment = { HTTP_PROXY: 'http://plain:3128', HTTPS_PROXY: 'https://secure:443', ALL_PROXY: 'all:1080' }
    expect(choose('ws://a.test/', environment)).toBe('http://plain:3128/')
    expect(choose('wss://a.test/', environment)).toBe('https://secure/')
    expect(choose('ws://a.test/', { ALL_PROXY: 'all:1080' })).toBe('http://all:1080/')
    expect(choose('ws://a.test/', {})).toBeUndefined()
    for (const host of ['localhost', '127.8.0.1', '[::1]']) expect(choose(`ws://${host}/`, environment)).toBeUndefined()
  })

  it('prefers lower case, and trusts nothing else in a CGI program', () => {
    expect(choose('ws://a.test/', { http_proxy: 'http://lower', HTTP_PROXY: 'http://upper' })).toBe('http://lower/')
    expect(choose('ws://a.test/', { HTTP_PROXY: 'http://evil', REQUEST_METHOD: 'GET' })).toBeUndefined()
  })

  it('is not asked for Unix sockets, and no proxy is the default', () => {
    expect(proxyFor(endpointOf(new URL('ws+unix:/run/a:/')), 'env', { ALL_PROXY: 'http://all' })).toBeUndefined()
    expect(checkProxy(undefined)).toBeUndefined()
  })

  const listed: [list: string, host: string, port: number, isListed: boolean][] = [
    ['*', 'a.test', 80, true],
    ['', 'a.test', 80, false],
    ['a.test', 'a.test', 80, true],
    ['a.test', 'b.a.test', 80, true],
    ['.a.test', 'a.test', 80, true],
    ['*.a.test', 'b.a.test', 80, true],
    ['a.test', 'ba.test', 80, false],
    ['x.test, A.TEST', 'a.test', 443, true],
    ['a.test:8080', 'a.test', 8080, true],
    ['a.test:8080', 'a.test', 80, false],
    ['10.0.0.1', '10.0.0.1', 80, true],
    ['0.0.1', '10.0.0.1', 80, false],
    ['10.0.0.0/8', '10.200.3.4', 80, true],
    ['10.0.0.0/8', '11.0.0.1', 80, false],
    ['10.0.0.0/8', 'a.test', 80, false],
    ['fd00::/8', 'fd12::1', 80, true],
    ['[fd12::1]:80', 'fd12::1', 80, true],
    ['fd12::1', 'fd12::1', 80, true],
    ['10.0.0.0/99', '10.0.0.1', 80, false],
  ]
  it.each(listed)('NO_PROXY=%s and %s:%i: %s', (list, hostname, port, expected) => {
    expect(isListed(list, { hostname, port })).toBe(expected)
  })
})
