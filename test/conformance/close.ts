/**
 * Section 7 of the suite: what follows a Close, its payload, and which codes may stand in it. RFC 6455 5.5.1, 7.4.
 */
import { Opcode } from '../../src/protocol/opcode.ts'
import { answered, type Case, close, failed, filled, frame, hex, ping, sendClose, type Step, text } from './case.ts'

const GREETING = 'Hello World!'
const NORMAL = 1000

/** A case in which the suite closes: the endpoint answers the Close and ignores what comes after it. RFC 6455 5.5.1. */
function closing(id: string, title: string, steps: readonly Step[], code: number | undefined = NORMAL): Case {
  return { id, title, steps, answers: [close(code)] }
}

const VALID_CODES = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999]
const INVALID_CODES = [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999]
/** Beyond the ranges of RFC 6455 7.4.2; the suite leaves open what happens, this endpoint calls it a violation. */
const BEYOND = [5000, 65535]

const BIG = filled(256 * 1024, 'BAsd7&jh23')

export const closeHandling: readonly Case[] = [
  answered('7.1.1', 'text, then close', [frame(Opcode.Text, GREETING)], [text(GREETING)]),
  closing('7.1.2', 'two closes', [sendClose(NORMAL), sendClose()]),
  closing('7.1.3', 'close, then a ping', [sendClose(NORMAL), ping()]),
  closing('7.1.4', 'close, then text', [sendClose(NORMAL), frame(Opcode.Text, GREETING)]),
  closing('7.1.5', 'a fragment, close, the last fragment', [
    frame(Opcode.Text, 'fragment1', { fin: false }),
    sendClose(NORMAL),
    frame(Opcode.Continuation, 'fragment2'),
  ]),
  {
    id: '7.1.6',
    title: 'text of 256 KiB, text, close, ping: the echoes come before the close',
    steps: [frame(Opcode.Text, BIG), frame(Opcode.Text, GREETING), sendClose(NORMAL), ping()],
    answers: [text(BIG), text(GREETING), close(NORMAL)],
  },
  { id: '7.3.1', title: 'close without payload', steps: [sendClose()], answers: [close()] },
  failed('7.3.2', 'close with one byte', [frame(Opcode.Close, 'a')], 1002),
  closing('7.3.3', 'close with a code', [sendClose(NORMAL)]),
  closing('7.3.4', 'close with a code and a reason', [sendClose(NORMAL, GREETING)]),
  closing('7.3.5', 'close with a reason of 123 bytes', [sendClose(NORMAL, filled(123, '*'))]),
  failed('7.3.6', 'close with a reason of 124 bytes', [sendClose(NORMAL, filled(124, '*'))], 1002),
  failed(
    '7.5.1',
    'close with a reason that is not UTF-8',
    [sendClose(NORMAL, hex('cebae1bdb9cf83cebcceb5eda080656469746564'))],
    1007,
  ),
  ...VALID_CODES.map((code, index) =>
    closing(`7.7.${index + 1}`, `close with the valid code ${code}`, [sendClose(code)], code),
  ),
  ...INVALID_CODES.map((code, index) =>
    failed(`7.9.${index + 1}`, `close with the invalid code ${code}`, [sendClose(code)], 1002),
  ),
  ...BEYOND.map((code, index) => failed(`7.13.${index + 1}`, `close with the code ${code}`, [sendClose(code)], 1002)),
]
