import { BlockList, isIPv6 } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { groupsOf, plainAddress } from '../../src/node/ip-address.ts'

describe('An address of IPv4 (RFC 4291 2.5.5.2)', () => {
  it.each([
    '::ffff:203.0.113.9',
    '::FFFF:203.0.113.9',
    '::ffff:cb00:7109',
    '::ffff:CB00:7109',
    '0:0:0:0:0:ffff:cb00:7109',
    '0000:0000:0000:0000:0000:ffff:cb00:7109',
    '0:0:0:0:0:ffff:203.0.113.9',
    '0::ffff:cb00:7109',
    '203.0.113.9',
  ])('is shown as one, however it is written: %s', (address) => {
    expect(plainAddress(address)).toBe('203.0.113.9')
  })

  it('keeps its small numbers', () => {
    expect(plainAddress('::ffff:0:1')).toBe('0.0.0.1')
    expect(plainAddress('::ffff:0:0')).toBe('0.0.0.0')
    expect(plainAddress('::ffff:ffff:ffff')).toBe('255.255.255.255')
    expect(plainAddress('::ffff:1:0')).toBe('0.1.0.0')
  })

  it.each([
    '::1',
    '::',
    '2001:db8::ffff:cb00:7109',
    '::ffff:0:cb00:7109',
    '::cb00:7109',
    '64:ff9b::203.0.113.9',
    'unknown',
    '',
  ])('is not what another one looks like: %s', (address) => {
    expect(plainAddress(address)).toBe(address)
  })

  it('is found for every four bytes, as Node knows them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 4 }), ([a, b, c, d]) => {
        const hex = `::ffff:${((a! << 8) | b!).toString(16)}:${((c! << 8) | d!).toString(16)}`
        const plain = plainAddress(hex)
        const list = new BlockList()
        list.addAddress(plain, 'ipv4')
        expect(list.check(hex, 'ipv6')).toBe(true)
        expect(plainAddress(`::ffff:${plain}`)).toBe(plain)
      }),
    )
  })
})

describe('The groups of an address of IPv6 (RFC 4291 2.2)', () => {
  it('are eight, whatever is left out', () => {
    expect(groupsOf('::')).toEqual(Array.from({ length: 8 }, () => '0'))
    expect(groupsOf('2001:0db8::1')).toEqual(['2001', 'db8', '0', '0', '0', '0', '0', '1'])
    expect(groupsOf('1::')).toEqual(['1', '0', '0', '0', '0', '0', '0', '0'])
    expect(groupsOf('fe80::1%eth0')).toEqual(['fe80', '0', '0', '0', '0', '0', '0', '1'])
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        expect(isIPv6(address)).toBe(true)
        expect(groupsOf(address)).toHaveLength(8)
        expect(isIPv6(groupsOf(address).join(':'))).toBe(true)
      }),
    )
  })
})
