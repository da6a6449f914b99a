import { describe, expect, it } from 'vitest'
import { addressKey, HandshakeLimits } from '../../src/node/handshake-limits.ts'
import type { ServerOptions } from '../../src/node/server-options.ts'
import { RawClient, requestHead } from '../support/raw-client.ts'
import { serve } from '../support/serve.ts'

describe('Handshake limits', () => {
  it('hold for connections, with those that are under way', () => {
    const limits = new HandshakeLimits({ maxConnections: 2 })
    expect([limits.begin('a', 0), limits.begin('b', 0)]).toEqual([undefined, undefined])
    expect(limits.begin('c', 0)).toMatchObject({ status: 503 })
    limits.decided('a')
    limits.opened('a')
    expect(limits.begin('c', 0)).toMatchObject({ status: 503 })
    limits.closed('a')
    expect(limits.begin('c', 0)).toBeUndefined()
    expect(limits.underWay).toBe(2)
  })

  it('hold for the connections from one address', () => {
    const limits = new HandshakeLimits({ maxConnectionsPerAddress: 1 })
    expect(limits.begin('192.0.2.1', 0)).toBeUndefined()
    limits.decided('192.0.2.1')
    limits.opened('192.0.2.1')
    expect(limits.begin('::ffff:192.0.2.1', 0)).toMatchObject({ status: 503 })
    expect(limits.begin('192.0.2.2', 0)).toBeUndefined()
    expect(limits.begin(undefined, 0)).toBeUndefined()
    limits.closed('192.0.2.1')
    expect(limits.begin('192.0.2.1', 0)).toBeUndefined()
  })

  it('count each connection under way against its address too', () => {
    const limits = new HandshakeLimits({ maxConnectionsPerAddress: 2 })
    expect([limits.begin('192.0.2.1', 0), limits.begin('192.0.2.1', 0)]).toEqual([undefined, undefined])
    expect(limits.begin('192.0.2.1', 0)).toMatchObject({ status: 503 })
    limits.decided('192.0.2.1')
    expect(limits.begin('192.0.2.1', 0)).toBeUndefined()
  })

  it('hold for handshakes a second, and tell when to come back (RFC 9110 10.2.3)', () => {
    const limits = new HandshakeLimits({ handshakesPerSecond: 2 })
    const now = performance.now()
    expect([limits.begin('a', now), limits.begin('a', now)]).toEqual([undefined, undefined])
    expect(limits.begin('b', now)).toMatchObject({ status: 503, headers: [['Retry-After', '1']] })
    expect(limits.begin('b', now + 600)).toBeUndefined()
  })

  it('give each address an allowance, of which the others do not have to pay', () => {
    const limits = new HandshakeLimits({ handshakesPerSecond: 3, handshakesPerSecondPerAddress: 1 })
    const now = performance.now()
    expect(limits.begin('2001:db8::1', now)).toBeUndefined()
    for (let i = 0; i < 10; i++) expect(limits.begin('2001:db8::2', now)).toMatchObject({ status: 503 })
    expect(limits.begin('2001:db8:0:1::1', now)).toBeUndefined()
    expect(limits.begin('192.0.2.1', now)).toBeUndefined()
    expect(limits.begin('192.0.2.2', now)).toMatchObject({ status: 503 })
  })

  it('remember no more addresses than they have room for', () => {
    const limits = new HandshakeLimits({ handshakesPerSecondPerAddress: 1, maxHandshakes: 100_000 })
    const now = performance.now()
    for (let i = 0; i < 20_000; i++) limits.begin(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, now)
    expect(limits.begin('10.0.78.31', now)).toMatchObject({ status: 503 })
    expect(limits.begin('10.0.0.0', now)).toBeUndefined()
  })

  it('take a /64 of IPv6 for one address (RFC 6177)', () => {
    expect(addressKey('192.0.2.1')).toBe('192.0.2.1')
    for (const mapped of ['::ffff:192.0.2.1', '::ffff:c000:201', '0:0:0:0:0:ffff:c000:0201', '::FFFF:C000:201']) {
      expect(addressKey(mapped)).toBe('192.0.2.1')
    }
    expect(addressKey('2001:db8::1')).toBe('2001:db8:0:0::/64')
    expect(addressKey('2001:db8:0:0:1:2:3:4')).toBe('2001:db8:0:0::/64')
    expect(addressKey('::1')).toBe('0:0:0:0::/64')
    expect(addressKey('1::')).toBe('1:0:0:0::/64')
  })

  it('are checked', () => {
    for (const name of ['maxConnections', 'maxHandshakes', 'handshakesPerSecond', 'handshakesPerSecondPerAddress']) {
      expect(() => new HandshakeLimits({ [name]: -1 })).toThrow(new RegExp(name))
    }
  })

  it.each<[string, ServerOptions<undefined>]>([
    ['connections', { maxConnections: 1 }],
    ['connections from an address', { maxConnectionsPerAddress: 1 }],
    ['handshakes a second', { handshakesPerSecond: 1 }],
    ['handshakes a second from an address', { handshakesPerSecondPerAddress: 1 }],
    ['handshakes at once', { maxHandshakes: 1, upgrade: () => new Promise<void>(() => {}) }],
  ])('answer 503 with Retry-After over the limit of %s, before upgrade is asked', async (_name, options) => {
    let asked = 0
    const { port, server } = await serve({
      ...options,
      upgrade: (request) => {
        asked++
        return options.upgrade?.(request)
      },
    })
    const first = new RawClient(port).send(requestHead())
    while (asked === 0) await new Promise(setImmediate)
    const second = new RawClient(port).send(requestHead())
    expect(await second.head()).toMatch(/^HTTP\/1\.1 503 .*\r\n(?:.*\r\n)*Retry-After: 1\r\n/)
    await second.closed()
    expect(asked).toBe(1)
    expect(server.stats().refused).toBe(1)
    first.destroy()
  })
})
