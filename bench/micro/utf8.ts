/** Text: checking, decoding and encoding by the plain functions of the core against those that Node lends it. */
import { distUrl } from '../dist.ts'
import type * as textCodec from '../../src/protocol/text-codec.ts'
import { textPayload } from '../load/payload.ts'
import { runMicro, type Contender, type MicroCase } from './harness.ts'
import { nodeCodec } from './platform.ts'

const built = distUrl('protocol/text-codec.js')
const { plainTextCodec } = (await import(built)) as typeof textCodec
const REPEAT = 32
let sink = 0

function repeat(run: () => unknown): Contender {
  return () => {
    for (let i = 0; i < REPEAT; i++) if (run() !== undefined) sink++
    return REPEAT
  }
}

const cases: MicroCase[] = []
for (const size of [16, 125, 1024, 16_384]) {
  for (const kind of ['ASCII', 'mixed'] as const) {
    const ascii = textPayload(size, 3)
    const text = kind === 'ASCII' ? ascii : ascii.slice(0, size >> 1).replaceAll(' ', '\u20ac')
    const bytes = Buffer.from(text)
    const room = Buffer.allocUnsafe(bytes.length)
    const title = `${bytes.length} bytes of ${kind} text`
    const { codec } = nodeCodec
    cases.push({
      id: `utf8/decode/${kind}/${size}`,
      title: `check and decode ${title}`,
      unit: 'text',
      contenders: {
        barewire: repeat(() => codec.decode(bytes, 0, bytes.length)),
        naive: repeat(() => plainTextCodec.decode(bytes, 0, bytes.length)),
      },
    })
    cases.push({
      id: `utf8/encode/${kind}/${size}`,
      title: `encode ${title}`,
      unit: 'text',
      contenders: {
        barewire: repeat(() => codec.encode(text, room, 0)),
        naive: repeat(() => plainTextCodec.encode(text, room, 0)),
      },
    })
  }
}
runMicro('parse', cases)
if (sink < 0) throw new Error('never')
