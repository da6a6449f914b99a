/** Unmasking in place: the library's loop against the RFC's, and against bufferutil's native one. */
import { createRequire } from 'node:module'
import { distUrl } from '../dist.ts'
import type * as mask from '../../src/protocol/mask.ts'
import { runMicro, type Contender, type MicroCase } from './harness.ts'
import { naiveMask } from './naive.ts'

const require = createRequire(new URL('../peers/package.json', import.meta.url))
const bufferutil = require('bufferutil') as { unmask(bytes: Buffer, key: Buffer): void }
const built = distUrl('protocol/mask.js')
const { applyMask } = (await import(built)) as typeof mask

const KEY = 0x1b2c3d4e
const keyBytes = Buffer.from([0x1b, 0x2c, 0x3d, 0x4e])
/** Frames lie at odd places behind headers of 6 or 8 bytes. */
const OFFSET = 6
const REPEAT = 64

function contender(size: number, run: (chunk: Buffer) => void): Contender {
  const chunk = Buffer.allocUnsafeSlow(OFFSET + size)
  return () => {
    for (let i = 0; i < REPEAT; i++) run(chunk)
    return REPEAT
  }
}

const cases = [16, 125, 1024, 16_384, 1_048_576].map((size): MicroCase => ({
  id: `mask/${size}`,
  title: `unmask ${size} bytes in place`,
  unit: 'payload',
  contenders: {
    barewire: contender(size, (chunk) => applyMask(chunk, OFFSET, OFFSET + size, KEY)),
    naive: contender(size, (chunk) => naiveMask(chunk, OFFSET, OFFSET + size, KEY)),
    bufferutil: contender(size, (chunk) => bufferutil.unmask(chunk.subarray(OFFSET, OFFSET + size), keyBytes)),
  },
}))
runMicro('parse', cases)
