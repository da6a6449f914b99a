/**
 * A compressed echo without a socket: each message is inflated and deflated once, by the library's extension and by zlib
 * alone, with objects that are kept and the same settings. With a raw echo below it, zlib alone is the floor.
 */
import { distUrl } from '../dist.ts'
import type * as options from '../../src/extensions/deflate-options.ts'
import type * as messageDeflater from '../../src/extensions/message-deflater.ts'
import type * as messageInflater from '../../src/extensions/message-inflater.ts'
import { deflatedServerCycle, TEXT } from '../load/frames.ts'
import { jsonPayload } from '../load/payload.ts'
import { runMicro, type Contender, type MicroCase } from './harness.ts'

interface KeptZlib {
  inflate(body: Uint8Array): Uint8Array
  deflate(message: Uint8Array): Uint8Array
}
const floor = new URL('../servers/kept-zlib.mjs', import.meta.url).href
const { keptZlib } = (await import(floor)) as { keptZlib: () => KeptZlib }

const { checkDeflateOptions, DEFAULT_CLIENT_WINDOW_BITS, MAX_WINDOW_BITS } = (await import(
  distUrl('extensions/deflate-options.js')
)) as typeof options
const { MessageDeflater } = (await import(distUrl('extensions/message-deflater.js'))) as typeof messageDeflater
const { MessageInflater } = (await import(distUrl('extensions/message-inflater.js'))) as typeof messageInflater

const MESSAGES = 64
let sent = 0

/** What a client sends, without the frames. */
async function compressedBodies(size: number): Promise<Buffer[]> {
  const payloads = Array.from({ length: MESSAGES }, (_, seed) => Buffer.from(jsonPayload(size, seed)))
  const agreement = { takeover: true, windowBits: DEFAULT_CLIENT_WINDOW_BITS }
  const { bytes, offsets, count } = await deflatedServerCycle(TEXT, payloads, agreement)
  return Array.from({ length: count }, (_, index) => {
    const frame = bytes.subarray(offsets[index], offsets[index + 1])
    return frame.subarray(frame[1]! < 126 ? 2 : 4)
  })
}

/** Every message has to come out whole. */
function check(size: number, bodies: readonly Buffer[], echo: (body: Buffer) => number): Contender {
  return () => {
    for (const body of bodies) {
      const length = echo(body)
      if (length !== size) throw new Error(`${length} bytes came, not ${size}`)
    }
    return bodies.length
  }
}

function zlib(size: number, bodies: readonly Buffer[]): Contender {
  const { inflate, deflate } = keptZlib()
  return check(size, bodies, (body) => {
    const message = inflate(body)
    sent += deflate(message).length
    return message.length
  })
}

function barewire(size: number, bodies: readonly Buffer[]): Contender {
  const settings = checkDeflateOptions({ threshold: 0 }, 'server')
  const inflater = new MessageInflater(settings, DEFAULT_CLIENT_WINDOW_BITS, true)
  const deflater = new MessageDeflater(settings, MAX_WINDOW_BITS, true)
  return check(size, bodies, (body) => {
    let length = 0
    inflater.decode(body, true, Infinity, (message) => {
      if (!(message instanceof Uint8Array)) throw new Error(message.reason)
      length = message.length
      deflater.encode(message, true, (payload) => void (sent += payload.length))
    })
    return length
  })
}

const cases: MicroCase[] = []
for (const size of [128, 512, 1024]) {
  const bodies = await compressedBodies(size)
  cases.push({
    id: `zlib/${size}`,
    title: `JSON of ${size} B inflated and deflated, no socket`,
    unit: 'message',
    metric: 'cpu',
    contenders: { barewire: barewire(size, bodies), zlib: zlib(size, bodies) },
  })
}
runMicro('deflate', cases)
if (sent === 0) throw new Error('nothing was deflated')
