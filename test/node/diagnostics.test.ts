import { constants, inflateRawSync } from 'node:zlib'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, expect, it, onTestFinished } from 'vitest'
import { prepare } from '../../src/node/topic-hub.ts'
import type { FrameEvent, WireFrame, WirePayload } from '../../src/node/wire-tap.ts'
import { clientFrame, RawClient, requestHead } from '../support/raw-client.ts'
import { serve } from '../support/serve.ts'
import { uncaught } from '../support/uncaught.ts'

/** What a channel publishes during a test. */
function listen<T>(name: string): T[] {
  const events: T[] = []
  const listener = (event: unknown): void => void events.push(event as T)
  subscribe(name, listener)
  onTestFinished(() => void unsubscribe(name, listener))
  return events
}

describe('Diagnostics channels', () => {
  it('tell of each handshake, accepted and refused', async () => {
    const events = listen<{ request: { url: string }; status: number; reason: string }>('barewire:handshake')
    const { port } = await serve({ path: '/ws' })
    const good = await RawClient.open(port, { target: '/ws' })
    const bad = new RawClient(port).send(requestHead({ target: '/ws', headers: { Origin: 'http://evil.example' } }))
    await bad.head()
    const lost = new RawClient(port).send(requestHead({ target: '/nowhere' }))
    await lost.head()
    expect(events.map(({ status, request }) => [status, request.url])).toEqual([
      [101, '/ws'],
      [403, '/ws'],
      [404, '/nowhere'],
    ])
    expect(events[1]!.reason).toMatch(/evil\.example/)
    for (const client of [good, bad, lost]) client.destroy()
  })

  it('tell of open, message, error and close', async () => {
    const [opens, messages, errors, closes] = ['open', 'message', 'error', 'close'].map((name) =>
      listen<Record<string, unknown>>(`barewire:${name}`),
    )
    const { port, opened, closed } = await serve({
      message() {
        throw new Error('bad')
      },
      error() {},
    })
    const client = await RawClient.open(port)
    const socket = await opened()
    client.send(clientFrame(1, 'hi'), clientFrame(8, Buffer.from([3, 232])))
    const outcome = await closed()
    expect(opens).toEqual([{ socket }])
    expect(messages).toEqual([{ socket, message: 'hi', isText: true }])
    expect(errors).toEqual([{ socket, error: expect.objectContaining({ message: 'bad' }) }])
    expect(closes).toEqual([{ socket, outcome }])
    client.destroy()
  })

  it('tell the header of each frame both ways, and leave the frames as they are (RFC 6455 5.2)', async () => {
    const frames = listen<FrameEvent>('barewire:frame')
    const { port, closed } = await serve({ message: (socket, message) => void socket.send(message) })
    const client = await RawClient.open(port)
    client.send(clientFrame(1, 'Hel', { fin: false }), clientFrame(0, 'lo'), clientFrame(8))
    const [echo] = await client.take(2)
    await closed()
    expect(echo!.payload.toString()).toBe('Hello')
    expect(frames.map(({ direction, opcode, fin, payloadLength }) => [direction, opcode, fin, payloadLength])).toEqual([
      ['in', 1, false, 3],
      ['in', 0, true, 2],
      ['in', 8, true, 0],
      ['out', 1, true, 5],
      ['out', 8, true, 0],
    ])
    client.destroy()
  })

  it('a tap sees the bytes on the wire, masked, until it is taken back', async () => {
    const seen: [string, string][] = []
    const { port, opened } = await serve({ message: (socket, message) => void socket.send(message) })
    const client = await RawClient.open(port)
    const socket = await opened()
    socket.tap({
      received: (bytes) => void seen.push(['in', Buffer.from(bytes).toString('hex')]),
      sent: (bytes) => void seen.push(['out', Buffer.from(bytes).toString('hex')]),
    })
    const frame = clientFrame(1, 'Hi')
    client.send(frame)
    await client.take(1)
    socket.tap(undefined)
    client.send(frame)
    await client.take(2)
    expect(seen).toEqual([
      ['in', Buffer.from(frame).toString('hex')],
      ['out', '81024869'],
    ])
    client.destroy()
  })

  it('a tap tells each frame with its mask key, from the first that begins while it looks (RFC 6455 5.2, 5.3)', async () => {
    const frames: WireFrame[] = []
    const { port, opened } = await serve({ message: (socket, message) => void socket.send(message) })
    const client = await RawClient.open(port)
    const socket = await opened()
    const first = Buffer.from(clientFrame(1, 'Hello'))
    const came = new Promise<void>((resolve) => {
      socket.tap({ received: () => resolve() })
    })
    client.send(first.subarray(0, 8))
    await came
    socket.tap({ frame: (frame) => void frames.push({ ...frame }) })
    client.send(first.subarray(8))
    await client.take(1)
    client.send(clientFrame(2, 'abc'))
    await client.take(2)
    expect(
      frames.map(({ direction, opcode, maskKey, payloadLength }) => [direction, opcode, maskKey, payloadLength]),
    ).toEqual([
      ['out', 1, 0, 5],
      ['in', 2, 0x37fa213d, 3],
      ['out', 2, 0, 3],
    ])
    client.destroy()
  })

  it('a tap that throws is reported, and changes nothing for the connection', async () => {
    const reported = uncaught()
    const { port, opened } = await serve({
      perMessageDeflate: { threshold: 0 },
      message: (socket, message) => void socket.send(message),
    })
    const client = await RawClient.open(port, { headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate' } })
    const socket = await opened()
    const fail = (): never => {
      throw new Error('a tap')
    }
    socket.tap({ received: fail, sent: fail, frame: fail, payload: fail })
    client.send(clientFrame(1, Buffer.from([0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]), { rsv: 4 }))
    const [echo] = await client.take(1)
    expect(echo!.rsv).toBe(4)
    client.send(clientFrame(1, 'again'))
    await client.take(2)
    // What comes as the test ends is nobody's.
    socket.tap(undefined)
    expect(reported.length).toBeGreaterThan(3)
    client.destroy()
  })

  it('a tap that sends while it is told of a frame is told of the next in turn', async () => {
    const told: number[] = []
    const { port, opened } = await serve({ message: (socket, message) => void socket.send(message) })
    const client = await RawClient.open(port)
    const socket = await opened()
    socket.tap({
      frame: ({ direction, payloadLength }) => {
        if (direction === 'in') return
        told.push(payloadLength)
        if (told.length === 1) socket.send(Buffer.alloc(100_000))
      },
    })
    client.send(clientFrame(1, 'Hi'), clientFrame(1, 'you'))
    const frames = await client.take(3)
    expect(frames.map(({ payload }) => payload.length).toSorted((a, b) => a - b)).toEqual([2, 3, 100_000])
    expect(told.toSorted((a, b) => a - b)).toEqual([2, 3, 100_000])
    client.destroy()
  })

  it('a tap and the channel of frames do not take each other away', async () => {
    const frames = listen<FrameEvent>('barewire:frame')
    const seen: WireFrame[] = []
    const { port, opened } = await serve({ message: (socket, message) => void socket.send(message) })
    const client = await RawClient.open(port)
    const socket = await opened()
    socket.tap({ frame: (frame) => void seen.push(frame) })
    client.send(clientFrame(1, 'Hi'))
    await client.take(1)
    socket.tap(undefined)
    client.send(clientFrame(1, 'Hi'))
    await client.take(2)
    expect([frames.length, seen.length]).toEqual([4, 2])
    expect(frames[0]).toMatchObject({ socket, direction: 'in', opcode: 1 })
    client.destroy()
  })

  it.each([false, true])(
    'a tap may send and close when it is told of a payload, shared by others: %s',
    async (isShared) => {
      const { port, opened } = await serve({ perMessageDeflate: { threshold: 0 } })
      const client = await RawClient.open(port, { headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate' } })
      const socket = await opened()
      socket.send('first of all')
      let isTold = false
      socket.tap({
        payload: () => {
          if (isTold) return
          isTold = true
          socket.send('first of all, and once more')
          socket.close(4000)
        },
      })
      socket.send(isShared ? prepare('first of all, again') : 'first of all, again')
      const frames = await client.take(4)
      const messages = inflateAll(frames.slice(0, 3).map(({ payload }) => payload))
      expect(messages).toEqual(['first of all', 'first of all, again', 'first of all, and once more'])
      expect(frames[3]!.payload.readUInt16BE(0)).toBe(4000)
      client.destroy()
    },
  )

  it('a tap tells payloads before and after permessage-deflate, both ways (RFC 7692 6)', async () => {
    const payloads: WirePayload[] = []
    const { port, opened } = await serve({
      perMessageDeflate: { threshold: 3 },
      message(socket, message) {
        socket.send(message)
        socket.send(prepare(message as string))
        socket.send('Hi')
      },
    })
    const client = await RawClient.open(port, { headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate' } })
    const socket = await opened()
    socket.tap({ payload: (payload) => void payloads.push(payload) })
    // RFC 7692 7.2.3.1
    const hello = Buffer.from([0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00])
    client.send(clientFrame(1, hello, { rsv: 4 }))
    const [first, second] = await client.take(3)
    const told = payloads.map(({ direction, compressed, plain }) => [
      direction,
      Buffer.from(compressed).toString('hex'),
      Buffer.from(plain).toString(),
    ])
    expect(told).toEqual([
      ['in', 'f248cdc9c90700', 'Hello'],
      ['out', first!.payload.toString('hex'), 'Hello'],
      ['out', second!.payload.toString('hex'), 'Hello'],
    ])
    client.destroy()
  })
})

/** What a peer with a stream of its own reads. */
function inflateAll(payloads: readonly Buffer[]): string[] {
  let read = 0
  return payloads.map((_, last) => {
    const bytes = payloads.slice(0, last + 1).map((payload) => Buffer.concat([payload, TAIL]))
    const plain = inflateRawSync(Buffer.concat(bytes), { finishFlush: constants.Z_SYNC_FLUSH })
    const message = plain.subarray(read).toString()
    read = plain.length
    return message
  })
}

/** RFC 7692 7.2.2. */
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff])
