/**
 * What it costs to be watched: messages are echoed through a server's socket, without TCP below it, while nobody listens,
 * while channels of `node:diagnostics_channel` are listened to, and with a tap; and what each message pays for asking.
 */
import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import { Duplex } from 'node:stream'
import { distUrl } from '../dist.ts'
import type * as library from '../../src/index.ts'
import { encodeFrame } from '../load/frames.ts'
import { textPayload } from '../load/payload.ts'
import { runMicro, type Contender } from './harness.ts'

const { WebSocketServer } = (await import(distUrl('index.js'))) as typeof library

const SIZE = 125
const BINARY = 0x82
const MASK_KEY = 0x1b2c3d4e
const FRAMES = 16
const CHUNKS = 64
const ASKED = 4096

const frame = encodeFrame(BINARY, Buffer.from(textPayload(SIZE, 1)), MASK_KEY)
const chunk = Buffer.concat(Array<Buffer>(FRAMES).fill(frame))

/** Takes everything at once. */
class Sink extends Duplex {
  override _read(): void {}

  override _write(_bytes: Buffer, _encoding: string, done: () => void): void {
    done()
  }
}

/** A socket of a server that echoes, and the stream below it. */
async function open(): Promise<{ stream: Sink; socket: library.Socket }> {
  const stream = new Sink()
  const opened = new Promise<library.Socket>((resolve) => {
    const server = new WebSocketServer({
      open: resolve,
      message: (socket, message) => void socket.send(message),
    })
    const headers = {
      host: 'localhost',
      upgrade: 'websocket',
      connection: 'Upgrade',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'sec-websocket-version': '13',
    }
    const rawHeaders = Object.entries(headers).flat()
    const request = { method: 'GET', url: '/', httpVersionMajor: 1, httpVersionMinor: 1, headers, rawHeaders }
    server.handleUpgrade({ ...request, socket: stream } as unknown as IncomingMessage, stream, Buffer.alloc(0))
  })
  return { stream, socket: await opened }
}

function echo(stream: Sink): number {
  // The frames are masked anew by being unmasked in place: the payloads change, the work does not.
  for (let i = 0; i < CHUNKS; i++) stream.emit('data', Buffer.from(chunk))
  return CHUNKS * FRAMES
}

let heard = 0
const listener = (): void => void heard++

function listening(name: string, stream: Sink): Contender {
  return () => {
    subscribe(name, listener)
    const count = echo(stream)
    unsubscribe(name, listener)
    return count
  }
}

/** `barewire:frame` is looked at when a connection opens. */
async function openListening(name: string): Promise<Contender> {
  subscribe(name, listener)
  const { stream } = await open()
  unsubscribe(name, listener)
  return listening(name, stream)
}

const unwatched = await open()
const watched = await open()
watched.socket.tap({ received: listener, sent: listener, frame: listener })
const message = channel('barewire:message')

runMicro('parse', [
  {
    id: 'insight/echo',
    title: `echo of ${SIZE} B, ${FRAMES} in a read, no socket: who listens`,
    unit: 'message',
    contenders: {
      barewire: () => echo(unwatched.stream),
      'barewire:message': listening('barewire:message', unwatched.stream),
      'barewire:frame': await openListening('barewire:frame'),
      tap: () => echo(watched.stream),
    },
  },
  {
    id: 'insight/ask',
    title: 'ask a channel whether anybody listens',
    unit: 'message',
    contenders: {
      barewire: () => {
        for (let i = 0; i < ASKED; i++) if (message.hasSubscribers) heard++
        return ASKED
      },
    },
  },
])
if (heard < 0) throw new Error('never')
