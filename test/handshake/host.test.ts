import { describe, expect, it } from 'vitest'
import { isHost, isResourceName, normalizeHost, parseRequestTarget } from '../../src/handshake/host.ts'

const HUGE = 1 << 18

describe('a host (RFC 3986 3.2.2)', () => {
  it.each([
    'a',
    'example.com',
    'example.com:8080',
    'example.com:',
    '127.0.0.1:80',
    '[::1]',
    '[::1]:3000',
    'a_b',
    'x--1.y',
  ])('may be %j', (host) => {
    expect(isHost(host)).toBe(true)
  })

  it.each([
    '',
    ':80',
    'a b',
    'a/b',
    'u@a',
    'a:b',
    'a:80:80',
    '[::1',
    '::1',
    '[]',
    '[g::]',
    'a\r\nb',
    'a\n',
    'a?',
    'a#',
    'ä',
    'a\\',
  ])('may not be %j', (host) => {
    expect(isHost(host)).toBe(false)
  })

  it('is checked in linear time', () => {
    expect(isHost('a'.repeat(HUGE))).toBe(true)
    expect(isHost(`${'a.'.repeat(HUGE)} `)).toBe(false)
    expect(isHost(`a:${'1'.repeat(HUGE)}x`)).toBe(false)
    expect(isHost(`[${':'.repeat(HUGE)}`)).toBe(false)
  })

  it.each([
    ['Example.COM', 'http', 'example.com'],
    ['example.com:80', 'http', 'example.com'],
    ['example.com:80', 'ws', 'example.com'],
    ['example.com:443', 'https', 'example.com'],
    ['example.com:443', 'wss', 'example.com'],
    ['example.com:80', 'https', 'example.com:80'],
    ['example.com:8080', 'http', 'example.com:8080'],
    ['example.com:', 'http', 'example.com'],
    ['[::1]:80', 'http', '[::1]'],
    ['[::80]', 'http', '[::80]'],
  ])('%s under %s compares as %s', (host, scheme, expected) => {
    expect(normalizeHost(host, scheme)).toBe(expected)
  })
})

describe('a request target (RFC 9112 3.2, RFC 6455 4.2.1 item 1)', () => {
  it.each(['/', '/chat', '/chat?room=7', '/?', '//x', '/a%20b', '/__proto__', '/\u00e4'])('may be %j', (target) => {
    expect(parseRequestTarget(target, 'h:1')).toEqual({ resource: target, host: 'h:1' })
  })

  it.each([
    ['http://example.com/chat?x', { resource: '/chat?x', host: 'example.com' }],
    ['HTTPS://example.com:444', { resource: '/', host: 'example.com:444' }],
    ['ws://example.com?x=/y', { resource: '/?x=/y', host: 'example.com' }],
  ])('may be absolute, and then %j names the host', (target, expected) => {
    expect(parseRequestTarget(target, 'other')).toEqual(expected)
  })

  it.each([
    '',
    '*',
    'chat',
    'example.com:443',
    '/a#b',
    '/a b',
    '/a\r\n',
    '/\0',
    'ftp://h/',
    'http://',
    'http:///x',
    'http://u@h/',
    'http://h/#x',
    'http://h\n/',
  ])('may not be %j', (target) => {
    expect(parseRequestTarget(target, 'h')).toBeUndefined()
  })

  it('is checked in linear time', () => {
    expect(isResourceName(`/${'a'.repeat(HUGE)}#`)).toBe(false)
    expect(parseRequestTarget(`http://${'a'.repeat(HUGE)}`, 'h')?.host).toHaveLength(HUGE)
    expect(parseRequestTarget(`http://h/${'/'.repeat(HUGE)}#`, 'h')).toBeUndefined()
  })
})
