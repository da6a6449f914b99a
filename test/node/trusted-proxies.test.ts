import { describe, expect, it } from 'vitest'
import { TrustedProxies } from '../../src/node/trusted-proxies.ts'
import { RawClient } from '../support/raw-client.ts'
import { serve } from '../support/serve.ts'

describe('Trusted proxies', () => {
  const proxies = new TrustedProxies(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32'])

  it('are known by address and network, in both families', () => {
    for (const address of [
      '10.1.2.3',
      '::ffff:10.1.2.3',
      '::ffff:a01:203',
      '0:0:0:0:0:ffff:0a01:0203',
      '192.0.2.7',
      '2001:db8::5',
    ]) {
      expect(proxies.trusts(address)).toBe(true)
    }
    for (const address of ['11.0.0.1', '192.0.2.8', '2001:db9::5', '', 'localhost', undefined]) {
      expect(proxies.trusts(address)).toBe(false)
    }
  })

  it.each([
    ['a stranger is who it is, whatever it says', '203.0.113.9', '1.2.3.4', '203.0.113.9'],
    ['without the field it is the proxy', '10.0.0.1', undefined, '10.0.0.1'],
    ['the last entry counts', '10.0.0.1', '1.1.1.1, 203.0.113.9', '203.0.113.9'],
    ['proxies behind proxies are passed over', '10.0.0.1', '6.6.6.6, 203.0.113.9, 10.0.0.2', '203.0.113.9'],
    ['what a client made up stands before', '10.0.0.1', '10.9.9.9, 203.0.113.9', '203.0.113.9'],
    ['when all are proxies, it is the first', '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['ports are left off', '10.0.0.1', '203.0.113.9:4711', '203.0.113.9'],
    ['brackets too', '10.0.0.1', '[2001:db7::1]:80', '2001:db7::1'],
    ['one of IPv4 is the same in hexadecimal', '10.0.0.1', '::ffff:cb00:7109', '203.0.113.9'],
    ['a proxy of IPv4 too', '::ffff:a00:1', '203.0.113.9, [::ffff:a00:2]:80', '203.0.113.9'],
    ['nonsense ends the chain', '10.0.0.1', 'unknown, 10.0.0.2', '10.0.0.2'],
  ])('tell the client: %s', (_name, peer, forwardedFor, client) => {
    expect(proxies.clientOf(peer, forwardedFor)).toBe(client)
  })

  it('read a long list in linear time', () => {
    expect(proxies.clientOf('10.0.0.1', '10.0.0.2,'.repeat(5000))).toBe('10.0.0.1')
  })

  it('are addresses and networks, nothing else', () => {
    for (const wrong of ['10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', 'localhost', '', '2001:db8::/129', 5]) {
      expect(() => new TrustedProxies([wrong as string])).toThrow(/trustProxy/)
    }
    expect(() => new TrustedProxies('10.0.0.1' as never)).toThrow(TypeError)
  })

  it('give the address to upgrade and to the socket', async () => {
    const asked: unknown[] = []
    const { port, opened } = await serve({
      trustProxy: ['127.0.0.0/8'],
      upgrade: ({ remoteAddress }) => void asked.push(remoteAddress),
    })
    const client = await RawClient.open(port, { headers: { 'X-Forwarded-For': '203.0.113.9' } })
    expect((await opened()).remoteAddress).toBe('203.0.113.9')
    expect(asked).toEqual(['203.0.113.9'])
    client.destroy()
    const plain = await serve()
    const other = await RawClient.open(plain.port, { headers: { 'X-Forwarded-For': '203.0.113.9' } })
    expect((await plain.opened()).remoteAddress).toBe('127.0.0.1')
    other.destroy()
  })
})
