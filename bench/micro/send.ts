/** Sending without a socket: 64 messages a turn through the library's connection, through ws's Sender, and naively. */
import { createRequire } from 'node:module'
import { distUrl } from '../dist.ts'
import type * as protocol from '../../src/protocol/index.ts'
import { textPayload } from '../load/payload.ts'
import { runMicro, type Contender, type MicroCase } from './harness.ts'
import { naiveFrame } from './naive.ts'
import { nodeCodec } from './platform.ts'

// ws itself is what is compared with, not the native addon that it picks up where it finds one.
process.env['WS_NO_BUFFER_UTIL'] = '1'
const require = createRequire(new URL('../peers/package.json', import.meta.url))
const { Sender } = require('ws') as {
  Sender: new (socket: object) => { send(data: Buffer | string, options: object, cb?: () => void): void }
}
const { Connection } = (await import(distUrl('protocol/index.js'))) as typeof protocol

const PER_TURN = 64
let written = 0
const room = Buffer.allocUnsafeSlow(65_536)

function barewire(payload: Buffer | string): Contender {
  const handler = {
    message() {},
    write: (bytes: Uint8Array) => {
      written += bytes.length
      return true
    },
    pending() {},
    end() {},
    destroy() {},
    closed() {},
  }
  const connection = new Connection({ role: 'server', handler, ...nodeCodec })
  return counted(() => {
    for (let i = 0; i < PER_TURN; i++) connection.send(payload)
    connection.flush()
  })
}

function ws(payload: Buffer | string): Contender {
  const socket = {
    cork() {},
    uncork() {},
    // ws leaves strings to the socket, which encodes them.
    write: (data: Uint8Array | string) => void (written += typeof data === 'string' ? room.write(data) : data.length),
  }
  const sender = new Sender(socket)
  const options = { fin: true, binary: typeof payload !== 'string', mask: false, compress: false }
  return counted(() => {
    for (let i = 0; i < PER_TURN; i++) sender.send(payload, options)
  })
}

function naive(payload: Buffer | string): Contender {
  return counted(() => {
    for (let i = 0; i < PER_TURN; i++) written += naiveFrame(Buffer.from(payload as string)).length
  })
}

function counted(turn: () => void): Contender {
  return () => {
    const before = written
    turn()
    if (written === before) throw new Error('nothing was written')
    return PER_TURN
  }
}

const cases: MicroCase[] = []
for (const size of [16, 125, 1024, 16_384]) {
  const text = textPayload(size, 1)
  for (const payload of [Buffer.from(text), text]) {
    const kind = typeof payload === 'string' ? 'string' : 'bytes'
    cases.push({
      id: `send-encode/${kind}/${size}`,
      title: `encode a message of ${size} B, ${kind}, 64 a turn, no socket`,
      unit: 'message',
      contenders: { barewire: barewire(payload), ws: ws(payload), naive: naive(payload) },
    })
  }
}
runMicro('send', cases)
