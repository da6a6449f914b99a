import { describe, expect, it } from 'vitest'
import { ServerCounters } from '../../src/node/server-stats.ts'
import { clientFrame, RawClient } from '../support/raw-client.ts'
import { serve } from '../support/serve.ts'

describe('The numbers of a server', () => {
  it('are those of the open sockets and of the ones that are gone', () => {
    const counters = new ServerCounters()
    const stats = () => ({ bytesIn: 1, bytesOut: 2, messagesIn: 3, messagesOut: 4 })
    counters.gone({ stats, bufferedAmount: 9 }, { code: 1000, reason: '', clean: true, cause: 'peer' })
    const sum = counters.sum(new Set([{ stats, bufferedAmount: 5 }]), {
      handshakes: 6,
      dropped: 7,
      heldAmount: 8,
      controlsOut: { close: 1, ping: 2, pong: 3 },
    })
    expect(sum).toMatchObject({
      connections: 1,
      bytesIn: 2,
      bytesOut: 4,
      messagesIn: 6,
      messagesOut: 8,
      bufferedAmount: 5,
      handshakes: 6,
      dropped: 7,
      heldAmount: 8,
      controlsOut: { close: 1, ping: 2, pong: 3 },
      closed: { peer: 1, local: 0 },
    })
  })

  it('count what goes over the wire, by send, publish and broadcast', async () => {
    const { port, opened, closed, server } = await serve({
      open: (socket) => void socket.subscribe('room'),
      message: (socket, message) => void socket.send(message),
    })
    const client = await RawClient.open(port)
    const socket = await opened()
    client.send(clientFrame(1, 'hello'))
    await client.take(1)
    server.publish('room', 'a')
    server.publish('room', 'b')
    server.broadcast('c')
    await client.take(4)
    const expected = { messagesIn: 1, messagesOut: 4, bytesIn: 11, bytesOut: 7 + 3 * 3 }
    expect(socket.stats()).toEqual(expected)
    expect(server.stats()).toMatchObject({ ...expected, connections: 1, accepted: 1, refused: 0, bufferedAmount: 0 })
    client.destroy()
    await closed()
    expect(server.stats()).toMatchObject({ ...expected, connections: 0, closed: { transport: 1 } })
  })
  it('count the control frames that are sent, whoever wanted them (RFC 6455 5.5)', async () => {
    const { port, opened, closed, server } = await serve({})
    const clients = [await RawClient.open(port), await RawClient.open(port)]
    const [first] = [await opened(0), await opened(1)]
    for (const client of clients) client.send(clientFrame(9, 'one'))
    for (const client of clients) await client.take(1)
    first.ping()
    await clients[0]!.take(2)
    expect(server.stats().controlsOut).toEqual({ close: 0, ping: 1, pong: 2 })
    first.close(1000)
    clients[1]!.send(clientFrame(8, Uint8Array.of(0x03, 0xe8)))
    await clients[0]!.take(3)
    await clients[1]!.take(2)
    expect(server.stats().controlsOut).toEqual({ close: 2, ping: 1, pong: 2 })
    for (const client of clients) client.destroy()
    await closed()
  })
})
