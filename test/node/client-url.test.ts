import { describe, expect, it } from 'vitest'
import { credentialsOf, endpointOf, parseWebSocketUrl, requireProtocols } from '../../src/node/client-url.ts'

/** The name of the DOMException that a call throws. */
function nameThrown(act: () => unknown): string | undefined {
  try {
    act()
    return undefined
  } catch (error) {
    return error instanceof DOMException ? error.name : String(error)
  }
}

describe('The URL of a client (RFC 6455 3)', () => {
  it.each([
    ['ws://a.test', 'ws://a.test/'],
    ['wss://a.test:443/x?y=1', 'wss://a.test/x?y=1'],
    ['http://a.test/x', 'ws://a.test/x'],
    ['https://a.test:8443/', 'wss://a.test:8443/'],
    ['WS://A.test/Path', 'ws://a.test/Path'],
  ])('%s is %s', (text, href) => {
    expect(parseWebSocketUrl(text).href).toBe(href)
    expect(parseWebSocketUrl(new URL(text)).href).toBe(href)
  })

  it.each(['ftp://a.test', 'mailto:a@b.test', 'file:///x', '/chat', '', 'ws://', 'ws://a b', 'ws+unix://host/x'])(
    '%j is refused',
    (text) => {
      expect(nameThrown(() => parseWebSocketUrl(text))).toBe('SyntaxError')
    },
  )

  it('has no fragment, not even an empty one', () => {
    for (const text of ['ws://a.test/#x', 'ws://a.test/#', 'http://a.test/x#']) {
      expect(nameThrown(() => parseWebSocketUrl(text))).toBe('SyntaxError')
    }
  })
})

describe('Where a URL leads (RFC 6455 3)', () => {
  const lead = (text: string): unknown => {
    const { isSecure, authority, hostname, port, target } = endpointOf(parseWebSocketUrl(text))
    return [isSecure, authority, hostname, port, target]
  }

  it('is port 80 without TLS and 443 with, unless it says otherwise', () => {
    expect(lead('ws://a.test')).toEqual([false, 'a.test', 'a.test', 80, '/'])
    expect(lead('wss://a.test/x?y')).toEqual([true, 'a.test', 'a.test', 443, '/x?y'])
    expect(lead('ws://a.test:8080/')).toEqual([false, 'a.test:8080', 'a.test', 8080, '/'])
  })

  it('is an IPv6 address without its brackets', () => {
    expect(lead('ws://[::1]:9/')).toEqual([false, '[::1]:9', '::1', 9, '/'])
  })

  it('may be a Unix socket and a path of its server', () => {
    const endpoint = endpointOf(parseWebSocketUrl('ws+unix:/run/a%20b.sock:/rooms?id=7'))
    expect(endpoint).toMatchObject({ socketPath: '/run/a b.sock', target: '/rooms?id=7', authority: 'localhost' })
    expect(endpointOf(parseWebSocketUrl('ws+unix:/run/a.sock'))).toMatchObject({
      socketPath: '/run/a.sock',
      target: '/',
    })
  })
})

describe('Credentials of a URL', () => {
  it('are decoded, and none where there are none', () => {
    expect(credentialsOf(new URL('ws://ada:p%40ss@a.test'))).toBe('ada:p@ss')
    expect(credentialsOf(new URL('ws://100%@a.test'))).toBe('100%:')
    expect(credentialsOf(new URL('ws://a.test'))).toBeUndefined()
  })
})

describe('Subprotocols to offer (RFC 6455 4.1, item 10)', () => {
  it('are tokens, and each stands there once', () => {
    expect(nameThrown(() => requireProtocols(['a', 'b.v1', '*']))).toBeUndefined()
    for (const bad of [['a', 'a'], ['a b'], [''], ['a,b'], ['ä'], ['a\r\nb']]) {
      expect(nameThrown(() => requireProtocols(bad))).toBe('SyntaxError')
    }
  })
})
