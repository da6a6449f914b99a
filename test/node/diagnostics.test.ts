import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { FrameEvent } from '../../src/node/diagnostics.ts'
import { clientFrame, RawClient, requestHead } from '../support/raw-client.ts'
import { serve } from '../support/serve.ts'

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
})
