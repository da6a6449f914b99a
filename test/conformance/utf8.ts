/**
 * Section 6 of the suite: text that is UTF-8 and text that is not, whole, in fragments of one byte, and cut so that the
 * first bad byte stands alone. RFC 6455 8.1, RFC 3629. From 6.5 on it is Markus Kuhn's decoder stress test.
 */
import { Opcode } from '../../src/protocol/opcode.ts'
import {
  answered,
  bytes,
  type Case,
  close,
  failed,
  fragmented,
  frame,
  hex,
  pause,
  type SentPart,
  type Step,
  text,
} from './case.ts'

const first = (payload: string | Uint8Array) => frame(Opcode.Text, payload, { fin: false })
const middle = (payload: string | Uint8Array) => frame(Opcode.Continuation, payload, { fin: false })
const last = (payload: string | Uint8Array) => frame(Opcode.Continuation, payload)

const MIXED = bytes('Hello-µ@ßöäüàá-UTF-8!!')
const KOSME = 'cebae1bdb9cf83cebcceb5'
const EDITED = '656469746564'
/** A surrogate in the middle; its second byte is the first bad one. */
const WITH_SURROGATE = hex(`${KOSME}eda080${EDITED}`)

const whole: Case[] = [
  answered('6.1.1', 'empty text', [frame(Opcode.Text)], [text('')]),
  answered('6.1.2', 'empty text in three fragments', [first(''), middle(''), last('')], [text('')]),
  answered(
    '6.1.3',
    'text in three fragments, the outer ones empty',
    [first(''), middle('middle frame payload'), last('')],
    [text('middle frame payload')],
  ),
  answered('6.2.1', 'valid text', [frame(Opcode.Text, MIXED)], [text(MIXED)]),
  answered(
    '6.2.2',
    'valid text in two fragments, cut between characters',
    [first(MIXED.subarray(0, 15)), last(MIXED.subarray(15))],
    [text(MIXED)],
  ),
  answered('6.2.3', 'valid text in fragments of one byte', fragmented(Opcode.Text, MIXED, 1), [text(MIXED)]),
  answered('6.2.4', 'valid Greek text in fragments of one byte', fragmented(Opcode.Text, hex(KOSME), 1), [
    text(hex(KOSME)),
  ]),
  failed('6.3.1', 'text with a surrogate', [frame(Opcode.Text, WITH_SURROGATE)], 1007),
  failed('6.3.2', 'text with a surrogate in fragments of one byte', fragmented(Opcode.Text, WITH_SURROGATE, 1), 1007),
]

/** U+110000, one beyond the last code point: its second byte is the first bad one. */
const PARTS = [KOSME, 'f4908080', EDITED].map(hex)
const AT_THE_BYTE = [`${KOSME}f4`, '90', `8080${EDITED}`].map(hex)

/** The suite waits after each part: nothing may come after the first, and the Close must come after the second. */
function failFast(parts: readonly Step[]): Step[] {
  return [parts[0]!, pause(), parts[1]!, pause(close(1007)), parts[2]!]
}

const inFrames = ([one, two, three]: readonly Uint8Array[]): Step[] =>
  failFast([first(one!), middle(two!), last(three!)])

function inOneFrame(parts: readonly Uint8Array[]): Step[] {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const split = parts.map((payload, index): SentPart =>
    index === 0 ? { kind: 'part', begins: length, payload } : { kind: 'part', payload },
  )
  return failFast(split)
}

const failingFast: Case[] = [
  failed('6.4.1', 'three frames, the second with a bad byte', inFrames(PARTS), 1007),
  failed('6.4.2', 'three frames, the second ends with the bad byte', inFrames(AT_THE_BYTE), 1007),
  failed('6.4.3', 'one frame in three parts, the second with a bad byte', inOneFrame(PARTS), 1007),
  failed('6.4.4', 'one frame in three parts, the second ends with the bad byte', inOneFrame(AT_THE_BYTE), 1007),
]

/** Every character boundary of the Greek word is a valid end, every other place is not. */
const PREFIXES = Array.from({ length: KOSME.length / 2 }, (_, index) => KOSME.slice(0, 2 * (index + 1)))
const BOUNDARIES = new Set([2, 5, 7, 9, 11])

/** The hexadecimal digits of the bytes from `from` up to, and without, `to`, each followed by `after`. */
function run(from: number, to: number, after = ''): string {
  return Array.from({ length: to - from }, (_, index) => (from + index).toString(16) + after).join('')
}

const CUT_SHORT = 'c0 e080 f08080 f8808080 fc80808080 df efbf f7bfbf fbbfbfbf fdbfbfbfbf'.split(' ')

/** The last two code points of each plane are no characters, and are valid UTF-8 all the same. */
const NONCHARACTERS = [
  'efbfbe',
  'efbfbf',
  ...[0xf0, 0xf1, 0xf2, 0xf3, 0xf4]
    .flatMap((lead) => [0x8f, 0x9f, 0xaf, 0xbf].map((second) => `${lead.toString(16)}${second.toString(16)}`))
    .filter((start) => start !== 'f08f' && !['f49f', 'f4af', 'f4bf'].includes(start))
    .flatMap((start) => [`${start}bfbe`, `${start}bfbf`]),
]

interface Group {
  readonly title: string
  readonly valid?: readonly string[]
  readonly invalid?: readonly string[]
}

const words = (digits: string): string[] => digits.split(' ')

/** 6.5 to 6.23, payloads in hexadecimal; the valid ones of a group come before the others. */
const GROUPS: readonly Group[] = [
  {
    title: 'some valid text',
    valid: ['$', '¢', '€', '\u{24b62}'].map((sign) => toHex(`hello${sign}world`)).concat(KOSME),
  },
  { title: 'prefix' },
  { title: 'first of its length', valid: words('00 c280 e0a080 f0908080') },
  { title: 'first of 5 and 6 bytes', invalid: words('f888808080 fc8480808080') },
  { title: 'last of its length', valid: words('7f dfbf efbfbf f48fbfbf') },
  { title: 'last of 4, 5 and 6 bytes', invalid: words('f7bfbfbf fbbfbfbfbf fdbfbfbfbfbf') },
  { title: 'boundary', valid: words('ed9fbf ee8080 efbfbd f48fbfbf'), invalid: ['f4908080'] },
  {
    title: 'unexpected continuation bytes',
    invalid: [...words('80 bf 80bf 80bf80 80bf80bf 80bf80bf80 80bf80bf80bf'), run(0x80, 0xbf)],
  },
  {
    title: 'lonely start bytes',
    invalid: [
      run(0xc0, 0xdf, '20'),
      run(0xe0, 0xef, '20'),
      run(0xf0, 0xf7, '20'),
      run(0xf8, 0xfb, '20'),
      run(0xfc, 0xfd, '20'),
    ],
  },
  { title: 'last continuation byte missing', invalid: CUT_SHORT },
  { title: 'incomplete sequences in a row', invalid: [CUT_SHORT.join('')] },
  { title: 'impossible bytes', invalid: words('fe ff fefeffff') },
  { title: 'overlong slash', invalid: words('c0af e080af f08080af f8808080af fc80808080af') },
  { title: 'longest overlong', invalid: words('c1bf e09fbf f08fbfbf f887bfbfbf fc83bfbfbfbf') },
  { title: 'overlong NUL', invalid: words('c080 e08080 f0808080 f880808080 fc8080808080') },
  { title: 'single surrogate', invalid: words('eda080 edadbf edae80 edafbf edb080 edbe80 edbfbf') },
  {
    title: 'pair of surrogates',
    invalid: ['eda080', 'edadbf', 'edae80', 'edafbf'].flatMap((high) => [`${high}edb080`, `${high}edbfbf`]),
  },
  { title: 'noncharacter', valid: NONCHARACTERS },
  { title: 'special', valid: words('efbfb9 efbfba efbfbb efbfbc efbfbd efbfbe efbfbf') },
]

function toHex(payload: string): string {
  return Array.from(bytes(payload), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function sequence(id: string, title: string, digits: string, isValid: boolean): Case {
  const payload = hex(digits)
  const steps = [frame(Opcode.Text, payload)]
  return isValid
    ? answered(id, `${title} ${digits}`, steps, [text(payload)])
    : failed(id, `${title} ${digits}`, steps, 1007)
}

const stress: Case[] = GROUPS.flatMap(({ title, valid = [], invalid = [] }, group) => {
  const id = (index: number): string => `6.${5 + group}.${index + 1}`
  if (title === 'prefix') {
    return PREFIXES.map((digits, index) => sequence(id(index), title, digits, BOUNDARIES.has(index + 1)))
  }
  return [
    ...valid.map((digits, index) => sequence(id(index), title, digits, true)),
    ...invalid.map((digits, index) => sequence(id(valid.length + index), title, digits, false)),
  ]
})

export const utf8Handling: readonly Case[] = [...whole, ...failingFast, ...stress]
