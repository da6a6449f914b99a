/**
 * Parsing: chunks of 64 KiB full of masked frames go into each parser. The frames are masked anew by being unmasked in
 * place, so that the same chunk serves again: with keys and payloads of ASCII, it is valid text either way.
 */
import { createRequire } from 'node:module'
import { distUrl } from '../dist.ts'
import type * as protocol from '../../src/protocol/index.ts'
import { encodeFrame } from '../load/frames.ts'
import { textPayload } from '../load/payload.ts'
import { runMicro, type Contender, type MicroCase } from './harness.ts'
import { NaiveReader } from './naive.ts'
import { nodeCodec } from './platform.ts'

// ws itself is what is compared with, not the native addon that it picks up where it finds one.
process.env['WS_NO_BUFFER_UTIL'] = '1'
const require = createRequire(new URL('../peers/package.json', import.meta.url))
const { Receiver } = require('ws') as {
  Receiver: new (options: object) => {
    on(event: string, listener: (data: Buffer, isBinary: boolean) => void): void
    write(chunk: Buffer): void
  }
}
const { Connection } = (await import(distUrl('protocol/index.js'))) as typeof protocol

const CHUNK_LENGTH = 65_536
const MASK_KEY = 0x1b2c3d4e

/** As many whole frames as fit into a chunk. */
function fullChunk(size: number, firstByte: number): { chunk: Buffer; frames: number } {
  const frame = encodeFrame(firstByte, Buffer.from(textPayload(size, 1)), MASK_KEY)
  const frames = Math.max(1, Math.floor(CHUNK_LENGTH / frame.length))
  // ArrayBuffers of their own, as the chunks that Node reads have.
  const chunk = Buffer.allocUnsafeSlow(frame.length * frames)
  for (let i = 0; i < frames; i++) frame.copy(chunk, i * frame.length)
  return { chunk, frames }
}

let consumed = 0

function barewire(size: number, { firstByte, text }: { firstByte: number; text: 'string' | 'bytes' }): Contender {
  const { chunk, frames } = fullChunk(size, firstByte)
  const handler = {
    message: (message: string | Uint8Array) => void (consumed += message.length),
    write: () => true,
    end() {},
    destroy() {},
    closed: ({ error }: { error?: Error }) => {
      throw error ?? new Error('closed')
    },
  }
  const connection = new Connection({ role: 'server', handler, text, ...nodeCodec })
  return check(size, frames, () => connection.receive(chunk))
}

function ws(size: number, { firstByte, asString }: { firstByte: number; asString: boolean }): Contender {
  const { chunk, frames } = fullChunk(size, firstByte)
  const receiver = new Receiver({ isServer: true, binaryType: 'nodebuffer' })
  receiver.on('message', (data) => {
    consumed += asString ? data.toString().length : data.length
  })
  return check(size, frames, () => receiver.write(chunk))
}

function naive(size: number, { firstByte, asString }: { firstByte: number; asString: boolean }): Contender {
  const { chunk, frames } = fullChunk(size, firstByte)
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const reader = new NaiveReader((payload) => {
    consumed += asString ? decoder.decode(payload).length : payload.length
  })
  return check(size, frames, () => reader.receive(chunk))
}

/** Every chunk has to give all its messages, whole. */
function check(size: number, frames: number, receive: () => void): Contender {
  return () => {
    const before = consumed
    receive()
    if (consumed - before !== size * frames) throw new Error(`${consumed - before} bytes came, not ${size * frames}`)
    return frames
  }
}

const cases: MicroCase[] = []
const BINARY = 0x82
const TEXT = 0x81
for (const size of [16, 125, 1024, 16_384, 65_000]) {
  const name = size < 1024 ? `${size} B` : `${Math.round(size / 1024)} KiB`
  cases.push({
    id: `parse/binary/${size}`,
    title: `parse ${name}, binary`,
    unit: 'frame',
    contenders: {
      barewire: barewire(size, { firstByte: BINARY, text: 'string' }),
      ws: ws(size, { firstByte: BINARY, asString: false }),
      naive: naive(size, { firstByte: BINARY, asString: false }),
    },
  })
  cases.push({
    id: `parse/text/${size}`,
    title: `parse ${name}, text as strings`,
    unit: 'frame',
    contenders: {
      barewire: barewire(size, { firstByte: TEXT, text: 'string' }),
      ws: ws(size, { firstByte: TEXT, asString: true }),
      naive: naive(size, { firstByte: TEXT, asString: true }),
    },
  })
  cases.push({
    id: `parse/text-bytes/${size}`,
    title: `parse ${name}, text as checked bytes`,
    unit: 'frame',
    contenders: {
      barewire: barewire(size, { firstByte: TEXT, text: 'bytes' }),
      ws: ws(size, { firstByte: TEXT, asString: false }),
    },
  })
}
runMicro('parse', cases)
