import { describe, expect, it } from 'vitest'
import { checkNoBody, checkVersion, readOffer } from '../../src/handshake/handshake-offer.ts'

const HUGE = 1 << 18

describe('Sec-WebSocket-Version (RFC 6455 4.2.2 item 3, 4.4)', () => {
  it('is 13', () => {
    expect(checkVersion(['sec-websocket-VERSION', '13'])).toBeUndefined()
  })

  it.each(['8', '7', '12', '14', '0xd', '013', '13.0', '+13', '13, 8', '8, 13', '', '1e1', '١٣'])(
    'is not %j: 426 names the version that is understood',
    (version) => {
      expect(checkVersion(['Sec-WebSocket-Version', version])).toMatchObject({
        status: 426,
        headers: [
          ['Upgrade', 'websocket'],
          ['Sec-WebSocket-Version', '13'],
        ],
      })
    },
  )

  it.each([[[]], [['Sec-WebSocket-Version', '13', 'Sec-WebSocket-Version', '13']]])(
    'stands there exactly once, not as in %j (11.3.5)',
    (rawHeaders) => {
      expect(checkVersion(rawHeaders)).toMatchObject({ status: 400, headers: [['Sec-WebSocket-Version', '13']] })
    },
  )
})

describe('a handshake with a body', () => {
  it.each([[[]], [['Content-Length', '0']], [['Content-Length', '00', 'content-length', '0']]])(
    'is not announced by %j',
    (rawHeaders) => {
      expect(checkNoBody(rawHeaders)).toBeUndefined()
    },
  )

  it.each([
    [['Content-Length', '1']],
    [['Content-Length', '0', 'Content-Length', '5']],
    [['content-length', '']],
    [['content-length', '-0']],
    [['content-length', '0x0']],
    [['Transfer-Encoding', 'chunked']],
    [['TRANSFER-ENCODING', '']],
  ])('is refused with 400: %j', (rawHeaders) => {
    expect(checkNoBody(rawHeaders)).toMatchObject({
      status: 400,
      body: 'The request announced a body, a handshake has none.\n',
    })
  })
})

describe('what a client offers (RFC 6455 4.2.1 items 7 to 9)', () => {
  it('may be nothing', () => {
    expect(readOffer(['Host', 'h'])).toEqual({ origin: undefined, protocols: [], extensions: [] })
  })

  it('may be spread over several lines (11.3.2, 11.3.4)', () => {
    const lines = ['Sec-WebSocket-Protocol', 'a, b', 'SEC-WEBSOCKET-PROTOCOL', 'c']
    const more = ['Sec-WebSocket-Extensions', 'x; y=1', 'Origin', 'http://o', 'sec-websocket-extensions', 'z, x']
    expect(readOffer([...lines, ...more])).toEqual({
      origin: 'http://o',
      protocols: ['a', 'b', 'c'],
      extensions: [
        { name: 'x', parameters: [['y', '1']] },
        { name: 'z', parameters: [] },
        { name: 'x', parameters: [] },
      ],
    })
  })

  it('may have names that objects have by nature', () => {
    const rawHeaders = ['Sec-WebSocket-Protocol', '__proto__, constructor', 'Sec-WebSocket-Extensions', 'constructor']
    expect(readOffer(rawHeaders)).toMatchObject({
      protocols: ['__proto__', 'constructor'],
      extensions: [{ name: 'constructor', parameters: [] }],
    })
  })

  it.each([
    [['Sec-WebSocket-Protocol', ''], 'must be a list of tokens'],
    [['Sec-WebSocket-Protocol', 'a b'], 'must be a list of tokens'],
    [['Sec-WebSocket-Protocol', 'a, b, a'], 'names "a" twice'],
    [['Sec-WebSocket-Protocol', 'a', 'Sec-WebSocket-Protocol', 'a'], 'names "a" twice'],
    [['Sec-WebSocket-Protocol', 'a', 'Sec-WebSocket-Protocol', ','], 'must be a list of tokens'],
    [['Sec-WebSocket-Extensions', ''], 'must be a list of extensions'],
    [['Sec-WebSocket-Extensions', 'a;'], 'must be a list of extensions'],
    [['Sec-WebSocket-Extensions', 'a;b="', 'Sec-WebSocket-Extensions', '"'], 'must be a list of extensions'],
    [['Origin', 'http://a', 'Origin', 'http://a'], '2 Origin headers'],
  ])('is refused with 400: %j', (rawHeaders, sentence) => {
    const refused = readOffer(rawHeaders)
    expect(refused).toMatchObject({ status: 400, reason: expect.stringContaining(sentence) as string })
  })

  it('is read in linear time, however many lines and names there are', () => {
    const names = Array.from({ length: HUGE }, (_, at) => `p${at}`)
    const lines = names.flatMap((name) => ['Sec-WebSocket-Protocol', name])
    expect(readOffer(lines)).toMatchObject({ protocols: names })
    expect(readOffer(['Sec-WebSocket-Protocol', names.join(',')])).toMatchObject({ protocols: names })
    expect(readOffer(['Sec-WebSocket-Protocol', ' '.repeat(HUGE)])).toMatchObject({ status: 400 })
    expect(readOffer(['Sec-WebSocket-Extensions', `a; b="${'\\'.repeat(HUGE)}`])).toMatchObject({ status: 400 })
  })
})
