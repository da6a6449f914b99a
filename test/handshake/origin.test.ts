import { describe, expect, it, vi } from 'vitest'
import { checkOrigin, createOriginCheck } from '../../src/handshake/origin.ts'
import type { OriginCheck, OriginPolicy } from '../../src/handshake/origin.ts'

describe('the origin by default (RFC 6455 10.2)', () => {
  const check = createOriginCheck()

  it.each([
    ['http://example.com', 'example.com'],
    ['https://example.com', 'example.com'],
    ['http://example.com', 'example.com:80'],
    ['https://example.com', 'example.com:443'],
    ['https://example.com:443', 'example.com'],
    ['http://example.com:8080', 'example.com:8080'],
    ['HTTP://Example.com', 'eXample.com'],
    ['ws://example.com', 'example.com'],
    ['http://127.0.0.1:3000', '127.0.0.1:3000'],
    ['http://[::1]:3000', '[::1]:3000'],
  ])('lets %s connect to %s', (origin, host) => {
    expect(check(origin, host)).toBe(true)
  })

  it.each([
    ['http://example.org', 'example.com'],
    ['http://example.com:8081', 'example.com:8080'],
    ['http://example.com', 'example.com:8080'],
    ['http://example.com', 'example.com:443'],
    ['http://example.com.evil.org', 'example.com'],
    ['http://evil-example.com', 'example.com'],
    ['http://example.com@evil.org', 'example.com'],
    ['http://evil.org/example.com', 'example.com'],
    ['http://evil.org?example.com', 'example.com'],
    ['http://127.0.0.1', 'localhost'],
    ['http://127.0.0.2:3000', '127.0.0.1:3000'],
    ['http://[::2]', '[::1]'],
    ['null', 'example.com'],
    ['null', 'null'],
    ['', 'example.com'],
    ['example.com', 'example.com'],
    ['//example.com', 'example.com'],
    ['http://', 'example.com'],
    ['http://example.com/', 'example.com'],
    ['http://example.com, http://example.org', 'example.com'],
    ['chrome-extension://example.com', 'example.com'],
    ['file://', 'example.com'],
  ])('refuses %s at %s (cross-site WebSocket hijacking, IP literals too)', (origin, host) => {
    expect(check(origin, host)).toBe(false)
  })
})

describe('the origin by a policy (RFC 6455 4.2.2 item 4)', () => {
  it('is any with any', () => {
    expect(createOriginCheck('any')('null', 'example.com')).toBe(true)
  })

  it('is on the list, whatever the host, its case and its default port', () => {
    const check = createOriginCheck(['https://Example.com', 'http://a:80', 'app://x', 'null'])
    for (const origin of ['https://example.com', 'https://example.com:443', 'http://a', 'app://x', 'null'])
      expect(check(origin, 'other'), origin).toBe(true)
    for (const origin of ['http://example.com', 'https://example.com:444', 'https://a', 'app://y', '', '__proto__'])
      expect(check(origin, 'example.com'), origin).toBe(false)
    expect(createOriginCheck([])('http://a', 'a')).toBe(false)
  })

  it('is what a function says', () => {
    const policy = vi.fn<OriginCheck>((origin) => origin.endsWith('.example'))
    const check = createOriginCheck(policy)
    expect(check('https://a.example', 'h')).toBe(true)
    expect(check('https://a.other', 'h')).toBe(false)
    expect(policy).toHaveBeenLastCalledWith('https://a.other', 'h')
  })

  it('is not what an asynchronous function says: a promise is truthy', () => {
    const check = createOriginCheck((() => Promise.resolve(false)) as never)
    expect(() => check('https://a', 'h')).toThrow('true or false is required')
    expect(() => createOriginCheck((() => 1) as never)('https://a', 'h')).toThrow(TypeError)
  })

  it.each([['example.com'], ['https://example.com/'], ['https://*.example.com/x'], [''], ['https://'], [5]])(
    'cannot be listed as %j',
    (entry) => {
      expect(() => createOriginCheck([entry] as string[])).toThrow(/scheme:\/\/host/)
    },
  )

  it.each([[true], ['https://example.com'], [null], [{}], [/x/]])('cannot be given as %j', (policy) => {
    expect(() => createOriginCheck(policy as OriginPolicy)).toThrow(TypeError)
  })

  it('is answered with 403 when it is refused, and not asked for where there is none', () => {
    const never = vi.fn<OriginCheck>(() => false)
    expect(checkOrigin({ origin: undefined, host: 'h' }, never)).toBeUndefined()
    expect(checkOrigin({ origin: undefined, host: 'h' }, never, false)).toBeUndefined()
    expect(never).not.toHaveBeenCalled()
    expect(checkOrigin({ origin: 'http://a', host: 'h' }, () => true)).toBeUndefined()
    const refused = checkOrigin({ origin: 'http://<a>', host: 'h' }, never)
    expect(refused).toMatchObject({ status: 403, body: 'The origin "http://?a?" is not allowed here.\n' })
  })

  it('is answered with 403 where there is none and one is required, whatever the policy', () => {
    const always = vi.fn<OriginCheck>(() => true)
    const refused = checkOrigin({ origin: undefined, host: 'h' }, always, true)
    expect(refused).toMatchObject({ status: 403, body: 'An Origin is required here.\n' })
    expect(always).not.toHaveBeenCalled()
    expect(checkOrigin({ origin: 'http://a', host: 'h' }, always, true)).toBeUndefined()
  })
})
