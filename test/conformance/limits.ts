/**
 * Sections 9 and 10 of the suite: big messages, in one frame, in many, in small chops; many small messages; a message cut
 * into frames of 1300 bytes. The sizes are the suite's own. RFC 6455 5.2, 5.4.
 */
import { Opcode } from '../../src/protocol/opcode.ts'
import { answered, binary, type Case, filled, fragmented, frame, hex, text } from './case.ts'

const KIB = 1024
const MIB = 1024 * KIB

const ONE_FRAME = [64 * KIB, 256 * KIB, MIB, 4 * MIB, 8 * MIB, 16 * MIB]
const FRAGMENTS = [64, 256, KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB, 4 * MIB]
const CHOPS = [64, 128, 256, 512, 1024, 2048]
const SMALL = [0, 16, 64, 256, 1024, 4096]
/** The suite sends each small message a thousand times. */
const REPEATS = 1000

const kinds = [
  { name: 'text', opcode: Opcode.Text, pattern: 'BAsd7&jh23', small: '*', answer: text },
  { name: 'binary', opcode: Opcode.Binary, pattern: hex('00fe23faf0'), small: hex('fe'), answer: binary },
] as const

/** The two groups of each kind lie next to each other: 9.1 text, 9.2 binary; 9.3 text, 9.4 binary; and so on. */
const section9: Case[] = kinds.flatMap(({ name, opcode, pattern, small, answer }, kind) => [
  ...ONE_FRAME.map((length, index) => {
    const payload = filled(length, pattern)
    return answered(
      `9.${1 + kind}.${index + 1}`,
      `${name} of ${length} bytes`,
      [frame(opcode, payload)],
      [answer(payload)],
    )
  }),
  ...FRAGMENTS.map((size, index) => {
    const payload = filled(4 * MIB, '*')
    const title = `${name} of 4 MiB in fragments of ${size}`
    return answered(`9.${3 + kind}.${index + 1}`, title, fragmented(opcode, payload, size), [answer(payload)])
  }),
  ...CHOPS.map((chop, index) => {
    const payload = filled(MIB, pattern)
    const title = `${name} of 1 MiB in chops of ${chop}`
    return answered(`9.${5 + kind}.${index + 1}`, title, [frame(opcode, payload, { chop })], [answer(payload)])
  }),
  ...SMALL.map((length, index) => {
    const payload = filled(length, small)
    const many = Array.from({ length: REPEATS }, () => frame(opcode, payload))
    const title = `${REPEATS} times ${name} of ${length} bytes`
    return answered(
      `9.${7 + kind}.${index + 1}`,
      title,
      many,
      many.map(() => answer(payload)),
    )
  }),
])

const section10: Case[] = [
  answered('10.1.1', 'text of 65536 bytes in frames of 1300', fragmented(Opcode.Text, filled(65536, '*'), 1300), [
    text(filled(65536, '*')),
  ]),
]

export const limits: readonly Case[] = [...section9, ...section10]
