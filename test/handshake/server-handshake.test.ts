import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Rejection, renderRejection } from '../../src/handshake/rejection.ts'
import { readServerHandshake, renderAccept } from '../../src/handshake/server-handshake.ts'
import type { RequestHead, ServerHandshake } from '../../src/handshake/server-handshake.ts'

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='

/** The request of RFC 6455 1.3. */
const EXAMPLE = [
  ['Host', 'server.example.com'],
  ['Upgrade', 'websocket'],
  ['Connection', 'Upgrade'],
  ['Sec-WebSocket-Key', KEY],
  ['Origin', 'http://example.com'],
  ['Sec-WebSocket-Protocol', 'chat, superchat'],
  ['Sec-WebSocket-Version', '13'],
] as const

type Fields = readonly (readonly [string, string])[]

function head(fields: Fields, rest: Partial<RequestHead> = {}): RequestHead {
  return {
    method: 'GET',
    target: '/chat',
    httpVersionMajor: 1,
    httpVersionMinor: 1,
    rawHeaders: fields.flat(),
    ...rest,
  }
}

/** The example with one header replaced, in its place, by any number of values. */
function having(name: string, ...values: string[]): Fields {
  const others = EXAMPLE.filter(([other]) => other !== name)
  return [...others, ...values.map((value) => [name, value] as const)]
}

function accepted(request: RequestHead): ServerHandshake {
  const decision = readServerHandshake(request)
  if (decision instanceof Rejection) throw new Error(`refused: ${decision.reason}`)
  return decision
}

function refused(request: RequestHead): Rejection {
  const decision = readServerHandshake(request)
  if (!(decision instanceof Rejection)) throw new Error('accepted')
  // Whatever is refused can be written, and its body is one sentence.
  expect(renderRejection(decision)).toMatch(/^HTTP\/1\.1 \d{3} [A-Z]/)
  expect(decision.body).toMatch(/^[A-Z][ -~…]*\.\n$/)
  return decision
}

describe('a request that is a handshake (RFC 6455 4.2.1)', () => {
  it('is read, as the example of 1.3', () => {
    expect(accepted(head(EXAMPLE))).toEqual({
      key: KEY,
      resource: '/chat',
      host: 'server.example.com',
      origin: 'http://example.com',
      protocols: ['chat', 'superchat'],
      extensions: [],
    })
  })

  it.each([
    ['Upgrade', ['WebSocket']],
    ['Upgrade', ['h2c, websocket']],
    ['Upgrade', ['h2c', 'WEBSOCKET']],
    ['Upgrade', ['websocket', 'websocket']],
    ['Connection', ['upgrade']],
    ['Connection', ['keep-alive, Upgrade']],
    ['Connection', ['keep-alive', 'UPGRADE']],
    ['Connection', ['\tUpgrade\t, keep-alive']],
    ['Sec-WebSocket-Key', ['AQIDBAUGBwgJCgsMDQ4PEC==']],
    ['Origin', []],
    ['Origin', ['null']],
    ['Sec-WebSocket-Protocol', []],
    ['Content-Length', ['0']],
    ['Sec-WebSocket-Accept', ['x']],
    ['__proto__', ['x']],
    ['constructor', ['x', 'y']],
  ])('may have %s %j', (name, values) => {
    expect(accepted(head(having(name, ...values))).resource).toBe('/chat')
  })

  it('may name its headers in any case and bring them in any order', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray([...EXAMPLE], { minLength: EXAMPLE.length }),
        fc.array(fc.boolean()),
        (fields, cases) => {
          const spell = (name: string): string =>
            Array.from(name)
              .map((one, at) => (cases[at] === true ? one.toUpperCase() : one.toLowerCase()))
              .join('')
          expect(accepted(head(fields.map(([name, value]) => [spell(name), value])))).toEqual(accepted(head(EXAMPLE)))
        },
      ),
    )
  })

  it('may come over a later version of HTTP/1, and name its host in the target', () => {
    expect(accepted(head(EXAMPLE, { httpVersionMinor: 2 })).resource).toBe('/chat')
    expect(accepted(head(EXAMPLE, { target: 'http://other.example/x?y' }))).toMatchObject({
      resource: '/x?y',
      host: 'other.example',
    })
  })
})

describe('a request that is no handshake (RFC 6455 4.2.1, 4.2.2)', () => {
  it.each(['POST', 'HEAD', 'OPTIONS', 'CONNECT', 'get', ''])(
    'is answered with 405 and Allow for the method %j',
    (method) => {
      expect(refused(head(EXAMPLE, { method }))).toMatchObject({ status: 405, headers: [['Allow', 'GET']] })
    },
  )

  it.each([
    [1, 0],
    [0, 9],
  ])('is answered with 400 over HTTP/%d.%d', (httpVersionMajor, httpVersionMinor) => {
    expect(refused(head(EXAMPLE, { httpVersionMajor, httpVersionMinor }))).toMatchObject({
      status: 400,
      reason: `The request came over HTTP/${httpVersionMajor}.${httpVersionMinor}, 1.1 is required.`,
    })
  })

  it.each(['*', 'server.example.com:443', '/chat#room', '/a b', '', 'http://user@h/'])(
    'is answered with 400 for the target %j',
    (target) => {
      expect(refused(head(EXAMPLE, { target }))).toMatchObject({
        status: 400,
        reason: expect.stringContaining('request target') as string,
      })
    },
  )

  it.each<[string, string[], string]>([
    ['Host', [], 'The request had 0 Host headers, exactly one is required.'],
    ['Host', ['a', 'a'], 'The request had 2 Host headers, exactly one is required.'],
    ['Host', [''], 'The Host header was "", a host and perhaps a port is required.'],
    ['Host', ['a b'], 'The Host header was "a b", a host and perhaps a port is required.'],
    ['Host', ['a, b/'], 'The Host header was "a, b/", a host and perhaps a port is required.'],
    ['Upgrade', [], 'The Upgrade header must contain websocket.'],
    ['Upgrade', [''], 'The Upgrade header must contain websocket.'],
    ['Upgrade', ['h2c'], 'The Upgrade header must contain websocket.'],
    ['Upgrade', ['websocket/13'], 'The Upgrade header must contain websocket.'],
    ['Upgrade', ['web socket', 'websockets'], 'The Upgrade header must contain websocket.'],
    ['Connection', [], 'The Connection header must contain Upgrade.'],
    ['Connection', ['keep-alive'], 'The Connection header must contain Upgrade.'],
    ['Connection', ['Upgraded, no-Upgrade'], 'The Connection header must contain Upgrade.'],
    ['Sec-WebSocket-Key', [], 'The request had 0 Sec-WebSocket-Key headers, exactly one is required.'],
    ['Sec-WebSocket-Key', [KEY, KEY], 'The request had 2 Sec-WebSocket-Key headers, exactly one is required.'],
    ['Sec-WebSocket-Key', [`${KEY}, ${KEY}`], 'The Sec-WebSocket-Key header must be 16 bytes in base64.'],
    ['Sec-WebSocket-Key', [''], 'The Sec-WebSocket-Key header must be 16 bytes in base64.'],
    ['Sec-WebSocket-Key', ['c2hvcnQ='], 'The Sec-WebSocket-Key header must be 16 bytes in base64.'],
    ['Sec-WebSocket-Version', [], 'The request had 0 Sec-WebSocket-Version headers, exactly one is required.'],
    ['Sec-WebSocket-Version', ['13', '8'], 'The request had 2 Sec-WebSocket-Version headers, exactly one is required.'],
    ['Content-Length', ['5'], 'The request announced a body, a handshake has none.'],
    ['Transfer-Encoding', ['chunked'], 'The request announced a body, a handshake has none.'],
    ['Origin', ['http://a', 'http://b'], 'The request had 2 Origin headers, one at most is allowed.'],
    [
      'Sec-WebSocket-Protocol',
      ['chat, chat'],
      'The Sec-WebSocket-Protocol header names "chat" twice, once at most is allowed.',
    ],
    ['Sec-WebSocket-Protocol', ['a/b'], 'The Sec-WebSocket-Protocol header must be a list of tokens.'],
    [
      'Sec-WebSocket-Extensions',
      ['a; b="'],
      'The Sec-WebSocket-Extensions header must be a list of extensions with parameters.',
    ],
  ])('is answered with 400 for %s %j', (name, values, reason) => {
    expect(refused(head(having(name, ...values)))).toMatchObject({ status: 400, reason })
  })

  it('is answered with 426 and the version that is understood for another one, even without a key of today', () => {
    const old = having('Sec-WebSocket-Version', '8').filter(([name]) => name !== 'Sec-WebSocket-Key')
    expect(refused(head(old))).toMatchObject({
      status: 426,
      reason: 'The Sec-WebSocket-Version was "8", 13 is required.',
      headers: [
        ['Upgrade', 'websocket'],
        ['Sec-WebSocket-Version', '13'],
      ],
    })
  })

  it('never throws, whatever stands in it (RFC 6455 4.2.1; CVE-2024-37890: more headers than are kept)', () => {
    const name = fc.oneof(fc.string(), fc.constantFrom(...EXAMPLE.map(([one]) => one), '__proto__', 'constructor'))
    const value = fc.oneof(fc.string(), fc.constantFrom(...EXAMPLE.map(([, one]) => one)))
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value)), fc.string(), fc.string(), (fields, method, target) => {
        refused(head(fields, { method, target }))
      }),
    )
    expect(refused(head([]))).toMatchObject({ status: 400 })
    expect(refused(head(EXAMPLE.slice(0, 1)))).toMatchObject({ status: 400 })
  })

  it('is read in linear time, however long it is', () => {
    const long = 'x, '.repeat(1 << 18)
    for (const name of [
      'Upgrade',
      'Connection',
      'Host',
      'Sec-WebSocket-Key',
      'Sec-WebSocket-Version',
      'Content-Length',
    ])
      refused(head(having(name, long)))
    const many = Array.from({ length: 1 << 18 }, () => ['Upgrade', 'h2c'] as const)
    expect(accepted(head([...many, ...EXAMPLE])).key).toBe(KEY)
  })
})

describe('the answer that opens the connection (RFC 6455 4.2.2 item 5)', () => {
  const handshake = { key: KEY, protocols: ['chat', 'superchat'] }

  it('is the one of 1.3', () => {
    expect(renderAccept(handshake, { protocol: 'chat' })).toBe(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        `Sec-WebSocket-Accept: ${ACCEPT}\r\nSec-WebSocket-Protocol: chat\r\n\r\n`,
    )
  })

  it('names nothing that was not agreed on', () => {
    expect(renderAccept(handshake)).toBe(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        `Sec-WebSocket-Accept: ${ACCEPT}\r\n\r\n`,
    )
  })

  it('carries the extensions and the header fields of the application', () => {
    const text = renderAccept(handshake, {
      extensionsHeader: 'permessage-deflate; server_max_window_bits=10',
      headers: { 'Set-Cookie': ['a=1', 'b=2'], 'X-Node': 'x' },
    })
    expect(text).toBe(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        `Sec-WebSocket-Accept: ${ACCEPT}\r\nSec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10\r\n` +
        'Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Node: x\r\n\r\n',
    )
  })

  it.each([
    'Upgrade',
    'connection',
    'SEC-WebSocket-Accept',
    'Sec-WebSocket-Protocol',
    'sec-websocket-extensions',
    'Sec-WebSocket-Version',
    'Content-Length',
    'Transfer-Encoding',
  ])('leaves %s to the handshake', (name) => {
    expect(() => renderAccept(handshake, { headers: { [name]: 'x' } })).toThrow(
      `header ${name} is set by the handshake itself`,
    )
  })

  it('refuses what would write lines of its own, and a subprotocol that was not offered', () => {
    expect(() => renderAccept(handshake, { headers: { 'X-A': 'b\r\nSet-Cookie: c' } })).toThrow(TypeError)
    expect(() => renderAccept(handshake, { headers: { 'X-A\r\nY': 'b' } })).toThrow(TypeError)
    expect(() => renderAccept(handshake, { protocol: 'chat\r\nX: y' })).toThrow(TypeError)
    expect(() => renderAccept(handshake, { protocol: 'other' })).toThrow(TypeError)
    expect(() => renderAccept(handshake, { extensionsHeader: 'a\r\nX: y' })).toThrow(TypeError)
  })
})
