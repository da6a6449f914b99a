import { describe, expect, it } from 'vitest'
import { CloseCode, describeCloseCode, isWireCloseCode } from '../../src/protocol/close-code.ts'

describe('A close code on the wire', () => {
  it('is 1000-1003, 1007-1014 or 3000-4999 and nothing else of 16 bits (RFC 6455 7.4)', () => {
    const allowed = Array.from({ length: 0x10000 }, (_, code) => code).filter(isWireCloseCode)
    const protocol = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014]
    expect(allowed).toEqual([...protocol, ...Array.from({ length: 2000 }, (_, i) => 3000 + i)])
  })

  it.each([1000.5, 3000.5, Number.NaN, -1, Infinity])('is a whole number, so not %s (RFC 6455 5.5.1)', (code) => {
    expect(isWireCloseCode(code)).toBe(false)
  })
})

describe('The registry', () => {
  it('names every code below 3000 that it has assigned (RFC 6455 11.7)', () => {
    expect(Object.values(CloseCode)).toEqual([
      1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 1015,
    ])
  })

  it.each([
    [1000, 'normal closure: the purpose of the connection has been fulfilled'],
    [1004, 'reserved; never on the wire'],
    [1016, 'not assigned by the registry; never on the wire'],
    [2999, 'not assigned by the registry; never on the wire'],
    [3000, 'registered with IANA by a library, framework or application'],
    [3999, 'registered with IANA by a library, framework or application'],
    [4000, 'private use, by agreement of the two applications'],
    [4999, 'private use, by agreement of the two applications'],
    [999, 'outside the ranges of RFC 6455 7.4.2; never on the wire'],
    [5000, 'outside the ranges of RFC 6455 7.4.2; never on the wire'],
  ])('says what %i means (RFC 6455 7.4)', (code, words) => {
    expect(describeCloseCode(code)).toBe(words)
  })
})
