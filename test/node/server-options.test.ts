import { describe, expect, it } from 'vitest'
import { WebSocketServer } from '../../src/node/server.ts'
import { checkServerOptions } from '../../src/node/server-options.ts'

describe('The options of a server', () => {
  it('have defaults for every limit', () => {
    const { binding, extensions, handshakeTimeout } = checkServerOptions({})
    expect(binding).toMatchObject({
      role: 'server',
      maxPayload: 16 * 1024 * 1024,
      maxFragments: 1_048_576,
      highWaterMark: 262_144,
      closeTimeout: 10_000,
      text: 'string',
      autoPong: true,
    })
    expect([extensions.length, handshakeTimeout]).toEqual([0, 10_000])
  })

  it('offer to compress only where asked (RFC 7692)', () => {
    expect(checkServerOptions({ perMessageDeflate: true }).extensions.length).toBe(1)
    expect(checkServerOptions({ perMessageDeflate: { threshold: 0 } }).extensions.length).toBe(1)
    expect(checkServerOptions({ perMessageDeflate: false }).extensions).toEqual([])
  })

  it.each<[object, RegExp]>([
    [{ path: 'chat' }, /^path must begin with '\/', got 'chat'$/],
    [{ path: 5 }, /^path must be a string, got number$/],
    [{ text: 'blob' }, /^text must be /],
    [{ maxPayload: -1 }, /^maxPayload must be /],
    [{ maxPayload: '16' }, /^maxPayload must be /],
    [{ maxFragments: 0 }, /^maxFragments must be /],
    [{ highWaterMark: 1.5 }, /^highWaterMark must be /],
    [{ closeTimeout: 0 }, /^closeTimeout must be /],
    [{ handshakeTimeout: Infinity }, /^handshakeTimeout must be /],
    [{ origin: 5 }, /^origin /],
    [{ requireOrigin: 'yes' }, /^requireOrigin /],
    [{ origin: ['example.org'] }, /^origin /],
    [{ autoPong: 'no' }, /^autoPong must be true or false, got string$/],
    [{ sequential: 1 }, /^sequential must be true or false, got number$/],
    [{ perMessageDeflate: 'yes' }, /^perMessageDeflate must be /],
    [{ perMessageDeflate: null }, /^perMessageDeflate must be /],
    [{ message: 'echo' }, /^message must be a function, got string$/],
    [{ upgrade: {} }, /^upgrade must be a function, got object$/],
    [{ open: null }, /^open must be a function, got object$/],
    [{ error: true }, /^error must be a function, got boolean$/],
  ])('are refused by name: %o', (options, message) => {
    expect(() => new WebSocketServer(options)).toThrow(message)
  })

  it('may be left undefined', () => {
    expect(
      () => new WebSocketServer({ message: undefined, path: undefined, maxPayload: undefined } as object),
    ).not.toThrow()
  })
})
