import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import type { Acceptance } from '../../src/handshake/acceptance.ts'
import { reject } from '../../src/handshake/rejection.ts'
import { clientFrame, RawClient, requestHead } from '../support/raw-client.ts'
import { serve } from '../support/serve.ts'
import { turnsUntil } from '../support/turns.ts'

/** A client that answers the Close frame as it should. */
async function wellBehaved(port: number): Promise<RawClient> {
  const client = await RawClient.open(port)
  void client.closeCode().then((code) => {
    client.send(clientFrame(8, Buffer.from([code >> 8, code & 255])))
    client.socket.end()
  })
  return client
}

describe('The end of a server', () => {
  it('closes everybody with 1001, and tells how many ended by themselves (RFC 6455 7.4.1)', async () => {
    const { port, server, outcomes } = await serve()
    const clients = await Promise.all([1, 2, 3].map(() => wellBehaved(port)))
    expect(await server.shutdown()).toEqual({ closed: 3, terminated: 0 })
    expect(await Promise.all(clients.map((client) => client.closeCode()))).toEqual([1001, 1001, 1001])
    expect(outcomes.map(({ code, clean, cause }) => [code, clean, cause])).toEqual(
      [1, 2, 3].map(() => [1001, true, 'shutdown']),
    )
    expect([server.clients.size, server.address()]).toEqual([0, null])
    const late = new RawClient(port)
    await late.closed()
  })

  it('drops who is not done by the deadline', async () => {
    const { port, server, outcomes } = await serve()
    await wellBehaved(port)
    const deaf = await RawClient.open(port)
    expect(await server.shutdown({ code: 1012, reason: 'back soon', deadlineMs: 150 })).toEqual({
      closed: 1,
      terminated: 1,
    })
    expect(deaf.frames[0]!.payload.subarray(2).toString()).toBe('back soon')
    expect(await deaf.closeCode()).toBe(1012)
    await deaf.closed()
    expect(outcomes.map(({ cause }) => cause)).toEqual(['shutdown', 'shutdown'])
    expect(outcomes.map(({ code }) => code).toSorted((a, b) => a - b)).toEqual([1006, 1012])
  })

  it('spreads the Close frames over the time that is given', async () => {
    const { port, server } = await serve()
    const clients = await Promise.all(Array.from({ length: 10 }, () => wellBehaved(port)))
    const order: number[] = []
    for (const [i, client] of clients.entries()) void client.closeCode().then(() => order.push(i))
    const done = server.shutdown({ spreadMs: 250 })
    await clients[0]!.closeCode()
    // The first are told at once, and not all of them.
    expect(clients.some((client) => client.frames.length === 0)).toBe(true)
    expect(await done).toEqual({ closed: 10, terminated: 0 })
    expect(order.length).toBe(10)
  })

  it('of nobody is over at once', async () => {
    const { server } = await serve()
    expect(await server.shutdown()).toEqual({ closed: 0, terminated: 0 })
  })

  it('waits for no idle or half-sent request', async () => {
    const { port, server } = await serve()
    const clients = [new RawClient(port).send('GET / HT'), new RawClient(port)]
    await Promise.all(clients.map((client) => new Promise((resolve) => client.socket.once('connect', resolve))))
    const open = await RawClient.open(port)
    expect(await server.shutdown({ deadlineMs: 50 })).toEqual({ closed: 0, terminated: 1 })
    await Promise.all([...clients, open].map((client) => client.closed()))
  })

  it('waits for no handshake that the application has not answered: it is refused with 503', async () => {
    let asked = (): void => {}
    const isAsked = new Promise<void>((resolve) => (asked = resolve))
    let letIn = (_answer: Acceptance<undefined>): void => {}
    const { port, server, sockets } = await serve({
      upgrade: () => {
        asked()
        return new Promise<Acceptance<undefined>>((resolve) => (letIn = resolve))
      },
    })
    const client = new RawClient(port).send(requestHead())
    await isAsked
    // It would have ten seconds otherwise: more than this test.
    expect(await server.shutdown({ deadlineMs: 50 })).toEqual({ closed: 0, terminated: 0 })
    expect(await client.head()).toMatch(/^HTTP\/1\.1 503 /)
    letIn({})
    await new Promise((resolve) => setImmediate(resolve))
    expect(sockets).toEqual([])
    client.destroy()
  }, 8000)

  it.each(['by itself', 'attached'])(
    'of one that listens %s does not wait beyond its deadline for who was refused and reads nothing',
    async (how) => {
      const { server, port } = await serve({ upgrade: () => reject(403, 'x'.repeat(2 ** 25)) })
      const http = createServer()
      if (how === 'attached') server.attach(http)
      await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
      const deaf = new RawClient(how === 'attached' ? (http.address() as AddressInfo).port : port)
      deaf.socket.pause()
      deaf.send(requestHead())
      await turnsUntil(() => server.stats().refused === 1)
      await server.shutdown({ deadlineMs: 50 })
      await new Promise((resolve) => http.close(resolve))
      deaf.destroy()
    },
    8000,
  )

  it.each([
    [{ code: 999 }],
    [{ code: 1005 }],
    [{ code: '1001' }],
    [{ reason: 'x'.repeat(124) }],
    [{ spreadMs: -1 }],
    [{ spreadMs: '1' }],
    [{ deadlineMs: Number.NaN }],
    [{ deadlineMs: 2 ** 31 }],
  ])('with %o is refused before anything changes', async (options) => {
    const { port, server } = await serve()
    const before = await RawClient.open(port)
    expect(() => server.shutdown(options as object)).toThrow(/code|reason|spreadMs|deadlineMs/)
    const after = await RawClient.open(port)
    expect(server.clients.size).toBe(2)
    before.destroy()
    after.destroy()
  })
})
