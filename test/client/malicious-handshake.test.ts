import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { HandshakeError } from '../../src/node/handshake-error.ts'
import { WebSocket } from '../../src/node/websocket.ts'
import type { WebSocketOptions } from '../../src/node/client-options.ts'
import { acceptKey } from '../../src/handshake/accept-key.ts'
import { accepted, RawServer, type Answer } from './raw-server.ts'

/** Long enough for an answer on this machine, short enough to wait for one that never comes. */
const SHORT = 300

const server = new RawServer()
beforeEach(() => server.listen())
afterEach(() => server.close())

async function failureOf(answer: Answer, options: WebSocketOptions = {}): Promise<HandshakeError> {
  server.answer = answer
  const error = await WebSocket.connect(server.url, options).then(
    () => new Error('it opened'),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(HandshakeError)
  await server.untilAlone()
  return error as HandshakeError
}

/** An answer of these lines, where `KEY` stands for the right accept key. */
function lines(...fields: string[]): Answer {
  return ({ key, socket }) => {
    socket.write(`${fields.join('\r\n').replaceAll('KEY', acceptKey(key))}\r\n\r\n`)
  }
}

const SWITCHING = 'HTTP/1.1 101 Switching Protocols'
const UPGRADE = 'Upgrade: websocket'
const CONNECTION = 'Connection: Upgrade'
const ACCEPT = 'Sec-WebSocket-Accept: KEY'

const cases: [title: string, answer: Answer, code: string, message: RegExp, options?: WebSocketOptions][] = [
  ['a status of 200', lines('HTTP/1.1 200 OK', 'Content-Length: 0'), 'status', /status 200, 101 is required/],
  ['HTTP/1.0', lines('HTTP/1.0 101 Switching', UPGRADE, CONNECTION, ACCEPT), 'http-version', /HTTP\/1\.0, 1\.1/],
  ['no Upgrade', lines(SWITCHING, CONNECTION, ACCEPT), 'upgrade', /Upgrade missing/],
  ['another Upgrade', lines(SWITCHING, 'Upgrade: h2c', CONNECTION, ACCEPT), 'upgrade', /"h2c", websocket is required/],
  ['no Connection', lines(SWITCHING, UPGRADE, ACCEPT), 'connection', /Connection missing/],
  [
    'a Connection that is not Upgrade',
    lines(SWITCHING, UPGRADE, 'Connection: keep-alive', ACCEPT),
    'connection',
    /"keep-alive", Upgrade is required/,
  ],
  ['no Accept', lines(SWITCHING, UPGRADE, CONNECTION), 'accept-missing', /no Sec-WebSocket-Accept/],
  [
    'an Accept for another key',
    lines(SWITCHING, UPGRADE, CONNECTION, 'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo='),
    'accept-mismatch',
    /does not answer the key/,
  ],
  ['two Accepts', lines(SWITCHING, UPGRADE, CONNECTION, ACCEPT, ACCEPT), 'accept-duplicated', /2 Sec-WebSocket-Accept/],
  [
    'a subprotocol nobody asked for',
    lines(SWITCHING, UPGRADE, CONNECTION, ACCEPT, 'Sec-WebSocket-Protocol: chat'),
    'protocol-unrequested',
    /"chat", requested were none/,
  ],
  [
    'another subprotocol than those asked for',
    lines(SWITCHING, UPGRADE, CONNECTION, ACCEPT, 'Sec-WebSocket-Protocol: Chat'),
    'protocol-unrequested',
    /"Chat", requested were "chat"/,
    { protocols: ['chat'] },
  ],
  [
    'no subprotocol, though some were asked for',
    lines(SWITCHING, UPGRADE, CONNECTION, ACCEPT),
    'protocol-missing',
    /one of "chat" was requested/,
    { protocols: 'chat' },
  ],
  [
    'an extension that was not offered',
    lines(SWITCHING, UPGRADE, CONNECTION, ACCEPT, 'Sec-WebSocket-Extensions: x-webkit-deflate-frame'),
    'extension-unrequested',
    /not offered/,
  ],
  [
    'permessage-deflate, though it was turned off',
    lines(SWITCHING, UPGRADE, CONNECTION, ACCEPT, 'Sec-WebSocket-Extensions: permessage-deflate'),
    'extension-unrequested',
    /not offered/,
    { perMessageDeflate: false },
  ],
  [
    'the extension called constructor',
    lines(SWITCHING, UPGRADE, CONNECTION, ACCEPT, 'Sec-WebSocket-Extensions: constructor'),
    'extension-unrequested',
    /not offered/,
  ],
  [
    'a window of 16 bits',
    lines(
      SWITCHING,
      UPGRADE,
      CONNECTION,
      ACCEPT,
      'Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=16',
    ),
    'extension-parameters',
    /server_max_window_bits/,
  ],
  [
    'an extensions field that is no list',
    lines(SWITCHING, UPGRADE, CONNECTION, ACCEPT, 'Sec-WebSocket-Extensions: "permessage-deflate'),
    'extensions-malformed',
    /malformed Sec-WebSocket-Extensions/,
  ],
  ['something that is no HTTP', ({ socket }) => socket.write('220 smtp.example ESMTP\r\n'), 'malformed', /no HTTP/],
  [
    'a head with a line feed in a name',
    ({ socket }) => socket.write(`${SWITCHING}\r\nUp\ngrade: websocket\r\n\r\n`),
    'malformed',
    /no HTTP/,
  ],
  ['nothing, and ends the connection', ({ socket }) => socket.end(), 'network', /socket hang up|ECONNRESET/],
  ['nothing, and resets the connection', ({ socket }) => socket.resetAndDestroy(), 'network', /ECONNRESET|hang up/],
  ['nothing at all', () => {}, 'timeout', /more than 300 ms/, { handshakeTimeout: SHORT }],
  [
    'half a head, and then nothing',
    ({ socket }) => socket.write(`${SWITCHING}\r\nUpgrade: webso`),
    'timeout',
    /more than 300 ms/,
    { handshakeTimeout: SHORT },
  ],
  [
    'one informational answer after the other',
    ({ socket }) => {
      const timer = setInterval(() => socket.write('HTTP/1.1 102 Processing\r\n\r\n'), 5)
      socket.on('close', () => clearInterval(timer))
    },
    'timeout',
    /more than 300 ms/,
    { handshakeTimeout: SHORT },
  ],
]

describe('an opening handshake that a server answers badly fails, and leaves nothing open (RFC 6455 4.1)', () => {
  it.each(cases)('%s', async (_title, answer, code, message, options) => {
    const error = await failureOf(answer, options)
    expect(error.code).toBe(code)
    expect(error.message).toMatch(message)
  })

  it('ends a head without an end before it fills the memory', async () => {
    let written = 0
    const error = await failureOf(({ socket }) => {
      socket.write(`${SWITCHING}\r\n`)
      const line = `X-Filler: ${'x'.repeat(1000)}\r\n`
      const write = (): void => {
        while (!socket.destroyed && written < 64 * 1024 * 1024) {
          written += line.length
          if (!socket.write(line)) return
        }
      }
      socket.on('drain', write)
      write()
    })
    expect(error.code).toBe('malformed')
    expect(error.message).toBe('the head of the answer is too long')
    // The rest of it is what the buffers of both systems hold.
    expect(written).toBeLessThan(16 * 1024 * 1024)
  })

  it('tells status, header fields and the start of the body of a refusal', async () => {
    const error = await failureOf(({ socket }) =>
      socket.end('HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nContent-Length: 13\r\n\r\ntoken expired'),
    )
    expect(error).toMatchObject({ code: 'status', status: 401, body: 'token expired' })
    expect(error.headers?.['www-authenticate']).toBe('Bearer')
  })

  it('keeps 4 KiB of a body without an end, and waits for no more', async () => {
    const error = await failureOf(({ socket }) => {
      socket.write('HTTP/1.1 503 Busy\r\n\r\n')
      const write = (): void => {
        while (!socket.destroyed && socket.write('b'.repeat(1000)));
      }
      socket.on('drain', write)
      write()
    })
    expect(error).toMatchObject({ code: 'status', status: 503 })
    expect(error.body).toHaveLength(4096)
  })

  it('tells the refusal, not the timeout, when the body does not end', async () => {
    const answer: Answer = ({ socket }) => socket.write('HTTP/1.1 403 No\r\nContent-Length: 100\r\n\r\nnot you')
    const error = await failureOf(answer, { handshakeTimeout: SHORT })
    expect(error).toMatchObject({ code: 'status', status: 403, body: 'not you' })
  })

  it('is given up when close is called, with one error and one close event', async () => {
    const arrived = new Promise<void>((resolve) => (server.answer = () => resolve()))
    const socket = new WebSocket(server.url)
    const events: string[] = []
    const ended = new Promise<void>((resolve) => {
      for (const type of ['open', 'error', 'close'] as const)
        socket.addEventListener(type, () => {
          events.push(`${type} ${socket.readyState}`)
          if (type === 'close') resolve()
        })
    })
    await arrived
    socket.close()
    expect(socket.readyState).toBe(WebSocket.CLOSING)
    await ended
    await server.untilAlone()
    expect(events).toEqual(['error 3', 'close 3'])
  })

  it('is given up when the signal says so, which means nothing afterwards', async () => {
    const controller = new AbortController()
    server.answer = () => controller.abort(new Error('changed my mind'))
    await expect(WebSocket.connect(server.url, { signal: controller.signal })).rejects.toThrow('changed my mind')
    await server.untilAlone()

    const later = new AbortController()
    server.answer = ({ key, socket }) => socket.write(accepted(key))
    const socket = await WebSocket.connect(server.url, { signal: later.signal })
    later.abort()
    expect(socket.readyState).toBe(WebSocket.OPEN)
    socket.terminate()
  })

  it('never begins when the signal was aborted before', async () => {
    const socket = WebSocket.connect(server.url, { signal: AbortSignal.abort(new Error('no')) })
    await expect(socket).rejects.toThrow('no')
    expect(server.heads).toEqual([])
  })

  it('delivers frames that come in the same segment as the answer', async () => {
    server.answer = ({ key, socket }) =>
      socket.write(Buffer.concat([Buffer.from(accepted(key), 'latin1'), Buffer.from('8102686981027468', 'hex')]))
    const socket = await WebSocket.connect(server.url)
    const seen: unknown[] = []
    for await (const message of socket) {
      seen.push(message)
      if (seen.length === 2) break
    }
    expect(seen).toEqual(['hi', 'th'])
  })
})
