import { describe, expect, it } from 'vitest'
import { accept } from '../../src/handshake/acceptance.ts'

describe('an accepted handshake (RFC 6455 4.2.2)', () => {
  it('is what was given, as an object by itself would be', () => {
    const given = { data: { user: 'ada' }, protocol: 'chat.v1', headers: { 'Set-Cookie': 'seen=1' } }
    expect(accept(given)).toBe(given)
  })

  it('needs neither data, nor a subprotocol, nor headers', () => {
    expect(accept()).toEqual({})
  })
})
