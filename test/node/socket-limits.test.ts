import { describe, expect, it } from 'vitest'
import { clientFrame, RawClient } from '../support/raw-client.ts'
import { serve } from '../support/serve.ts'

describe('The limits of one socket', () => {
  it('are those of the server until others are assigned', async () => {
    const { port, opened } = await serve({ maxPayload: 1000, messagesPerSecond: 5 })
    const client = await RawClient.open(port)
    const socket = await opened()
    expect(socket.limits).toMatchObject({ maxPayload: 1000, messagesPerSecond: 5, highWaterMark: 262_144 })
    socket.limits = { maxPayload: 2000, messagesPerSecond: 0 }
    expect(socket.limits).toMatchObject({ maxPayload: 2000, messagesPerSecond: 0, maxFragments: 1_048_576 })
    client.destroy()
  })

  it('can be raised once it is known who is there, for that socket alone', async () => {
    const { port, closed } = await serve({
      maxPayload: 10,
      maxFragments: 2,
      message(socket, message) {
        if (message === 'secret') socket.limits = { maxPayload: 100_000, maxFragments: 10 }
        socket.send(`${message.length}`)
      },
    })
    const [known, unknown] = [await RawClient.open(port), await RawClient.open(port)]
    const four = [clientFrame(1, 'x', { fin: false }), ...Array(3).fill(clientFrame(0, 'x', { fin: false }))]
    known.send(clientFrame(1, 'secret'), clientFrame(2, new Uint8Array(50_000)), ...four, clientFrame(0, 'end'))
    expect((await known.take(3)).map(({ payload }) => payload.toString())).toEqual(['6', '50000', '7'])
    unknown.send(clientFrame(2, new Uint8Array(11)))
    expect(await unknown.closeCode()).toBe(1009)
    unknown.socket.end()
    expect(await closed()).toMatchObject({ code: 1009, cause: 'protocol' })
    known.destroy()
    unknown.destroy()
  })

  it('hold for what inflates too (RFC 7692)', async () => {
    const { port } = await serve({
      perMessageDeflate: true,
      maxPayload: 10,
      open: (socket) => void (socket.limits = { maxPayload: 20 }),
      message: (socket, message) => void socket.send(message),
    })
    const client = await RawClient.open(port, { headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate' } })
    // Fifteen times, then a hundred times the letter a.
    const deflated = (length: number) =>
      import('node:zlib').then((zlib) => {
        const bytes = zlib.deflateRawSync('a'.repeat(length), { finishFlush: zlib.constants.Z_SYNC_FLUSH })
        return clientFrame(1, bytes.subarray(0, -4), { rsv: 4 })
      })
    client.send(await deflated(15))
    expect((await client.take(1))[0]!.payload.toString()).toBe('a'.repeat(15))
    client.send(await deflated(100))
    expect(await client.closeCode()).toBe(1009)
    client.destroy()
  })

  it('are rates as well, and let a peer that waits go on', async () => {
    let seen = 0
    const { port, opened } = await serve({
      messagesPerSecond: 1,
      message(socket) {
        if (++seen === 3) socket.send('all')
      },
    })
    const client = await RawClient.open(port)
    const socket = await opened()
    client.send(clientFrame(1, 'a'), clientFrame(1, 'b'), clientFrame(1, 'c'))
    while (seen < 2) await new Promise(setImmediate)
    socket.limits = { messagesPerSecond: 0 }
    await client.take(1)
    expect(seen).toBe(3)
    client.destroy()
  })

  it('leave what a peer has used of its rates as it is, when they are assigned without a change of them', async () => {
    const { port } = await serve({
      messagesPerSecond: 1,
      whenRateExceeded: 'close',
      message(socket, message) {
        socket.limits = { maxPayload: 2000, messagesPerSecond: 1 }
        socket.send(message)
      },
    })
    const client = await RawClient.open(port)
    client.send(Buffer.concat([clientFrame(1, 'a'), clientFrame(1, 'b')]))
    expect((await client.take(2)).map(({ opcode }) => opcode)).toEqual([1, 8])
    expect(await client.closeCode()).toBe(1008)
    client.destroy()
  })

  it('are checked before anything changes', async () => {
    const { port, opened } = await serve()
    const client = await RawClient.open(port)
    const socket = await opened()
    const before = socket.limits
    for (const name of ['maxPayload', 'maxFragments', 'highWaterMark', 'maxBufferedAmount', 'pingsPerSecond']) {
      expect(() => (socket.limits = { maxPayload: 5, [name]: -1 })).toThrow(new RegExp(name))
    }
    expect(socket.limits).toEqual(before)
    client.destroy()
  })
})
