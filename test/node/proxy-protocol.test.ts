import { describe, expect, it } from 'vitest'
import { readProxyHeader } from '../../src/node/proxy-protocol.ts'
import { hex } from '../support/hex.ts'

const SIGNATURE = '0d 0a 0d 0a 00 0d 0a 51 55 49 54 0a'
const TCP4 = `${SIGNATURE} 21 11 00 0c cb 00 71 09 0a 00 00 01 12 67 00 50`
const TCP6 = `${SIGNATURE} 21 21 00 24 ${'20 01 0d b8'} ${'00 '.repeat(11)} 01 ${'00 '.repeat(16)} 12 67 00 50`
const bytes = (digits: string): Buffer => Buffer.from(hex(digits.replaceAll(/\s+/g, ' ')))

describe('The PROXY protocol', () => {
  it('version 1 is a line of text (2.1)', () => {
    const line = 'PROXY TCP4 203.0.113.9 10.0.0.1 4711 80\r\n'
    expect(readProxyHeader(Buffer.from(`${line}GET /`))).toEqual({ address: '203.0.113.9', length: line.length })
    const six = 'PROXY TCP6 2001:db8::9 ::1 4711 80\r\n'
    expect(readProxyHeader(Buffer.from(six))).toEqual({ address: '2001:db8::9', length: six.length })
    expect(readProxyHeader(Buffer.from('PROXY UNKNOWN whatever\r\n'))).toEqual({ address: undefined, length: 24 })
  })

  it('version 2 is binary, with what else the balancer tells behind the addresses (2.2)', () => {
    expect(readProxyHeader(bytes(TCP4))).toEqual({ address: '203.0.113.9', length: 28 })
    expect(readProxyHeader(bytes(TCP6))).toEqual({ address: '2001:db8:0:0:0:0:0:1', length: 52 })
    const more = TCP4.replace('00 0c', '00 0f')
    expect(readProxyHeader(bytes(`${more} 04 00 00 47`))).toEqual({ address: '203.0.113.9', length: 31 })
    expect(readProxyHeader(bytes(`${SIGNATURE} 20 00 00 00`))).toEqual({ address: undefined, length: 16 })
    expect(readProxyHeader(bytes(`${SIGNATURE} 21 31 00 02 00 00`))).toEqual({ address: undefined, length: 18 })
  })

  it('shows a client of IPv4 as one, where a balancer for both families writes it as one of IPv6 (RFC 4291 2.5.5.2)', () => {
    const mapped = `${SIGNATURE} 21 21 00 24 ${'00 '.repeat(10)} ff ff cb 00 71 09 ${'00 '.repeat(16)} 12 67 00 50`
    expect(readProxyHeader(bytes(mapped))).toEqual({ address: '203.0.113.9', length: 52 })
    for (const source of ['::ffff:cb00:7109', '::ffff:203.0.113.9', '0:0:0:0:0:FFFF:CB00:7109']) {
      const line = `PROXY TCP6 ${source} ::1 4711 80\r\n`
      expect(readProxyHeader(Buffer.from(line))).toEqual({ address: '203.0.113.9', length: line.length })
    }
  })

  it('is waited for as long as it may still be one, byte by byte', () => {
    for (const whole of [Buffer.from('PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n'), bytes(TCP4), bytes(TCP6)]) {
      for (let length = 0; length < whole.length; length++) {
        expect(readProxyHeader(whole.subarray(0, length))).toBeUndefined()
      }
    }
  })

  it.each([
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n')],
    ['a line without an end', Buffer.from(`PROXY TCP4 ${' '.repeat(100)}`)],
    ['an address of the other family', Buffer.from('PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n')],
    ['no address', Buffer.from('PROXY TCP4 here there 1 2\r\n')],
    ['no ports', Buffer.from('PROXY TCP4 1.2.3.4 5.6.7.8\r\n')],
    ['a port that is none', Buffer.from('PROXY TCP4 1.2.3.4 5.6.7.8 1 65536\r\n')],
    ['another family name', Buffer.from('PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n')],
    ['another version', bytes(`${SIGNATURE} 11 11 00 00`)],
    ['another command', bytes(`${SIGNATURE} 22 11 00 00`)],
    ['a length beyond all use', bytes(`${SIGNATURE} 21 11 ff ff`)],
    ['addresses cut short', bytes(`${SIGNATURE} 21 11 00 04 01 02 03 04`)],
    ['IPv6 addresses cut short', bytes(`${SIGNATURE} 21 21 00 04 01 02 03 04`)],
  ])('is refused when it is %s', (_name, head) => {
    expect(readProxyHeader(head)).toBe(false)
  })
})
