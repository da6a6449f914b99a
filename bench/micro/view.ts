/**
 * Handing over a small message: as a view of the chunk it lies in, which stays alive as long as the message is kept, or as a
 * copy of its own, which is what "naive" does here.
 */
import { distUrl } from '../dist.ts'
import type * as byteView from '../../src/protocol/byte-view.ts'
import { runMicro, type Contender } from './harness.ts'

const { viewBytes } = (await import(distUrl('protocol/byte-view.js'))) as typeof byteView

const CHUNK_LENGTH = 65_536
const chunk = new Uint8Array(CHUNK_LENGTH)
let sink = 0

function each(size: number, take: (start: number, end: number) => Uint8Array): Contender {
  return () => {
    let count = 0
    for (let at = 0; at + size <= CHUNK_LENGTH; at += size, count++) sink += take(at, at + size).length
    return count
  }
}

runMicro(
  'parse',
  [16, 64, 256].map((size) => ({
    id: `view/${size}`,
    title: `hand over ${size} B of a chunk`,
    unit: 'message',
    contenders: {
      barewire: each(size, (start, end) => viewBytes(chunk, start, end)),
      naive: each(size, (start, end) => chunk.slice(start, end)),
    },
  })),
)
if (sink < 0) throw new Error('never')
