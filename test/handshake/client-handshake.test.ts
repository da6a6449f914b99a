import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { acceptKey, generateKey } from '../../src/handshake/accept-key.ts'
import { buildRequest, checkResponse, requestFields } from '../../src/handshake/client-handshake.ts'
import type { ClientRequest, ExpectedAnswer, ResponseHead } from '../../src/handshake/client-handshake.ts'
import { negotiateExtensions } from '../../src/handshake/negotiation.ts'
import { Rejection } from '../../src/handshake/rejection.ts'
import { readServerHandshake, renderAccept } from '../../src/handshake/server-handshake.ts'
import { clientExtension, serverExtension } from './extensions.ts'

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='
const request: ClientRequest = { target: '/chat', host: 'server.example.com', key: KEY }

describe('the request of a client (RFC 6455 4.1)', () => {
  it('says what is needed and no more', () => {
    expect(buildRequest(request)).toBe(
      'GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        `Sec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    )
  })

  it('says all that is wanted', () => {
    const extensions = [{ name: 'permessage-deflate', parameters: [['client_max_window_bits', true] as const] }]
    const headers = { Cookie: 'a=b', 'X-Y': ['1', '2'] }
    const wanted = { ...request, origin: 'http://example.com', protocols: ['chat', 'superchat'], extensions, headers }
    expect(buildRequest(wanted)).toBe(
      'GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        `Sec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Version: 13\r\nOrigin: http://example.com\r\n` +
        'Sec-WebSocket-Protocol: chat, superchat\r\n' +
        'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n' +
        'Cookie: a=b\r\nX-Y: 1\r\nX-Y: 2\r\n\r\n',
    )
  })

  it('may go to another host than it says, and say its origin in a header', () => {
    const fields = requestFields({ ...request, headers: { hOST: 'other:81', Origin: 'http://o' } })
    expect(fields[0]).toEqual(['Host', 'other:81'])
    expect(fields.filter(([name]) => /^(host|origin)$/i.test(name))).toEqual([
      ['Host', 'other:81'],
      ['Origin', 'http://o'],
    ])
  })

  it.each<[string, Partial<ClientRequest>]>([
    ['a relative target', { target: 'chat' }],
    ['no target', { target: '' }],
    ['a target with a fragment', { target: '/a#b' }],
    ['a target with a blank', { target: '/a HTTP/1.1' }],
    ['a target with line ends', { target: '/a\r\nX: y' }],
    ['a target beyond ASCII', { target: '/ä' }],
    ['no host', { host: '' }],
    ['a host with line ends', { host: 'a\r\nX: y' }],
    ['a host with a path', { host: 'a/b' }],
    ['a key of another length', { key: 'c2hvcnQ=' }],
    ['a key with line ends', { key: `${KEY}\r\n` }],
    ['an origin with line ends', { origin: 'http://a\r\nX: y' }],
    ['two origins', { origin: 'http://a', headers: { origin: 'http://b' } }],
    ['a subprotocol that is no token', { protocols: ['a b'] }],
    ['an empty subprotocol', { protocols: [''] }],
    ['a subprotocol with line ends', { protocols: ['a\r\nX: y'] }],
    ['a subprotocol twice', { protocols: ['a', 'b', 'a'] }],
    ['a subprotocol that is no text', { protocols: [5] as never }],
    ['an extension that is no token', { extensions: [{ name: 'a b', parameters: [] }] }],
    ['a parameter with line ends', { extensions: [{ name: 'a', parameters: [['b', 'c\r\nX: y']] }] }],
    ['a header with line ends', { headers: { 'X-A': 'b\r\nX: y' } }],
    ['a header name with line ends', { headers: { 'X-A\r\nX': 'y' } }],
    ['two hosts', { headers: { Host: ['a', 'b'] } }],
    ['a malformed Host', { headers: { Host: 'a/b' } }],
  ])('is refused before anything is written: %s', (_, wrong) => {
    expect(() => buildRequest({ ...request, ...wrong })).toThrow(TypeError)
  })

  it.each([
    'Upgrade',
    'Connection',
    'Sec-WebSocket-Key',
    'sec-websocket-version',
    'Sec-WebSocket-Protocol',
    'Sec-WebSocket-Extensions',
    'Sec-WebSocket-Anything',
    'Content-Length',
    'Transfer-Encoding',
  ])('leaves %s to the handshake', (name) => {
    expect(() => requestFields({ ...request, headers: { [name]: 'x' } })).toThrow(
      `header ${name} is set by the handshake itself`,
    )
  })
})

const GOOD = [
  ['Upgrade', 'websocket'],
  ['Connection', 'Upgrade'],
  ['Sec-WebSocket-Accept', ACCEPT],
] as const

const expected: ExpectedAnswer = { key: KEY, protocols: [], extensions: [] }

function response(fields: readonly (readonly [string, string])[], rest: Partial<ResponseHead> = {}): ResponseHead {
  return { statusCode: 101, httpVersionMajor: 1, httpVersionMinor: 1, rawHeaders: fields.flat(), ...rest }
}

function having(name: string, ...values: string[]): ResponseHead {
  const others = GOOD.filter(([other]) => other !== name)
  return response([...others, ...values.map((value) => [name, value] as const)])
}

describe('the answer of a server (RFC 6455 4.1)', () => {
  it('opens the connection', () => {
    expect(checkResponse(response(GOOD), expected)).toEqual({ protocol: '', agreed: [] })
  })

  it.each([
    ['Upgrade', ['WebSocket']],
    ['Connection', ['upgrade, keep-alive']],
    ['Connection', ['keep-alive', 'Upgrade']],
    ['Sec-WebSocket-Accept', [` \t${ACCEPT} `]],
    ['X', ['y']],
    ['__proto__', ['x']],
  ])('may have %s %j', (name, values) => {
    expect(checkResponse(having(name, ...values), expected)).toEqual({ protocol: '', agreed: [] })
  })

  it.each<[string, string, ResponseHead]>([
    ['status', 'the server answered with status 200, 101 is required', response(GOOD, { statusCode: 200 })],
    ['status', 'the server answered with status 100, 101 is required', response(GOOD, { statusCode: 100 })],
    ['status', 'the server answered with status 404, 101 is required', response([], { statusCode: 404 })],
    ['http-version', 'HTTP/1.0, 1.1 is required', response(GOOD, { httpVersionMinor: 0 })],
    ['upgrade', 'Upgrade missing, websocket is required', having('Upgrade')],
    ['upgrade', 'Upgrade "h2c", websocket is required', having('Upgrade', 'h2c')],
    ['upgrade', 'Upgrade "websocket, h2c", websocket is required', having('Upgrade', 'websocket, h2c')],
    ['upgrade', 'Upgrade "websocket, websocket", websocket is required', having('Upgrade', 'websocket', 'websocket')],
    ['connection', 'Connection missing, Upgrade is required', having('Connection')],
    ['connection', 'Connection "close", Upgrade is required', having('Connection', 'close')],
    ['accept-missing', 'no Sec-WebSocket-Accept, one is required', having('Sec-WebSocket-Accept')],
    [
      'accept-duplicated',
      '2 Sec-WebSocket-Accept headers, exactly one',
      having('Sec-WebSocket-Accept', ACCEPT, ACCEPT),
    ],
    ['accept-mismatch', 'does not answer the key', having('Sec-WebSocket-Accept', '')],
    ['accept-mismatch', 'does not answer the key', having('Sec-WebSocket-Accept', KEY)],
    ['accept-mismatch', 'does not answer the key', having('Sec-WebSocket-Accept', ACCEPT.toLowerCase())],
    [
      'accept-mismatch',
      'does not answer the key',
      having('Sec-WebSocket-Accept', acceptKey('AQIDBAUGBwgJCgsMDQ4PEA==')),
    ],
    ['extension-unrequested', 'permessage-deflate', having('Sec-WebSocket-Extensions', 'permessage-deflate')],
    ['protocol-unrequested', '"chat"', having('Sec-WebSocket-Protocol', 'chat')],
  ])('fails the handshake with %s: %s', (code, message, answer) => {
    expect(checkResponse(answer, expected)).toMatchObject({
      failure: { code, message: expect.stringContaining(message) as string, section: expect.any(String) as string },
    })
  })

  it('names the subprotocol and the extensions agreed on', () => {
    const deflate = clientExtension('permessage-deflate', 0x40)
    const wanted = { key: KEY, protocols: ['a', 'b'], extensions: [deflate] }
    const agreement = [
      ['Sec-WebSocket-Protocol', 'b'],
      ['Sec-WebSocket-Extensions', 'permessage-deflate'],
    ] as const
    expect(checkResponse(response([...GOOD, ...agreement]), wanted)).toMatchObject({
      protocol: 'b',
      agreed: [{ rsv: 0x40, response: { name: 'permessage-deflate', parameters: [] } }],
    })
    expect(checkResponse(response(GOOD), wanted)).toMatchObject({ failure: { code: 'protocol-missing' } })
  })

  it('never throws, whatever stands in it', () => {
    const name = fc.oneof(fc.string(), fc.constantFrom(...GOOD.map(([one]) => one), '__proto__', 'constructor'))
    fc.assert(
      fc.property(fc.array(fc.tuple(name, fc.string())), (fields) => {
        expect(checkResponse(response(fields), expected)).toHaveProperty('failure.code')
      }),
    )
  })
})

describe('client and server', () => {
  it('understand each other, whatever they agree on', () => {
    const name = fc.string({ unit: fc.constantFrom(...Array.from('abc-.1')), minLength: 1, maxLength: 4 })
    const wishes = fc.record({
      protocols: fc.uniqueArray(name, { minLength: 1, maxLength: 4 }),
      choice: fc.nat(),
      origin: fc.constantFrom(undefined, 'http://a', 'null'),
      known: fc.boolean(),
    })
    fc.assert(
      fc.property(wishes, ({ protocols, choice, origin, known }) => {
        const key = generateKey()
        const extension = clientExtension('x', 0x40)
        const asked = buildRequest({ target: '/', host: 'h', key, protocols, extensions: extension.offers, origin })
        const handshake = readServerHandshake(parseRequest(asked))
        if (handshake instanceof Rejection) throw new Error(handshake.reason)
        const protocol = protocols[choice % protocols.length] as string
        const extensions = negotiateExtensions(handshake.extensions, known ? [serverExtension('x', 0x40)] : [])
        const answer = renderAccept(handshake, { protocol, extensionsHeader: extensions.header })
        expect(handshake).toMatchObject({ key, origin, protocols })
        expect(
          checkResponse({ statusCode: 101, ...parseHead(answer) }, { key, protocols, extensions: [extension] }),
        ).toMatchObject({ protocol, agreed: known ? [{ rsv: 0x40 }] : [] })
      }),
    )
  })
})

function parseHead(text: string): Omit<ResponseHead, 'statusCode'> {
  const lines = text.split('\r\n')
  expect(lines.slice(-2)).toEqual(['', ''])
  const rawHeaders = lines.slice(1, -2).flatMap((line) => line.split(/: (.*)/).slice(0, 2))
  return { httpVersionMajor: 1, httpVersionMinor: 1, rawHeaders }
}

function parseRequest(text: string): Parameters<typeof readServerHandshake>[0] {
  const [method = '', target = ''] = text.split(' ')
  return { method, target, ...parseHead(text) }
}
