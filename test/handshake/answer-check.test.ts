import { describe, expect, it } from 'vitest'
import { confirmExtensions, confirmProtocol } from '../../src/handshake/answer-check.ts'
import { FailureSections, HandshakeFailure } from '../../src/handshake/handshake-failure.ts'
import { clientExtension } from './extensions.ts'

const deflate = clientExtension('permessage-deflate', 0x40)
const other = clientExtension('other', 0x20)
const rival = clientExtension('rival', 0x40)
const HUGE = 1 << 18

describe('the subprotocol of an answer (RFC 6455 4.1 item 6)', () => {
  it('is one of those requested', () => {
    expect(confirmProtocol(['b'], ['a', 'b'])).toBe('b')
  })

  it('is none where none was requested', () => {
    expect(confirmProtocol([], [])).toBe('')
  })

  it.each<[string[], string[], string]>([
    [['c'], ['a', 'b'], 'protocol-unrequested'],
    [['a'], [], 'protocol-unrequested'],
    [['A'], ['a'], 'protocol-unrequested'],
    [['a, b'], ['a', 'b'], 'protocol-unrequested'],
    [[''], ['a'], 'protocol-unrequested'],
    [[''], [], 'protocol-unrequested'],
    [['constructor'], ['a'], 'protocol-unrequested'],
    [['a', 'a'], ['a'], 'protocol-duplicated'],
    [['a', 'b'], ['a', 'b'], 'protocol-duplicated'],
    [[], ['a'], 'protocol-missing'],
  ])('fails the handshake as %j where %j were requested: %s', (values, requested, code) => {
    expect(confirmProtocol(values, requested)).toMatchObject({ code })
  })
})

describe('the extensions of an answer (RFC 6455 4.1 item 5, 9.1)', () => {
  it('are none, some or all of those offered, in the order of the answer', () => {
    expect(confirmExtensions([], [deflate])).toEqual([])
    expect(confirmExtensions(['other, permessage-deflate; x=1'], [deflate, other, rival])).toMatchObject([
      { rsv: 0x20, response: { name: 'other', parameters: [] } },
      { rsv: 0x40, response: { name: 'permessage-deflate', parameters: [['x', '1']] } },
    ])
  })

  it.each<[string[], string, string]>([
    [['permessage-deflate', 'permessage-deflate'], 'extensions-duplicated', '2 Sec-WebSocket-Extensions headers'],
    [[''], 'extensions-malformed', 'malformed Sec-WebSocket-Extensions ""'],
    [['permessage-deflate;'], 'extensions-malformed', 'malformed Sec-WebSocket-Extensions "permessage-deflate;"'],
    [['a; b="'], 'extensions-malformed', 'malformed'],
    [['unknown'], 'extension-unrequested', 'extension "unknown", which was not offered'],
    [['silent'], 'extension-unrequested', 'extension "silent", which was not offered'],
    [['__proto__'], 'extension-unrequested', 'extension "__proto__", which was not offered'],
    [['constructor'], 'extension-unrequested', 'extension "constructor", which was not offered'],
    [['permessage-deflate, unknown'], 'extension-unrequested', 'extension "unknown", which was not offered'],
    [['other, other'], 'extension-repeated', 'extension "other" twice'],
    [['other; no'], 'extension-parameters', 'extension "other": the parameter no was not offered'],
    [['permessage-deflate, rival'], 'extension-bits', 'extension "rival" claims a reserved bit'],
  ])('fail the handshake as %j: %s', (values, code, message) => {
    const silent = { ...clientExtension('silent', 0x10), offers: [] }
    const failure = confirmExtensions(values, [deflate, other, rival, silent])
    expect(failure).toBeInstanceOf(HandshakeFailure)
    expect(failure).toMatchObject({ code, message: expect.stringContaining(message) as string })
  })

  it('are checked in linear time', () => {
    expect(confirmExtensions(['other,'.repeat(HUGE)], [other])).toMatchObject({ code: 'extension-repeated' })
    expect(confirmExtensions([`other; x="${'\\'.repeat(HUGE)}`], [other])).toMatchObject({
      code: 'extensions-malformed',
    })
  })
})

describe('a failure of the handshake', () => {
  it('names its rule and where it stands', () => {
    expect(new HandshakeFailure('status', 'x')).toMatchObject({
      code: 'status',
      message: 'x',
      section: 'RFC 6455 4.1, item 1',
    })
    for (const section of Object.values(FailureSections)) expect(section).toMatch(/^(RFC 6455 \d+(\.\d+)*|WHATWG)/)
  })
})
