import { describe, expect, it } from 'vitest'
import {
  acceptExtendedConnect,
  buildExtendedConnect,
  checkExtendedConnect,
  readExtendedConnect,
  rejectExtendedConnect,
} from '../../src/handshake/extended-connect.ts'
import type { ExtendedConnect } from '../../src/handshake/extended-connect.ts'
import { reject, Rejection } from '../../src/handshake/rejection.ts'
import { clientExtension } from './extensions.ts'

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='

/** The request of RFC 8441 5.1. */
const EXAMPLE = [
  [':method', 'CONNECT'],
  [':protocol', 'websocket'],
  [':scheme', 'https'],
  [':path', '/chat'],
  [':authority', 'server.example.com'],
  ['sec-websocket-protocol', 'chat, superchat'],
  ['sec-websocket-extensions', 'permessage-deflate'],
  ['sec-websocket-version', '13'],
  ['origin', 'http://www.example.com'],
] as const

function having(name: string, ...values: string[]): string[] {
  const others = EXAMPLE.filter(([other]) => other !== name)
  return [...others, ...values.map((value) => [name, value] as const)].flat()
}

function read(rawHeaders: readonly string[], endStream = false): ExtendedConnect | Rejection {
  return readExtendedConnect({ rawHeaders, endStream })
}

describe('an extended CONNECT (RFC 8441 5)', () => {
  it('is read, as the example of 5.1', () => {
    expect(read(EXAMPLE.flat())).toEqual({
      scheme: 'https',
      host: 'server.example.com',
      resource: '/chat',
      key: undefined,
      origin: 'http://www.example.com',
      protocols: ['chat', 'superchat'],
      extensions: [{ name: 'permessage-deflate', parameters: [] }],
    })
  })

  it('may bring a key, which is then answered, and any other key is passed over', () => {
    expect(read(having('sec-websocket-key', KEY))).toMatchObject({ key: KEY })
    expect(read(having('sec-websocket-key', 'short'))).toMatchObject({ key: undefined })
    expect(read(having('sec-websocket-key', KEY, KEY))).toMatchObject({ key: undefined })
  })

  it('may have Host in place of :authority (RFC 9113 8.3.1)', () => {
    expect(read([...having(':authority'), 'host', 'h:1'])).toMatchObject({ host: 'h:1' })
  })

  it.each<[number, string, string[]]>([
    [405, ':method', ['GET']],
    [405, ':method', []],
    [405, ':protocol', []],
    [501, ':protocol', ['connect-udp']],
    [501, ':protocol', ['WebSocket']],
    [400, ':scheme', []],
    [400, ':scheme', ['ftp']],
    [400, ':path', []],
    [400, ':path', ['']],
    [400, ':path', ['*']],
    [400, ':path', ['http://h/']],
    [400, ':authority', []],
    [400, ':authority', ['u@h']],
    [400, 'sec-websocket-version', []],
    [426, 'sec-websocket-version', ['8']],
    [400, 'content-length', ['5']],
    [400, 'sec-websocket-protocol', ['a b']],
    [400, 'sec-websocket-extensions', ['a;']],
    [400, 'origin', ['http://a', 'http://b']],
  ])('is refused with %d for %s %j', (status, name, values) => {
    const decision = read(having(name, ...values))
    expect(decision).toBeInstanceOf(Rejection)
    expect(decision).toMatchObject({ status })
  })

  it('is refused with 400 when the stream has ended with it', () => {
    expect(read(EXAMPLE.flat(), true)).toMatchObject({ status: 400 })
  })
})

describe('the answer over HTTP/2 (RFC 8441 5)', () => {
  const handshake = { key: undefined, protocols: ['chat'] }

  it('is 200 and says what was agreed on, and Accept only to those who sent a key', () => {
    expect({ ...acceptExtendedConnect(handshake) }).toEqual({ ':status': 200 })
    const answer = {
      protocol: 'chat',
      extensionsHeader: 'permessage-deflate',
      headers: { 'Set-Cookie': ['a', 'b'], 'X-A': 'b' },
    }
    expect({ ...acceptExtendedConnect({ ...handshake, key: KEY }, answer) }).toEqual({
      ':status': 200,
      'sec-websocket-accept': ACCEPT,
      'sec-websocket-protocol': 'chat',
      'sec-websocket-extensions': 'permessage-deflate',
      'set-cookie': ['a', 'b'],
      'x-a': 'b',
    })
  })

  it.each(['Upgrade', 'Connection', 'Keep-Alive', 'Transfer-Encoding', 'TE', 'Sec-WebSocket-Accept'])(
    'has no %s of the application (RFC 9113 8.2.2)',
    (name) => {
      expect(() => acceptExtendedConnect(handshake, { headers: { [name]: 'x' } })).toThrow(TypeError)
    },
  )

  it('has nothing that was not offered or cannot be sent', () => {
    expect(() => acceptExtendedConnect(handshake, { protocol: 'other' })).toThrow(TypeError)
    expect(() => acceptExtendedConnect(handshake, { extensionsHeader: 'a\r\nb' })).toThrow(TypeError)
    expect(() => acceptExtendedConnect(handshake, { headers: { ':status': '500' } })).toThrow(TypeError)
  })

  it('is, when it refuses, the same decision without the fields of a connection', () => {
    const refused = read(having('sec-websocket-version', '8'))
    if (!(refused instanceof Rejection)) throw new Error('accepted')
    expect({ ...rejectExtendedConnect(refused) }).toEqual({
      ':status': 426,
      'sec-websocket-version': '13',
      'content-type': 'text/plain; charset=utf-8',
      'content-length': Buffer.byteLength(refused.body),
    })
    const own = reject(401, 'ä', [
      ['Content-Type', 'text/html'],
      ['X', '1'],
      ['x', '2'],
      ['X', '3'],
    ])
    expect({ ...rejectExtendedConnect(own) }).toEqual({
      ':status': 401,
      'content-type': 'text/html',
      x: ['1', '2', '3'],
      'content-length': 2,
    })
  })

  it('keeps names as mere names', () => {
    const headers = acceptExtendedConnect(handshake, {
      headers: [
        ['__proto__', 'x'],
        ['constructor', 'y'],
      ],
    })
    expect(Object.entries(headers)).toEqual([
      [':status', 200],
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ])
  })
})

describe('the client over HTTP/2 (RFC 8441 5)', () => {
  const request = { scheme: 'https', authority: 'server.example.com', path: '/chat' } as const

  it('asks as in the example of 5.1', () => {
    const headers = buildExtendedConnect({
      ...request,
      origin: 'http://www.example.com',
      protocols: ['chat', 'superchat'],
      extensions: [{ name: 'permessage-deflate', parameters: [] }],
      headers: { 'X-A': 'b' },
    })
    expect({ ...headers }).toEqual({ ...Object.fromEntries(EXAMPLE), 'x-a': 'b' })
  })

  it.each([
    { scheme: 'wss' },
    { authority: 'a/b' },
    { authority: '' },
    { path: 'chat' },
    { path: '/a#b' },
    { path: '/a\r\n' },
    { protocols: ['a', 'a'] },
    { origin: 'a\nb' },
    { headers: { Host: 'a' } },
    { headers: { Upgrade: 'websocket' } },
    { headers: { ':path': '/' } },
  ])('refuses %j before anything is written', (wrong) => {
    expect(() => buildExtendedConnect({ ...request, ...wrong } as never)).toThrow(TypeError)
  })

  it('takes any 2xx, and checks the rest as over HTTP/1.1', () => {
    const expected = { protocols: ['chat'], extensions: [clientExtension('x', 0x40)] }
    const agreement = ['sec-websocket-protocol', 'chat', 'sec-websocket-extensions', 'x']
    for (const status of ['200', '204'])
      expect(checkExtendedConnect([':status', status, ...agreement], expected)).toMatchObject({
        protocol: 'chat',
        agreed: [{ rsv: 0x40 }],
      })
    for (const status of [[], [':status', '101'], [':status', '404'], [':status', '2000']])
      expect(checkExtendedConnect([...status, ...agreement], expected)).toMatchObject({ failure: { code: 'status' } })
    expect(checkExtendedConnect([':status', '200'], expected)).toMatchObject({ failure: { code: 'protocol-missing' } })
    expect(checkExtendedConnect([':status', '200', 'sec-websocket-extensions', 'y'], expected)).toMatchObject({
      failure: { code: 'extension-unrequested' },
    })
  })

  it('is understood by the server', () => {
    const headers = buildExtendedConnect({ ...request, protocols: ['a'] })
    expect(read(Object.entries(headers).flatMap(([name, value]) => [name, String(value)]))).toMatchObject({
      resource: '/chat',
      protocols: ['a'],
    })
  })
})
