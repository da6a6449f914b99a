import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatFields, isFieldValue, quoted, readHeaderInput, valuesOf } from '../../src/handshake/header-fields.ts'
import type { HeaderInput } from '../../src/handshake/header-fields.ts'

const nothingReserved = (): boolean => false

describe('finding header fields (RFC 9110 5)', () => {
  it('gives every value of a name, in any case, in the order they came', () => {
    const raw = ['Upgrade', 'a', 'X', 'b', 'UPGRADE', 'c', 'upgrade', '']
    expect(valuesOf(raw, 'upgrade')).toEqual(['a', 'c', ''])
    expect(valuesOf(raw, 'x')).toEqual(['b'])
    expect(valuesOf(raw, 'y')).toEqual([])
  })

  it('never takes a value for a name', () => {
    expect(valuesOf(['X', 'Host', 'Y', 'host'], 'host')).toEqual([])
  })

  it('knows of nothing that objects have by nature', () => {
    for (const name of ['constructor', '__proto__', 'tostring', 'hasownproperty']) {
      expect(valuesOf([], name)).toEqual([])
      expect(valuesOf([name, 'v'], name)).toEqual(['v'])
    }
  })

  it('passes over a name without a value', () => {
    expect(valuesOf(['Host'], 'host')).toEqual([])
  })
})

describe('header fields of an application (RFC 9110 5.5)', () => {
  it.each<[string, HeaderInput]>([
    ['a record', { 'X-A': '1', 'X-B': ['2', '3'], 'X-C': 4, 'X-D': undefined }],
    [
      'pairs',
      [
        ['X-A', '1'],
        ['X-B', '2'],
        ['X-B', '3'],
        ['X-C', 4],
      ],
    ],
    [
      'a Map',
      new Map<string, string | number | string[]>([
        ['X-A', '1'],
        ['X-B', ['2', '3']],
        ['X-C', 4],
      ]),
    ],
  ])('may come as %s', (_, input) => {
    expect(readHeaderInput(input, nothingReserved)).toEqual([
      ['X-A', '1'],
      ['X-B', '2'],
      ['X-B', '3'],
      ['X-C', '4'],
    ])
  })

  it('may come as Headers', () => {
    expect(readHeaderInput(new Headers({ 'X-A': '1' }), nothingReserved)).toEqual([['x-a', '1']])
  })

  it('may be none', () => {
    expect(readHeaderInput(undefined, nothingReserved)).toEqual([])
    expect(readHeaderInput({}, nothingReserved)).toEqual([])
  })

  it('takes only names of its own, so __proto__ is just a name', () => {
    const input = JSON.parse('{"__proto__":"a","constructor":"b"}') as Record<string, string>
    expect(readHeaderInput(input, nothingReserved)).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ])
    expect(readHeaderInput(Object.create({ inherited: 'x' }) as Record<string, string>, nothingReserved)).toEqual([])
  })

  it.each(['a\rb', 'a\nb', 'a\r\nSet-Cookie: b', 'a\0', '\u007f', '\u00e4', '\u010a', '\u{1f600}'])(
    'is refused with the value %j',
    (value) => {
      expect(isFieldValue(value)).toBe(false)
      expect(() => readHeaderInput({ 'X-A': value }, nothingReserved)).toThrow(/header X-A has a character/)
      expect(() => readHeaderInput({ 'X-A': ['ok', value] }, nothingReserved)).toThrow(TypeError)
    },
  )

  it.each(['', 'X A', 'X:', 'X\r\nY', ':path', 'Ä'])('is refused with the name %j', (name) => {
    expect(() => readHeaderInput({ [name]: 'x' }, nothingReserved)).toThrow(/a token is required/)
  })

  it('is refused with a value that is no text, and with a name that is reserved, in any case', () => {
    expect(() => readHeaderInput({ X: null } as never, nothingReserved)).toThrow('header X is of type object')
    expect(() => readHeaderInput({ X: [1] } as never, nothingReserved)).not.toThrow()
    expect(() => readHeaderInput({ X: {} } as never, nothingReserved)).toThrow(TypeError)
    expect(() => readHeaderInput({ uPGRADE: 'x' }, (name) => name === 'upgrade')).toThrow(
      'header uPGRADE is set by the handshake itself',
    )
    for (const input of ['X: y', null, 5])
      expect(() => readHeaderInput(input as never, nothingReserved)).toThrow(TypeError)
  })

  it('never writes more lines than there are fields, whatever comes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), fc.string())), (pairs) => {
        let fields
        try {
          fields = readHeaderInput(pairs, nothingReserved)
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError)
          return
        }
        expect(formatFields(fields).split(/\r\n|\r|\n/)).toHaveLength(pairs.length + 1)
      }),
    )
  })
})

describe('a text from elsewhere in a message', () => {
  it('is short, quoted, and has no character that could mean anything', () => {
    expect(quoted('h2c/1')).toBe('"h2c/1"')
    expect(quoted('<b>\r\n"x"&\u00e4\u001b[0m')).toBe('"?b????x????[0m"')
    expect(quoted('a'.repeat(1000))).toBe(`"${'a'.repeat(64)}…"`)
    expect(quoted(undefined)).toBe('"undefined"')
  })
})
