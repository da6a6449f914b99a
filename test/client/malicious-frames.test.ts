import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { deflateRawSync } from 'node:zlib'
import type { WebSocketOptions } from '../../src/node/client-options.ts'
import { CloseEvent, ErrorEvent } from '../../src/node/events.ts'
import { WebSocket } from '../../src/node/websocket.ts'
import { ProtocolError } from '../../src/protocol/violation.ts'
import { accepted, RawServer, type RawRequest } from './raw-server.ts'

const SHORT = 200
const server = new RawServer()
beforeEach(() => server.listen())
afterEach(() => server.close())

const DEFLATE = 'Sec-WebSocket-Extensions: permessage-deflate\r\n'

interface Seen {
  readonly messages: unknown[]
  readonly errors: Error[]
  readonly close: CloseEvent
  readonly types: string[]
}

/** Open a connection to a server that then does as it likes, and see it to its end. */
async function seeThrough(
  play: (request: RawRequest) => unknown,
  options: WebSocketOptions = {},
  fields = '',
): Promise<Seen> {
  server.answer = (request) => {
    request.socket.write(accepted(request.key, fields))
    play(request)
  }
  const socket = new WebSocket(server.url, {
    perMessageDeflate: fields === DEFLATE,
    // The server leaves it to us to end TCP.
    closeTimeout: SHORT,
    ...options,
  })
  socket.binaryType = 'bytes'
  const messages: unknown[] = []
  const errors: Error[] = []
  const types: string[] = []
  for (const type of ['open', 'error', 'close']) socket.addEventListener(type, () => types.push(type))
  socket.onmessage = ({ data }) => messages.push(data)
  socket.onerror = (event) => {
    expect(event).toBeInstanceOf(ErrorEvent)
    errors.push(event.error)
  }
  const close = await new Promise<CloseEvent>((resolve) => (socket.onclose = resolve))
  expect(socket.readyState).toBe(WebSocket.CLOSED)
  await server.untilAlone()
  return { messages, errors, close, types }
}

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')
const bytes =
  (text: string) =>
  ({ socket }: RawRequest): unknown =>
    socket.write(hex(text))

/** The code in the Close frame of the client: its payload begins behind the mask key, at 6. */
function closeCodeSent(): number | undefined {
  const frame = Buffer.concat(server.received)
  if (frame.length < 8 || frame[0] !== 0x88) return undefined
  return frame.readUInt16BE(6) ^ frame.readUInt16BE(2)
}

const violations: [title: string, wire: string, code: number, message: RegExp, options?: WebSocketOptions][] = [
  ['a masked frame (5.1)', '81 82 00000000 6869', 1002, /mask/i],
  ['RSV1 that was not negotiated (5.2)', 'c1 02 6869', 1002, /RSV|reserved/i],
  ['RSV3 (5.2)', '91 02 6869', 1002, /RSV|reserved/i],
  ['a reserved opcode (5.2)', '83 00', 1002, /opcode/i],
  ['a fragmented ping (5.5)', '09 00', 1002, /control frame/i],
  ['a ping of 126 bytes (5.5)', '89 7e 007e', 1002, /control frame/i],
  ['a continuation of nothing (5.4)', '80 00', 1002, /continu/i],
  ['a message inside a message (5.4)', '01 01 68 81 01 69', 1002, /fragment|continu|message/i],
  ['text that is no UTF-8 (8.1)', '81 02 c328', 1007, /UTF-8/],
  ['bad UTF-8 in an unfinished fragment (8.1)', '01 02 c328', 1007, /UTF-8/],
  ['a length of 2^63 (5.2)', '82 7f 8000000000000000', 1002, /length/i],
  ['a length of 2^53 (5.2)', '82 7f 0020000000000000', 1009, /./],
  ['a message over maxPayload', '82 05 0102030405', 1009, /5 bytes|4/, { maxPayload: 4 }],
  ['fragments over maxPayload together', '02 03 010203 80 03 040506', 1009, /./, { maxPayload: 4 }],
  ['more fragments than allowed', '02 00 00 00 00 00 00 00', 1008, /fragment/i, { maxFragments: 3 }],
  ['a Close frame of one byte (5.5.1)', '88 01 03', 1002, /Close frame/],
  ['a Close frame with the code 1005 (7.4.1)', '88 02 03ed', 1002, /1005/],
]

describe('frames that no server may send fail the connection (RFC 6455 7.1.7)', () => {
  it.each(violations)('%s', async (_title, wire, code, message, options) => {
    const { errors, close, messages, types } = await seeThrough(bytes(wire), options)
    expect(types).toEqual(['open', 'error', 'close'])
    expect(errors[0]).toBeInstanceOf(ProtocolError)
    expect(errors[0]!.message).toMatch(message)
    // WHATWG: a page is not told more than that it failed.
    expect(close).toMatchObject({ wasClean: false, code: 1006, reason: '', cause: 'protocol' })
    expect(closeCodeSent()).toBe(code)
    expect(messages).toEqual([])
  })

  it('delivers nothing after a violation in the same segment', async () => {
    const { messages } = await seeThrough(bytes('81 02 6869 83 00 81 02 6869'))
    expect(messages).toEqual(['hi'])
  })

  it('inflates a bomb up to maxPayload and no further (RFC 7692 7.2.2)', async () => {
    const bomb = deflateRawSync(Buffer.alloc(96 * 1024 * 1024), { finishFlush: 2 })
    const { errors, close } = await seeThrough(
      ({ socket }) => {
        const header = Buffer.alloc(10)
        header.writeUInt16BE(0xc27f)
        header.writeBigUInt64BE(BigInt(bomb.length), 2)
        socket.write(Buffer.concat([header, bomb]))
      },
      { maxPayload: 1024 * 1024 },
      DEFLATE,
    )
    expect(errors[0]!.message).toMatch(/1048576|1,048,576|inflate/)
    expect(close.cause).toBe('protocol')
    expect(closeCodeSent()).toBe(1009)
  })

  it('fails on deflate data that is none (RFC 7692 7.2.2)', async () => {
    const { errors } = await seeThrough(bytes('c2 04 ffffffff'), {}, DEFLATE)
    expect(errors).toHaveLength(1)
    expect(closeCodeSent()).toBe(1007)
  })
})

describe('a server that does not end as it should', () => {
  it('resets the connection in the middle of a frame', async () => {
    const { errors, close, messages } = await seeThrough(({ socket }) => {
      // The pong shows that the client has read so far.
      socket.once('data', () => socket.resetAndDestroy())
      socket.write(hex('89 00 82 7e 0100 0102030405'))
    })
    expect(errors[0]).toMatchObject({ code: 'ECONNRESET' })
    expect(close).toMatchObject({ wasClean: false, code: 1006, cause: 'transport' })
    expect(messages).toEqual([])
  })

  it('ends TCP without a Close frame', async () => {
    const { errors, close } = await seeThrough(({ socket }) => socket.end(hex('81 02 6869')))
    expect(errors).toEqual([])
    expect(close).toMatchObject({ wasClean: false, code: 1006, cause: 'transport' })
  })

  it('does not answer our Close', async () => {
    server.answer = ({ key, socket }) => socket.write(accepted(key))
    const socket = await WebSocket.connect(server.url, { closeTimeout: SHORT })
    const ended = new Promise<CloseEvent>((resolve) => (socket.onclose = resolve))
    socket.close(1000)
    expect(await ended).toMatchObject({ wasClean: false, code: 1006, cause: 'timeout' })
    await server.untilAlone()
  })

  it('answers our Close and keeps TCP open', async () => {
    server.answer = ({ key, socket }) => {
      socket.write(accepted(key))
      socket.once('data', () => setImmediate(() => socket.write(hex('88 02 03e8'))))
    }
    const socket = await WebSocket.connect(server.url, { closeTimeout: SHORT })
    const ended = new Promise<CloseEvent>((resolve) => (socket.onclose = resolve))
    socket.close(1000)
    expect(await ended).toMatchObject({ wasClean: true, code: 1000 })
    await server.untilAlone()
  })

  it('goes on sending instead of answering our Close', async () => {
    const { close } = await seeThrough(
      ({ socket }) => {
        const flood = Buffer.concat(Array.from({ length: 1000 }, () => hex('82 02 0102')))
        const write = (): void => {
          while (!socket.destroyed && socket.write(flood));
        }
        socket.on('drain', write)
        socket.once('data', write)
        socket.write(hex('83 00'))
      },
      { closeTimeout: SHORT },
    )
    expect(close).toMatchObject({ code: 1006, cause: 'protocol' })
  })

  it('says nothing at all any more, and is dropped by the heartbeat', async () => {
    const { close } = await seeThrough(() => {}, { heartbeatInterval: 100, heartbeatTimeout: 100 })
    expect(close).toMatchObject({ wasClean: false, code: 1006, cause: 'timeout' })
    // A Ping frame with its four bytes.
    expect(Buffer.concat(server.received).subarray(0, 2)).toEqual(hex('89 84'))
  })

  it('never reads what we send: beyond maxBufferedAmount the connection fails', async () => {
    server.answer = ({ key, socket }) => {
      socket.write(accepted(key))
      socket.pause()
    }
    const options = { maxBufferedAmount: 1024 * 1024, closeTimeout: SHORT, perMessageDeflate: false }
    const socket = await WebSocket.connect(server.url, options)
    const errors: string[] = []
    socket.onerror = ({ message }) => errors.push(message)
    const ended = new Promise<CloseEvent>((resolve) => (socket.onclose = resolve))
    let sent = 0
    while (socket.readyState === WebSocket.OPEN && sent < 1000) {
      socket.send(new Uint8Array(65_536))
      sent++
      if (sent % 16 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    expect(sent).toBeLessThan(1000)
    expect(await ended).toMatchObject({ wasClean: false, code: 1006, cause: 'backpressure' })
    expect(errors).toEqual(['does not keep up'])
  })

  it('sends pings without reading: one pong is owed, not a million', async () => {
    const pings = Buffer.concat(Array.from({ length: 10_000 }, () => hex('89 04 01020304')))
    const before = process.memoryUsage().arrayBuffers
    const { close } = await seeThrough(
      ({ socket }) => {
        socket.pause()
        let left = 100
        const write = (): void => {
          while (left > 0 && !socket.destroyed) {
            left--
            if (!socket.write(pings)) return
          }
          socket.destroy()
        }
        socket.on('drain', write)
        write()
      },
      { highWaterMark: 16_384 },
    )
    expect(close.code).toBe(1006)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024)
  })
})
