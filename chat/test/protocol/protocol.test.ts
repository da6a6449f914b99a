import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  ChatClose,
  cleanName,
  cleanText,
  closePolicy,
  countGraphemes,
  encodeCid,
  CID_PATTERN,
  isRoomName,
  readRequest,
  readServerMessage,
  readWireRequest,
  writeEvent,
  writeFailure,
  writeReply,
  writeRequest,
  errorBody,
} from '../../protocol/index.ts'

describe('names and texts', () => {
  it.each([
    ['  Anna  ', 'Anna'],
    ['A\u202Enna\u2066', 'Anna'],
    ['a\u0000b', 'ab'],
    ['e\u0301', 'é'],
    ['a \t\n b', 'a b'],
    ['a\t\u0000\tb', 'a b'],
    ['e\u200B\u0301', 'é'],
    ['👨‍👩‍👧', '👨‍👩‍👧'],
    ['北京', '北京'],
    ['\u200B', undefined],
    ['', undefined],
    ['x'.repeat(32), 'x'.repeat(32)],
    ['x'.repeat(33), undefined],
    ['👩🏽‍🚀'.repeat(32), '👩🏽‍🚀'.repeat(32)],
    ['x'.repeat(100_000), undefined],
  ])('cleans the name %j to %j', (input, expected) => expect(cleanName(input)).toBe(expected))

  it('cleans a name once and for all', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (input) => {
        const name = cleanName(input)
        if (name === undefined) return
        expect(cleanName(name)).toBe(name)
        expect(countGraphemes(name)).toBeLessThanOrEqual(32)
        expect(name).not.toMatch(/[\p{Cc}\p{Bidi_Control}\p{Cs}]/u)
      }),
    )
  })

  it('keeps lines, and takes controls out of texts', () => {
    expect(cleanText(' a\r\nb\u0007\u202E ')).toBe('a\nb')
    expect(cleanText('\n \t')).toBeUndefined()
    expect(cleanText('<b>&amp;</b>')).toBe('<b>&amp;</b>')
  })

  it('knows the names of rooms', () => {
    for (const name of ['a', 'a-b_9', 'x'.repeat(64), '__proto__']) expect(isRoomName(name)).toBe(true)
    for (const name of ['', 'A', 'a b', '北', 'x'.repeat(65), 'a\n', '../a']) expect(isRoomName(name)).toBe(false)
  })

  it('makes cids of 16 bytes', () => {
    expect(encodeCid(new Uint8Array(16).fill(255))).toBe('_____________________w')
    expect(encodeCid(crypto.getRandomValues(new Uint8Array(16)))).toMatch(CID_PATTERN)
  })
})

describe('envelopes', () => {
  it('reads any text without throwing', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.json()),
        (text) => void [readRequest(text), readServerMessage(text), readWireRequest(text)],
      ),
    )
  })

  it.each([
    'null',
    '1',
    '"x"',
    '[]',
    '{}',
    '{"t":null}',
    '{"t":"__proto__"}',
    '{"t":"toString","d":{}}',
    '{"t":"ping","id":0,"d":{"ts":1}}',
  ])('refuses %s', (text) => expect(readRequest(text).ok).toBe(false))

  it('drops fields it does not know', () => {
    const read = readRequest('{"t":"ping","id":3,"x":1,"d":{"ts":5,"y":2}}')
    expect(read).toEqual({ ok: true, request: { t: 'ping', id: 3, room: '', d: { ts: 5 } } })
  })

  it('reads what it has written', () => {
    expect(readRequest(writeRequest('join', { since: { epoch: 'e', seq: 1 } }, { id: 1, room: 'a' }))).toEqual({
      ok: true,
      request: { t: 'join', id: 1, room: 'a', d: { since: { epoch: 'e', seq: 1 } } },
    })
    expect(readServerMessage(writeReply('ping', 1, { ts: 1, now: 2 }))).toEqual({
      reply: { re: 1, ok: true, d: { ts: 1, now: 2 } },
    })
    expect(readServerMessage(writeFailure(2, errorBody('rate_limited', { afterMs: 5 })))).toMatchObject({
      reply: { re: 2, ok: false, err: { code: 4290, retry: true, afterMs: 5 } },
    })
    expect(readServerMessage(writeEvent('typing', { users: [] }, { room: 'a' }))).toEqual({
      event: { t: 'typing', room: 'a', seq: 0, d: { users: [] } },
    })
    expect(readServerMessage('{"t":"from-the-future","d":{}}')).toBeUndefined()
  })
})

it('close codes tell what a client does', () => {
  expect(closePolicy(ChatClose.unauthorized)).toBe('stop')
  expect(closePolicy(ChatClose.slow_consumer)).toBe('backoff')
  expect(closePolicy(ChatClose.heartbeat_timeout)).toBe('now')
  expect([1000, 1001, 1006, 1009, 1011, 1012, 1013].map(closePolicy)).toEqual([
    'stop',
    'now',
    'backoff',
    'backoff',
    'backoff',
    'now',
    'backoff',
  ])
})
