/**
 * Sections 1 to 4 of the suite: whole messages of every length class, pings and pongs, reserved bits, reserved opcodes.
 * RFC 6455 5.2, 5.5.2, 5.5.3.
 */
import { Opcode } from '../../src/protocol/opcode.ts'
import { answered, binary, type Case, failed, filled, frame, hex, ping, pong, text } from './case.ts'

const GREETING = 'Hello, world!'
const NOT_UTF8 = hex('00fffefdfcfb00ff')
const RESERVED = 'reserved opcode payload'

/** 1.x.1 to 1.x.7: each length class at its ends; 1.x.8: the last again, 997 bytes at a time. */
const LENGTHS = [0, 125, 126, 127, 128, 65535, 65536]

const section1: Case[] = [
  ...LENGTHS.map((length, index) => {
    const payload = filled(length, '*')
    return answered(`1.1.${index + 1}`, `text of ${length} bytes`, [frame(Opcode.Text, payload)], [text(payload)])
  }),
  answered(
    '1.1.8',
    'text of 65536 bytes in chops of 997',
    [frame(Opcode.Text, filled(65536, '*'), { chop: 997 })],
    [text(filled(65536, '*'))],
  ),
  ...LENGTHS.map((length, index) => {
    const payload = filled(length, hex('fe'))
    return answered(`1.2.${index + 1}`, `binary of ${length} bytes`, [frame(Opcode.Binary, payload)], [binary(payload)])
  }),
  answered(
    '1.2.8',
    'binary of 65536 bytes in chops of 997',
    [frame(Opcode.Binary, filled(65536, hex('fe')), { chop: 997 })],
    [binary(filled(65536, hex('fe')))],
  ),
]

const UNSOLICITED = 'unsolicited pong payload'
const TEN = Array.from({ length: 10 }, (_, index) => `payload-${index}`)

const section2: Case[] = [
  answered('2.1', 'ping without payload', [ping()], [pong()]),
  answered('2.2', 'ping with text', [ping(GREETING)], [pong(GREETING)]),
  answered('2.3', 'ping with bytes that are not UTF-8', [ping(NOT_UTF8)], [pong(NOT_UTF8)]),
  answered('2.4', 'ping of 125 bytes', [ping(filled(125, hex('fe')))], [pong(filled(125, hex('fe')))]),
  failed('2.5', 'ping of 126 bytes', [ping(filled(126, hex('fe')))], 1002),
  answered(
    '2.6',
    'ping of 125 bytes, byte by byte',
    [ping(filled(125, hex('fe')), { chop: 1 })],
    [pong(filled(125, hex('fe')))],
  ),
  answered('2.7', 'unsolicited pong without payload', [frame(Opcode.Pong)], []),
  answered('2.8', 'unsolicited pong with payload', [frame(Opcode.Pong, UNSOLICITED)], []),
  answered(
    '2.9',
    'unsolicited pong, then a ping',
    [frame(Opcode.Pong, UNSOLICITED), ping('ping payload')],
    [pong('ping payload')],
  ),
  answered(
    '2.10',
    'ten pings',
    TEN.map((payload) => ping(payload)),
    TEN.map(pong),
  ),
  answered(
    '2.11',
    'ten pings, byte by byte',
    TEN.map((payload) => ping(payload, { chop: 1 })),
    TEN.map(pong),
  ),
]

const hello = (chop = 0) => frame(Opcode.Text, GREETING, { chop })

const section3: Case[] = [
  failed('3.1', 'text with RSV 1', [frame(Opcode.Text, GREETING, { rsv: 1 })], 1002),
  failed('3.2', 'text, text with RSV 2, ping', [hello(), frame(Opcode.Text, GREETING, { rsv: 2 }), ping()], 1002, [
    text(GREETING),
  ]),
  failed('3.3', 'text, text with RSV 3, ping', [hello(), frame(Opcode.Text, GREETING, { rsv: 3 }), ping()], 1002, [
    text(GREETING),
  ]),
  failed(
    '3.4',
    'text, text with RSV 4, ping, byte by byte',
    [hello(1), frame(Opcode.Text, GREETING, { rsv: 4, chop: 1 }), ping('', { chop: 1 })],
    1002,
    [text(GREETING)],
  ),
  failed('3.5', 'binary with RSV 5', [frame(Opcode.Binary, NOT_UTF8, { rsv: 5 })], 1002),
  failed('3.6', 'binary with RSV 6', [frame(Opcode.Binary, GREETING, { rsv: 6 })], 1002),
  failed('3.7', 'close with RSV 7', [frame(Opcode.Close, '', { rsv: 7 })], 1002),
]

/** The same five cases for the reserved data opcodes (4.1) and the reserved control opcodes (4.2). */
const section4: Case[] = [
  { group: '4.1', first: 0x3 },
  { group: '4.2', first: 0xb },
].flatMap(({ group, first }) => [
  failed(`${group}.1`, `opcode ${first}, empty`, [frame(first)], 1002),
  failed(`${group}.2`, `opcode ${first + 1} with payload`, [frame(first + 1, RESERVED)], 1002),
  failed(`${group}.3`, `text, opcode ${first + 2}, ping`, [hello(), frame(first + 2), ping()], 1002, [text(GREETING)]),
  failed(`${group}.4`, `text, opcode ${first + 3}, ping`, [hello(), frame(first + 3, GREETING), ping()], 1002, [
    text(GREETING),
  ]),
  failed(
    `${group}.5`,
    `text, opcode ${first + 4}, ping, byte by byte`,
    [hello(1), frame(first + 4, GREETING, { chop: 1 }), ping('', { chop: 1 })],
    1002,
    [text(GREETING)],
  ),
])

export const framing: readonly Case[] = [...section1, ...section2, ...section3, ...section4]
