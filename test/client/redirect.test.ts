import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { WebSocketOptions } from '../../src/node/client-options.ts'
import { HandshakeError } from '../../src/node/handshake-error.ts'
import { redirectTarget } from '../../src/node/redirect.ts'
import { WebSocket } from '../../src/node/websocket.ts'
import { accepted, fieldOf, RawServer, type Answer } from './raw-server.ts'

const first = new RawServer()
const second = new RawServer()
beforeEach(() => Promise.all([first.listen(), second.listen()]))
afterEach(() => Promise.all([first.close(), second.close()]))

const to =
  (location: () => string, status = 302): Answer =>
  ({ socket }) =>
    socket.end(`HTTP/1.1 ${status} Elsewhere\r\nLocation: ${location()}\r\nContent-Length: 0\r\n\r\n`)
const open: Answer = ({ key, socket }) => socket.write(accepted(key))

async function failureOf(options: WebSocketOptions): Promise<HandshakeError> {
  const error: unknown = await WebSocket.connect(first.url, options).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(HandshakeError)
  return error as HandshakeError
}

const SECRETS: WebSocketOptions = {
  maxRedirects: 5,
  headers: { Authorization: 'Bearer secret', Cookie: 'sid=secret', 'X-Api-Key': 'secret' },
}

describe('redirects of the opening handshake (RFC 6455 4.1; RFC 9110 15.4)', () => {
  it('are not followed unless asked for: the error tells where it would have gone', async () => {
    first.answer = to(() => '/elsewhere', 307)
    const error = await failureOf({})
    expect(error).toMatchObject({ code: 'status', status: 307 })
    expect(error.headers?.location).toBe('/elsewhere')
    expect(first.heads).toHaveLength(1)
  })

  it.each([301, 302, 303, 307, 308])(
    'are followed after %i, to a path, with a fresh key and all that was asked',
    async (status) => {
      let count = 0
      first.answer = (request) => (count++ === 0 ? to(() => 'b?c', status) : open)(request)
      const socket = await WebSocket.connect(`${first.url}a/x`, SECRETS)
      expect(first.heads.map((head) => head.split(' ')[1])).toEqual(['/a/x', '/a/b?c'])
      const [one, two] = first.heads as [string, string]
      expect(fieldOf(two, 'authorization')).toBe('Bearer secret')
      expect(fieldOf(two, 'sec-websocket-key')).not.toBe(fieldOf(one, 'sec-websocket-key'))
      expect(socket.url).toBe(`${first.url}a/x`)
      socket.terminate()
    },
  )

  it('take no secrets to another host, and do not get them back by returning', async () => {
    let count = 0
    first.answer = (request) => (count++ === 0 ? to(() => second.url) : open)(request)
    second.answer = to(() => `${first.url}back`)
    const url = first.url.replace('//', '//user:password@')
    const socket = await WebSocket.connect(url, {
      ...SECRETS,
      headers: { Cookie: 'sid=secret', 'X-Api-Key': 'secret' },
    })
    expect(first.heads[0]).toContain('secret')
    expect(fieldOf(first.heads[0]!, 'authorization')).toBe(`Basic ${btoa('user:password')}`)
    for (const head of [second.heads[0]!, first.heads[1]!]) {
      expect(head).not.toMatch(/secret|authorization|cookie/i)
    }
    expect(fieldOf(second.heads[0]!, 'host')).toBe(new URL(second.url).host)
    socket.terminate()
  })

  it('end after as many as were allowed', async () => {
    first.answer = to(() => first.url)
    const error = await failureOf({ maxRedirects: 3 })
    expect(error).toMatchObject({ code: 'redirect', status: 302, message: 'more than 3 redirects' })
    expect(first.heads).toHaveLength(4)
  })

  it('share one deadline', async () => {
    first.answer = to(() => first.url)
    const error = await failureOf({ maxRedirects: Number.MAX_SAFE_INTEGER, handshakeTimeout: 200 })
    expect(error.code).toBe('timeout')
  })

  const refused: [from: string, location: string | undefined, why: RegExp][] = [
    ['wss://example.test/', 'ws://example.test/', /from wss: to ws:/],
    ['wss://example.test/', 'http://example.test/', /from wss: to ws:/],
    ['ws://example.test/', 'ftp://example.test/', /to ftp:/],
    ['ws://example.test/', 'javascript:alert(1)', /to javascript:/],
    ['ws://example.test/', 'http://[', /no URL/],
    ['ws://example.test/', undefined, /without a Location/],
    ['ws+unix:/tmp/s:/', '/other', /Unix socket/],
  ]
  it.each(refused)('from %s to %s are refused', (from, location, why) => {
    const headers = location === undefined ? {} : { location }
    const target = redirectTarget(new URL(from), { statusCode: 302, headers })
    expect(target).toBeInstanceOf(HandshakeError)
    expect((target as HandshakeError).message).toMatch(why)
  })

  it('may lead from ws: to wss:, and lose their fragment', () => {
    const target = redirectTarget(new URL('ws://example.test/'), {
      statusCode: 302,
      headers: { location: 'https://example.test/x#y' },
    })
    expect(String(target)).toBe('wss://example.test/x')
  })
})
