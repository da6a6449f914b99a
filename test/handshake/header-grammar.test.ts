import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  equalsIgnoringCase,
  formatExtensionList,
  isToken,
  listContains,
  parseExtensionList,
  parseTokenList,
} from '../../src/handshake/header-grammar.ts'
import type { ExtensionOffer } from '../../src/protocol/extension.ts'

const TOKEN_CHARACTERS = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
/** Long enough that anything but linear time runs into the timeout of the test: 2^36 steps, not 2^18. */
const HUGE = 1 << 18

const token = fc.string({ unit: fc.constantFrom(...Array.from(TOKEN_CHARACTERS)), minLength: 1, maxLength: 12 })
const blank = fc.string({ unit: fc.constantFrom(' ', '\t'), maxLength: 3 })
const parameter = fc.tuple(token, fc.oneof(fc.constant(true as const), token))
const offer = fc.record({ name: token, parameters: fc.array(parameter, { maxLength: 4 }) })
const offers = fc.array(offer, { minLength: 1, maxLength: 5 })

/** The oracle: cut at commas, semicolons and equals signs. It is right wherever no quote and no backslash stands. */
function parseNaively(value: string): ExtensionOffer[] | undefined {
  const found: ExtensionOffer[] = []
  for (const element of value.split(',')) {
    const [name = '', ...rest] = element.split(';').map((part) => trim(part))
    if (name === '' && rest.length === 0) continue
    const parameters = rest.map((part) => part.split('=').map((side) => trim(side)))
    if (![name, ...parameters.flat()].every((text) => isTokenNaively(text))) return undefined
    if (parameters.some((sides) => sides.length > 2)) return undefined
    found.push({ name, parameters: parameters.map(([key = '', text]) => [key, text ?? true] as const) })
  }
  return found.length === 0 ? undefined : found
}

function trim(text: string): string {
  return text.replace(/^[ \t]+/, '').replace(/[ \t]+$/, '')
}

function isTokenNaively(text: string): boolean {
  return text !== '' && Array.from(text).every((character) => TOKEN_CHARACTERS.includes(character))
}

describe('tokens (RFC 9110 5.6.2)', () => {
  it('are made of the 77 token characters and of no other code up to 0x2ff', () => {
    for (let code = 0; code < 0x300; code++) {
      const character = String.fromCharCode(code)
      expect(isToken(character), `U+${code.toString(16)}`).toBe(TOKEN_CHARACTERS.includes(character))
      expect(parseTokenList(`a${character}b`)?.[0] === `a${character}b`).toBe(TOKEN_CHARACTERS.includes(character))
    }
  })

  it.each(['', ' a', 'a ', 'a b', 'a\n', 'a\r\nb', 'ä', 'a,b'])('are not %j', (text) => {
    expect(isToken(text)).toBe(false)
  })

  it('are compared without regard to the case of A-Z alone (RFC 6455 2.1)', () => {
    expect(equalsIgnoringCase('WebSocket', 'websocket')).toBe(true)
    expect(equalsIgnoringCase('webSoc\u212aet', 'websocket')).toBe(false)
    expect(equalsIgnoringCase('[', '{')).toBe(false)
    expect(equalsIgnoringCase('websocke', 'websocket')).toBe(false)
  })
})

describe('a list that must contain an element (RFC 6455 4.2.1)', () => {
  it.each([
    'Upgrade',
    'upgrade',
    'keep-alive, Upgrade',
    'Upgrade,keep-alive',
    ' ,\t UPGRADE \t, x',
    'a/1.0 (b),,upgrade',
  ])('finds it in %j', (value) => {
    expect(listContains(value, 'upgrade')).toBe(true)
  })

  it.each(['', ',', 'upgraded', 'no upgrade', 'upgrade/1', 'up grade', '"upgrade"', 'upgrade\u00a0', 'keep-alive'])(
    'does not find it in %j',
    (value) => {
      expect(listContains(value, 'upgrade')).toBe(false)
    },
  )

  it('agrees with cutting at the commas', () => {
    const element = fc.oneof(fc.constantFrom('upgrade', 'Upgrade', ' upgrade\t', 'x upgrade'), token, blank)
    fc.assert(
      fc.property(fc.array(element, { maxLength: 6 }), (elements) => {
        const expected = elements.some((text) => trim(text).toLowerCase() === 'upgrade')
        expect(listContains(elements.join(','), 'upgrade')).toBe(expected)
      }),
    )
  })

  it('takes linear time over blanks, commas and elements without end', () => {
    for (const part of [' ', ',', '\t,', 'x', 'x ', 'upgrade '])
      expect(listContains(part.repeat(HUGE), 'upgrade')).toBe(false)
  })
})

describe('1#token (RFC 9110 5.6.1, RFC 6455 11.3.4)', () => {
  it.each([
    ['chat', ['chat']],
    ['chat, superchat', ['chat', 'superchat']],
    ['chat,superchat', ['chat', 'superchat']],
    [' \tchat \t,\t superchat ', ['chat', 'superchat']],
    [', ,chat,, superchat,', ['chat', 'superchat']],
    ['__proto__, constructor', ['__proto__', 'constructor']],
  ])('reads %j', (value, expected) => {
    expect(parseTokenList(value)).toEqual(expected)
  })

  it.each(['', ' ', ',', ' , ,', 'a b', 'a;b', 'a/b', '"a"', 'a,b c', 'a,\u00e4', 'a,b\r\n', 'a\0'])(
    'refuses %j',
    (value) => {
      expect(parseTokenList(value)).toBeUndefined()
    },
  )

  it('reads back every list of tokens, whatever blanks and empty elements stand between', () => {
    const separators = fc.array(blank, { minLength: 2, maxLength: 4 }).map((blanks) => blanks.join(','))
    fc.assert(
      fc.property(fc.array(fc.tuple(token, separators), { minLength: 1 }), (list) => {
        expect(parseTokenList(list.flat().join(''))).toEqual(list.map(([text]) => text))
      }),
    )
  })

  it('agrees with cutting at the commas on any text', () => {
    const text = fc.string({ unit: fc.constantFrom(...Array.from('ab, \t;"=')), maxLength: 12 })
    fc.assert(
      fc.property(text, (value) => {
        const elements = value.split(',').map((part) => trim(part))
        const tokens = elements.filter((part) => part !== '')
        const expected = tokens.length > 0 && tokens.every((part) => isTokenNaively(part)) ? tokens : undefined
        expect(parseTokenList(value)).toEqual(expected)
      }),
      { numRuns: 1000 },
    )
  })

  it('takes linear time over spaces, commas and unfinished elements without end (ReDoS, CVE-2021-32640)', () => {
    expect(parseTokenList(' '.repeat(HUGE))).toBeUndefined()
    expect(parseTokenList(`b${' '.repeat(HUGE)}x`)).toBeUndefined()
    expect(parseTokenList(`${' ,'.repeat(HUGE)}x`)).toEqual(['x'])
    expect(parseTokenList('x,'.repeat(HUGE))).toHaveLength(HUGE)
  })
})

describe('Sec-WebSocket-Extensions (RFC 6455 9.1)', () => {
  it.each<[string, ExtensionOffer[]]>([
    ['foo', [{ name: 'foo', parameters: [] }]],
    [
      'permessage-deflate; client_max_window_bits; server_max_window_bits=10',
      [
        {
          name: 'permessage-deflate',
          parameters: [
            ['client_max_window_bits', true],
            ['server_max_window_bits', '10'],
          ],
        },
      ],
    ],
    [
      'deflate-stream, mux; max-channels=4; flow-control, deflate-stream',
      [
        { name: 'deflate-stream', parameters: [] },
        {
          name: 'mux',
          parameters: [
            ['max-channels', '4'],
            ['flow-control', true],
          ],
        },
        { name: 'deflate-stream', parameters: [] },
      ],
    ],
    ['foo;bar="baz"', [{ name: 'foo', parameters: [['bar', 'baz']] }]],
    ['foo;bar="b\\a\\z"', [{ name: 'foo', parameters: [['bar', 'baz']] }]],
    [
      '\tfoo ; bar = 1 ;\tbaz\t, ,qux ',
      [
        {
          name: 'foo',
          parameters: [
            ['bar', '1'],
            ['baz', true],
          ],
        },
        { name: 'qux', parameters: [] },
      ],
    ],
    [
      'a;b=1;b=2;b',
      [
        {
          name: 'a',
          parameters: [
            ['b', '1'],
            ['b', '2'],
            ['b', true],
          ],
        },
      ],
    ],
    ['__proto__;constructor=toString', [{ name: '__proto__', parameters: [['constructor', 'toString']] }]],
  ])('reads %j', (value, expected) => {
    expect(parseExtensionList(value)).toEqual(expected)
  })

  it.each([
    '',
    ' ',
    ',',
    ';',
    ';a',
    'a;',
    'a;;b',
    'a; ,b',
    'a;b=',
    'a;=b',
    'a;b==c',
    'a;b=c=d',
    'a b',
    'a;b c',
    'a=b',
    'a;b=c d',
    'a;b=""',
    'a;b="',
    'a;b="c',
    'a;b="c\\',
    'a;b="c\\"',
    'a;b="c d"',
    'a;b="c,d"',
    'a;b="c\\ d"',
    'a;b="c"d',
    'a;b=c"d"',
    '"a"',
    'a;"b"',
    'a/b',
    'a;b\r\nc',
    'a;b=\u00e4',
    'a,,;b',
  ])('refuses %j', (value) => {
    expect(parseExtensionList(value)).toBeUndefined()
  })

  it('reads back what it writes', () => {
    fc.assert(
      fc.property(offers, (list) => {
        expect(parseExtensionList(formatExtensionList(list))).toEqual(list)
      }),
    )
  })

  it('reads the same through any blanks, quotes and backslashes', () => {
    const spell = (text: string, escapes: readonly boolean[]): string =>
      `"${Array.from(text)
        .map((character, at) => (escapes[at] === true ? `\\${character}` : character))
        .join('')}"`
    const style = fc.record({
      blanks: fc.array(blank, { minLength: 1 }),
      escapes: fc.array(fc.boolean()),
      quotes: fc.boolean(),
    })
    fc.assert(
      fc.property(offers, style, (list, { blanks, escapes, quotes }) => {
        let turn = 0
        const next = (): string => blanks[turn++ % blanks.length] as string
        const around = (text: string): string => next() + text + next()
        const written = list.map(({ name, parameters }) =>
          [
            around(name),
            ...parameters.map(([key, value]) =>
              value === true ? around(key) : `${around(key)}=${around(quotes ? spell(value, escapes) : value)}`,
            ),
          ].join(';'),
        )
        expect(parseExtensionList(written.join(','))).toEqual(list)
      }),
    )
  })

  it('agrees with the naive reading on any text without quotes', () => {
    const text = fc.string({ unit: fc.constantFrom(...Array.from('ab;;==,, \t/')), maxLength: 14 })
    fc.assert(
      fc.property(text, (value) => {
        expect(parseExtensionList(value)).toEqual(parseNaively(value))
      }),
      { numRuns: 3000 },
    )
  })

  it.each([
    { name: 'a b', parameters: [] },
    { name: '', parameters: [] },
    { name: 'a', parameters: [['b\r\nX', true] as const] },
    { name: 'a', parameters: [['b', 'c\r\nSet-Cookie: d'] as const] },
    { name: 'a', parameters: [['b', ''] as const] },
  ])('refuses to write what could not be read back: %j', (element) => {
    expect(() => formatExtensionList([element])).toThrow(TypeError)
  })

  it('takes linear time over quotes that never end, escapes, blanks and parameters (CVE-2020-7662)', () => {
    for (const part of ['\\', '\\a', 'a', ' ', '"', 'a;b="', '\\"'])
      expect(parseExtensionList(`a; b="${part.repeat(HUGE)}`)).toBeUndefined()
    for (const part of [' ', '\t ', ';', 'b;', 'b=', 'b=";', ',;'])
      expect(parseExtensionList(`a;${part.repeat(HUGE)}`)).toBeUndefined()
    expect(parseExtensionList(`a; b="${'c'.repeat(HUGE)}"`)).toEqual([
      { name: 'a', parameters: [['b', 'c'.repeat(HUGE)]] },
    ])
    expect(parseExtensionList(`a; b="${'\\c'.repeat(HUGE)}"`)?.[0]?.parameters[0]?.[1]).toHaveLength(HUGE)
    expect(parseExtensionList(`a${';b'.repeat(HUGE)}`)?.[0]?.parameters).toHaveLength(HUGE)
    expect(parseExtensionList('a,'.repeat(HUGE))).toHaveLength(HUGE)
  })
})
