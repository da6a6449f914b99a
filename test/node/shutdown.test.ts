import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { WebSocketServer } from '../../src/node/server.ts'
import { clientFrame, RawClient, requestHead } from '../support/raw-client.ts'
import { serve } from '../support/serve.ts'

/** Answers every Close frame. */
async function polite(port: number): Promise<RawClient> {
  const client = await RawClient.open(port)
  client.socket.on('data', () => {
    if (client.frames.some(({ opcode }) => opcode === 8)) client.socket.end(clientFrame(8, Buffer.from([3, 244])))
  })
  return client
}

describe('Shutting down', () => {
  it('closes everybody with the code and reason, and counts them', async () => {
    const { port, server, outcomes } = await serve()
    const clients = [await polite(port), await polite(port), await polite(port)]
    const result = await server.shutdown({ code: 1012, reason: 'back soon' })
    expect(result).toEqual({ closed: 3, terminated: 0 })
    for (const client of clients) {
      const [close] = await client.take(1)
      expect([close!.payload.readUInt16BE(0), close!.payload.toString('utf8', 2)]).toEqual([1012, 'back soon'])
    }
    expect(outcomes.map(({ cause, clean }) => [cause, clean])).toEqual(Array(3).fill(['shutdown', true]))
    expect(server.stats()).toMatchObject({ connections: 0, closed: { shutdown: 3 } })
  })

  it('spreads the Close frames over the time it is given', async () => {
    const { port, server } = await serve()
    const times: number[] = []
    const clients = await Promise.all(Array.from({ length: 6 }, () => polite(port)))
    const started = performance.now()
    for (const client of clients) client.socket.once('data', () => times.push(performance.now() - started))
    expect(await server.shutdown({ spreadMs: 300 })).toEqual({ closed: 6, terminated: 0 })
    expect(times.length).toBe(6)
    expect(times.at(-1)! - times[0]!).toBeGreaterThan(100)
  })

  it('drops who does not answer by the deadline', async () => {
    const { port, server, outcomes } = await serve()
    const rude = await RawClient.open(port)
    await polite(port)
    expect(await server.shutdown({ deadlineMs: 200 })).toEqual({ closed: 1, terminated: 1 })
    expect(outcomes.map(({ cause }) => cause)).toEqual(['shutdown', 'shutdown'])
    await rude.closed()
  })

  it('delivers what was sent and published before', async () => {
    const { port, server, opened } = await serve({ open: (socket) => void socket.subscribe('room') })
    const client = await polite(port)
    const socket = await opened()
    socket.send('sent')
    server.publish('room', 'published')
    await server.shutdown()
    const frames = await client.take(3)
    expect(frames.map(({ opcode, payload }) => (opcode === 1 ? payload.toString() : opcode))).toEqual([
      'sent',
      'published',
      8,
    ])
  })

  it('answers 503 with Retry-After to whoever comes meanwhile (RFC 9110 10.2.3)', async () => {
    const http = createServer()
    const server = new WebSocketServer()
    server.attach(http)
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
    const { port } = http.address() as AddressInfo
    const rude = await RawClient.open(port)
    const done = server.shutdown({ deadlineMs: 300, retryAfter: 7 })
    const late = new RawClient(port).send(requestHead())
    expect(await late.head()).toMatch(/^HTTP\/1\.1 503 .*\r\n(?:.*\r\n)*Retry-After: 7\r\n/)
    await done
    expect(server.stats().refused).toBe(1)
    rude.destroy()
    late.destroy()
    http.close()
  })

  it('refuses at once whose handshake is not decided, and lets nobody in afterwards', async () => {
    let letIn: (() => void) | undefined
    const { port, server, sockets } = await serve({ upgrade: () => new Promise<void>((resolve) => (letIn = resolve)) })
    const client = new RawClient(port).send(requestHead())
    while (letIn === undefined) await new Promise(setImmediate)
    const done = server.shutdown({ deadlineMs: 500 })
    letIn()
    expect(await client.head()).toMatch(/^HTTP\/1\.1 503 /)
    expect([await done, sockets]).toEqual([{ closed: 0, terminated: 0 }, []])
    client.destroy()
  })

  it('is refused with a deadline before the last Close frame is due, and names both options', async () => {
    const { port, server } = await serve()
    const client = await polite(port)
    expect(() => server.shutdown({ spreadMs: 10_000, deadlineMs: 5000 })).toThrow(RangeError)
    expect(() => server.shutdown({ spreadMs: 10_000, deadlineMs: 5000 })).toThrow(/deadlineMs.*spreadMs/)
    expect(await server.shutdown({ spreadMs: 1, deadlineMs: 10_000 })).toEqual({ closed: 1, terminated: 0 })
    expect(await client.closeCode()).toBe(1001)
  })

  it('happens once, and not at all with an option that makes no sense', async () => {
    const { port, server } = await serve()
    const client = await polite(port)
    for (const wrong of [{ code: 1006 }, { spreadMs: -1 }, { deadlineMs: NaN }, { reason: 'x'.repeat(124) }]) {
      expect(() => server.shutdown(wrong)).toThrow(RangeError)
    }
    client.send(clientFrame(9))
    expect((await client.take(1))[0]!.opcode).toBe(10)
    const first = server.shutdown()
    expect(server.shutdown({ code: 1012 })).toBe(first)
    await first
  })

  it('comes with the end of a scope', async () => {
    const server = new WebSocketServer()
    await server.listen(0, '127.0.0.1')
    const client = await polite((server.address() as AddressInfo).port)
    await server[Symbol.asyncDispose]()
    expect(server.clients.size).toBe(0)
    await client.ended()
  })
})
