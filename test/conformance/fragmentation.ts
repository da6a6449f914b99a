/**
 * Section 5 of the suite: fragmented messages, control frames between fragments, continuations that continue nothing.
 * RFC 6455 5.4. A case that the suite sends in three ways (as it comes, frame by frame, byte by byte) is written once.
 */
import { Opcode } from '../../src/protocol/opcode.ts'
import { type Answer, answered, type Case, failed, frame, pause, ping, pong, type SentFrame, text } from './case.ts'

const first = (payload: string, chop = 0): SentFrame => frame(Opcode.Text, payload, { fin: false, chop })
const middle = (payload: string, chop = 0): SentFrame => frame(Opcode.Continuation, payload, { fin: false, chop })
const last = (payload: string, chop = 0): SentFrame => frame(Opcode.Continuation, payload, { chop })

const WHOLE = text('fragment1fragment2')
const FIVE = text('fragment1fragment2fragment3fragment4fragment5')
const ORPHAN = 'non-continuation payload'
const GREETING = 'Hello, world!'

/** Three ids for one case: unchopped, unchopped frame by frame, byte by byte. */
function threeWays(from: number, title: string, make: (id: string, title: string, chop: number) => Case): Case[] {
  return ['', ', frame by frame', ', byte by byte'].map((way, index) =>
    make(`5.${from + index}`, `${title}${way}`, index === 2 ? 1 : 0),
  )
}

function pingsBetween(id: string, title: string): Case {
  const soFar: Answer = pong('pongme 1!')
  return answered(
    id,
    title,
    [
      first('fragment1'),
      middle('fragment2'),
      ping('pongme 1!'),
      pause(soFar),
      middle('fragment3'),
      middle('fragment4'),
      ping('pongme 2!'),
      last('fragment5'),
    ],
    [soFar, pong('pongme 2!'), FIVE],
  )
}

export const fragmentation: readonly Case[] = [
  failed('5.1', 'a ping in two fragments', [frame(Opcode.Ping, 'fragment1', { fin: false }), last('fragment2')], 1002),
  failed('5.2', 'a pong in two fragments', [frame(Opcode.Pong, 'fragment1', { fin: false }), last('fragment2')], 1002),
  ...threeWays(3, 'text in two fragments', (id, title, chop) =>
    answered(id, title, [first('fragment1', chop), last('fragment2', chop)], [WHOLE]),
  ),
  ...threeWays(6, 'text in two fragments with a ping between', (id, title, chop) =>
    answered(
      id,
      title,
      [first('fragment1', chop), ping('ping payload', { chop }), last('fragment2', chop)],
      [pong('ping payload'), WHOLE],
    ),
  ),
  ...threeWays(9, 'a final continuation of nothing, then text', (id, title, chop) =>
    failed(id, title, [last(ORPHAN, chop), frame(Opcode.Text, GREETING, { chop })], 1002),
  ),
  ...threeWays(12, 'a continuation of nothing, then text', (id, title, chop) =>
    failed(id, title, [middle(ORPHAN, chop), frame(Opcode.Text, GREETING, { chop })], 1002),
  ),
  failed(
    '5.15',
    'text in two fragments, a continuation of nothing, text',
    [first('fragment1'), last('fragment2'), middle('fragment3'), frame(Opcode.Text, 'fragment4')],
    1002,
    [WHOLE],
  ),
  failed(
    '5.16',
    'twice: a continuation of nothing, then text in two fragments',
    [0, 1].flatMap(() => [middle('fragment1'), first('fragment2'), last('fragment3')]),
    1002,
  ),
  failed(
    '5.17',
    'twice: a final continuation of nothing, then text in two fragments',
    [0, 1].flatMap(() => [last('fragment1'), first('fragment2'), last('fragment3')]),
    1002,
  ),
  failed('5.18', 'text begun, then text again', [first('fragment1'), frame(Opcode.Text, 'fragment2')], 1002),
  pingsBetween('5.19', 'text in five fragments, pings and a wait between'),
  pingsBetween('5.20', 'text in five fragments, pings and a wait between, frame by frame'),
]
