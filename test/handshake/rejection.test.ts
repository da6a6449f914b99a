import { describe, expect, it } from 'vitest'
import {
  pathNotServed,
  reject,
  Rejection,
  renderRejection,
  serverClosing,
  upgradeRequired,
} from '../../src/handshake/rejection.ts'

describe('a refused handshake (RFC 6455 4.2.2)', () => {
  it('is a whole response that ends the connection', () => {
    expect(renderRejection(reject(401, 'token expired'))).toBe(
      'HTTP/1.1 401 Unauthorized\r\n' +
        'Connection: close\r\n' +
        'Content-Type: text/plain; charset=utf-8\r\n' +
        'Content-Length: 13\r\n' +
        '\r\n' +
        'token expired',
    )
  })

  it('counts its body in bytes of UTF-8', () => {
    const text = renderRejection(reject(403, 'grüß dich 😀'))
    const [head = '', body = ''] = text.split('\r\n\r\n')
    expect(Buffer.byteLength(body)).toBe(16)
    expect(head).toContain('\r\nContent-Length: 16')
  })

  it('may have header fields and a body of its own', () => {
    const headers = { 'Content-Type': 'application/json', 'WWW-Authenticate': ['Basic', 'Bearer'], 'X-N': 1 }
    expect(renderRejection(reject(401, '{}', headers))).toBe(
      'HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 2\r\n' +
        'Content-Type: application/json\r\nWWW-Authenticate: Basic\r\nWWW-Authenticate: Bearer\r\nX-N: 1\r\n\r\n{}',
    )
  })

  it('may redirect', () => {
    const text = renderRejection(reject(307, undefined, { Location: '/other' }))
    expect(text).toMatch(/^HTTP\/1\.1 307 Temporary Redirect\r\n/)
    expect(text).toContain('\r\nLocation: /other\r\n')
    expect(text).toMatch(/\r\n\r\nTemporary Redirect$/)
  })

  it('goes without a reason phrase where there is none', () => {
    expect(renderRejection(reject(499))).toMatch(/^HTTP\/1\.1 499 \r\n/)
    expect(reject(499).reason).toBe('Refused')
  })

  it.each([101, 200, 204, 299, 600, 401.5, Number.NaN, '401', undefined])('cannot have the status %s', (status) => {
    expect(() => reject(status as number)).toThrow(RangeError)
  })

  it.each(['Connection', 'content-length', 'Transfer-Encoding'])('cannot set %s', (name) => {
    expect(() => reject(400, 'x', { [name]: 'x' })).toThrow(`header ${name} is set by the handshake itself`)
  })

  it('cannot smuggle header lines', () => {
    expect(() => reject(400, 'x', { Location: '/\r\nSet-Cookie: a' })).toThrow(TypeError)
    expect(() => reject(400, 5 as never)).toThrow(TypeError)
    expect(() => reject(400, 'x', { headers: { Location: '/' } } as never)).toThrow(/^header headers is of type object/)
  })

  it('is told from anything else by its class', () => {
    expect(reject(400)).toBeInstanceOf(Rejection)
  })
})

describe('the ready-made refusals', () => {
  it('answer plain HTTP with 426, naming the protocol and the version (RFC 9110 15.5.22, RFC 6455 4.4)', () => {
    expect(renderRejection(upgradeRequired())).toBe(
      'HTTP/1.1 426 Upgrade Required\r\nConnection: close, Upgrade\r\nContent-Type: text/plain; charset=utf-8\r\n' +
        'Content-Length: 55\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n' +
        'This address speaks WebSocket, an upgrade is required.\n',
    )
  })

  it('answer an unserved path with 404 and a closing server with 503 and a time to come back', () => {
    expect(pathNotServed()).toMatchObject({ status: 404, headers: [] })
    expect(serverClosing()).toMatchObject({ status: 503, headers: [['Retry-After', '5']] })
  })
})
