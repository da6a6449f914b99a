import { once } from 'node:events'
import { connect } from 'node:net'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { WebSocketOptions } from '../../src/node/client-options.ts'
import { WebSocket } from '../../src/node/websocket.ts'
import { accepted, fieldOf, RawServer } from './raw-server.ts'

const server = new RawServer()
beforeEach(async () => {
  await server.listen()
  server.answer = ({ key, socket }) => socket.write(accepted(key))
})
afterEach(() => server.close())

/** The head of the request that a client with these options sends. */
async function headOf(options: WebSocketOptions, url: string = server.url): Promise<string> {
  const socket = await WebSocket.connect(url, options)
  socket.terminate()
  return server.heads.at(-1)!
}

describe('the request of a client (RFC 6455 4.1)', () => {
  it('is GET with the fields the standard asks for, in its order', async () => {
    const head = await headOf({ perMessageDeflate: false }, `${server.url}chat?room=7`)
    const key = fieldOf(head, 'sec-websocket-key')!
    expect(Buffer.from(key, 'base64')).toHaveLength(16)
    expect(head).toBe(
      `GET /chat?room=7 HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    )
  })

  it('has a fresh key each time', async () => {
    const keys = new Set()
    for (let i = 0; i < 3; i++) keys.add(fieldOf(await headOf({}), 'sec-websocket-key'))
    expect(keys.size).toBe(3)
  })

  it('offers permessage-deflate unless told not to', async () => {
    expect(fieldOf(await headOf({}), 'sec-websocket-extensions')).toMatch(/^permessage-deflate/)
    expect(fieldOf(await headOf({ perMessageDeflate: false }), 'sec-websocket-extensions')).toBeUndefined()
  })

  it('carries origin and header fields as they were given', async () => {
    const head = await headOf({ origin: 'https://example.test', headers: { 'X-Trace': '7', Cookie: ['a=1', 'b=2'] } })
    expect(head).toContain('\r\nOrigin: https://example.test\r\n')
    expect(head).toContain('\r\nX-Trace: 7\r\nCookie: a=1\r\nCookie: b=2\r\n')
  })

  it('carries credentials of the URL or of auth, unless there is an Authorization already', async () => {
    const inUrl = server.url.replace('//', '//me:se%3Acret@')
    expect(fieldOf(await headOf({}, inUrl), 'authorization')).toBe(`Basic ${btoa('me:se:cret')}`)
    expect(fieldOf(await headOf({ auth: 'you:too' }, inUrl), 'authorization')).toBe(`Basic ${btoa('you:too')}`)
    const own = await headOf({ headers: { authorization: 'Bearer t' } }, inUrl)
    expect(own.match(/authorization: .*/gi)).toEqual(['authorization: Bearer t'])
  })
})

const wrong: [title: string, options: unknown, message: RegExp][] = [
  ['a line feed in a header value', { headers: { 'X-A': 'a\r\nX-B: c' } }, /header X-A/],
  ['a line feed in a header name', { headers: { 'X-A\r\nX-B': 'c' } }, /token/],
  ['NUL in a header value', { headers: { 'X-A': 'a\0b' } }, /header X-A/],
  ['a line feed in the origin', { origin: 'http://a\r\nX-B: c' }, /origin/],
  ['a line feed in the host', { headers: { Host: 'a\r\nX-B: c' } }, /Host/],
  ['a field of the handshake itself', { headers: { 'Sec-WebSocket-Key': 'x' } }, /set by the handshake itself/],
  ['Authorization twice', { auth: 'a:b', headers: { Authorization: 'Bearer t' } }, /twice/],
  ['a negative maxPayload', { maxPayload: -1 }, /maxPayload/],
  ['a maxPayload that is no number', { maxPayload: '1 MiB' }, /maxPayload/],
  ['a handshakeTimeout of 0', { handshakeTimeout: 0 }, /handshakeTimeout/],
  ['an endless handshakeTimeout', { handshakeTimeout: Infinity }, /handshakeTimeout/],
  ['a fractional maxRedirects', { maxRedirects: 1.5 }, /maxRedirects/],
  ['a window of 16 bits', { perMessageDeflate: { clientMaxWindowBits: 16 } }, /clientMaxWindowBits/],
  ['a signal that is none', { signal: {} }, /signal/],
]

describe('options that cannot be are refused before anything is sent', () => {
  it.each(wrong)('%s', (_title, options, message) => {
    let thrown: unknown
    try {
      void new WebSocket(server.url, options as WebSocketOptions)
    } catch (error) {
      thrown = error
    }
    expect(thrown instanceof TypeError || thrown instanceof RangeError).toBe(true)
    expect((thrown as Error).message).toMatch(message)
    expect(server.heads).toEqual([])
  })
})

describe('the connection below', () => {
  it('may be made by the application', async () => {
    const made: unknown[] = []
    await headOf(
      {
        createConnection: ({ host, port }) => {
          made.push([host, port])
          return connect(server.port, '127.0.0.1')
        },
      },
      'ws://nowhere.test:8080/',
    )
    expect(made).toEqual([['nowhere.test', 8080]])
    expect(fieldOf(server.heads[0]!, 'host')).toBe('nowhere.test:8080')
  })

  it("may be made by Node's agent", async () => {
    const agent = new Agent()
    const head = await headOf({ agent })
    expect(fieldOf(head, 'upgrade')).toBe('websocket')
    agent.destroy()
  })

  it('looks the host up as it is told', async () => {
    const asked: string[] = []
    const lookup = (name: string, _options: unknown, done: (...found: never[]) => void): void => {
      asked.push(name)
      ;(done as (error: null, found: unknown) => void)(null, [{ address: '127.0.0.1', family: 4 }])
    }
    await headOf({ connect: { lookup } as never }, `ws://nowhere.test:${server.port}/`)
    expect(asked).toEqual(['nowhere.test'])
  })

  it('tells all the addresses that were tried in vain (RFC 8305)', async () => {
    const lookup = (_name: string, _options: unknown, done: (error: null, found: unknown) => void): void =>
      done(null, [
        { address: '127.0.0.1', family: 4 },
        { address: '127.0.0.2', family: 4 },
      ])
    const options = { connect: { lookup, autoSelectFamily: true } as never }
    await expect(WebSocket.connect('ws://nowhere.test:1/', options)).rejects.toMatchObject({
      code: 'network',
      message: expect.stringMatching(/127\.0\.0\.1:1.*127\.0\.0\.2:1/),
    })
  })

  it('may be a Unix socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'barewire-'))
    const local = new RawServer()
    local.answer = ({ key, socket }) => socket.write(accepted(key))
    await local.listen({ path: join(folder, 'chat socket') })
    try {
      for (const [suffix, target] of [
        ['', '/'],
        [':/rooms/7?x=1', '/rooms/7?x=1'],
      ]) {
        const socket = await WebSocket.connect(`ws+unix:${folder}/chat socket${suffix}`)
        socket.terminate()
        expect(local.heads.at(-1)).toMatch(`GET ${target} HTTP/1.1\r\nHost: localhost\r\n`)
      }
    } finally {
      await local.close()
      rmSync(folder, { recursive: true })
    }
  })

  it('is not kept waiting by a pause that was asked for before it was there', async () => {
    server.answer = ({ key, socket }) => {
      socket.write(Buffer.concat([Buffer.from(accepted(key), 'latin1'), Buffer.from('81026869', 'hex')]))
    }
    const socket = new WebSocket(server.url)
    socket.pause()
    const seen: unknown[] = []
    socket.onmessage = ({ data }) => seen.push(data)
    await once(socket, 'open')
    await new Promise((resolve) => setImmediate(resolve))
    expect([socket.isPaused, seen]).toEqual([true, []])
    socket.resume()
    expect(seen).toEqual(['hi'])
    socket.terminate()
  })
})
