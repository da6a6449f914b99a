import { describe, expect, it } from 'vitest'
import { parseExtensionList } from '../../src/handshake/header-grammar.ts'
import { negotiateExtensions, selectProtocol } from '../../src/handshake/negotiation.ts'
import type { ServerExtension } from '../../src/protocol/extension.ts'
import { serverExtension } from './extensions.ts'

const deflate = serverExtension('permessage-deflate', 0x40)
const other = serverExtension('other', 0x20)
const rival = serverExtension('rival', 0x40)

function answer(offers: string, ...available: ServerExtension[]): string | undefined {
  const { agreed, header } = negotiateExtensions(parseExtensionList(offers) ?? [], available)
  expect(parseExtensionList(header ?? '') ?? []).toEqual(agreed.map(({ response }) => response))
  return header
}

describe('extensions on the server (RFC 6455 9.1)', () => {
  it('are agreed to in the order of the offers, not of the server', () => {
    expect(answer('other, permessage-deflate; a=1; b', deflate, other)).toBe('other, permessage-deflate; a=1; b')
    expect(answer('permessage-deflate, other', other, deflate)).toBe('permessage-deflate, other')
  })

  it('are declined when they are unknown, whatever their name', () => {
    expect(answer('constructor, __proto__, toString, x-webkit-deflate-frame', deflate)).toBeUndefined()
    expect(answer('Permessage-Deflate', deflate)).toBeUndefined()
    expect(answer('foo, permessage-deflate, bar', deflate)).toBe('permessage-deflate')
  })

  it('are declined when they are unacceptable, and the next offer is looked at (RFC 7692 5)', () => {
    expect(answer('permessage-deflate; no', deflate)).toBeUndefined()
    expect(answer('permessage-deflate; no, permessage-deflate; yes', deflate)).toBe('permessage-deflate; yes')
  })

  it('are agreed to once for each name', () => {
    expect(answer('permessage-deflate; a, permessage-deflate; b', deflate, other)).toBe('permessage-deflate; a')
  })

  it('never claim a reserved bit twice', () => {
    expect(answer('permessage-deflate, rival, other', deflate, rival, other)).toBe('permessage-deflate, other')
    expect(answer('rival, permessage-deflate', deflate, rival)).toBe('rival')
  })

  it('are none where none is offered or none is there', () => {
    expect(negotiateExtensions([], [deflate])).toEqual({ agreed: [], header: undefined })
    expect(answer('permessage-deflate')).toBeUndefined()
  })

  it('take linear time over unacceptable offers without end', () => {
    const offers = parseExtensionList('permessage-deflate; no,'.repeat(1 << 17)) ?? []
    expect(offers).toHaveLength(1 << 17)
    expect(negotiateExtensions(offers, [deflate, other])).toEqual({ agreed: [], header: undefined })
  })
})

describe('the subprotocol an application has chosen (RFC 6455 4.2.2 item 5.5)', () => {
  it('is one of those offered', () => {
    expect(selectProtocol(['a', 'b'], 'b')).toBe('b')
  })

  it.each([undefined, null, false, ''])('is none for %j', (chosen) => {
    expect(selectProtocol(['a'], chosen)).toBeUndefined()
  })

  it.each(['c', 'A', 'a,b', ' a', 'a\r\nSet-Cookie: x', 'constructor'])('is never %j', (chosen) => {
    expect(() => selectProtocol(['a', 'b'], chosen)).toThrow(/was not offered \(offered: "a", "b"\)$/)
  })

  it('is never anything but a text', () => {
    for (const chosen of [true, 0, ['a'], Promise.resolve('a'), { protocol: 'a' }])
      expect(() => selectProtocol(['a'], chosen)).toThrow(TypeError)
    expect(() => selectProtocol([], 'a')).toThrow('subprotocol "a" was not offered (offered: none)')
  })
})
