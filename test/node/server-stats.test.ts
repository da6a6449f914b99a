import { describe, expect, it } from 'vitest'
import { ServerCounters } from '../../src/node/server-stats.ts'
import { clientFrame, RawClient } from '../support/raw-client.ts'
import { serve } from '../support/serve.ts'

describe('The numbers of a server', () => {
  it('are those of the open sockets and of the ones that are gone', () => {
    const counters = new ServerCounters()
    const traffic = { bytesIn: 1, bytesOut: 2, messagesIn: 3, messagesOut: 4 }
    counters.gone({ traffic, bufferedAmount: 9 }, { code: 1000, reason: '', clean: true, cause: 'peer' })
    const stats = counters.sum(new Set([{ traffic, bufferedAmount: 5 }]), { handshakes: 6, dropped: 7 })
    expect(stats).toMatchObject({
      connections: 1,
      bytesIn: 2,
      bytesOut: 4,
      messagesIn: 6,
      messagesOut: 8,
      bufferedAmount: 5,
      handshakes: 6,
      dropped: 7,
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
    expect(socket.traffic).toEqual(expected)
    expect(server.stats()).toMatchObject({ ...expected, connections: 1, accepted: 1, refused: 0, bufferedAmount: 0 })
    client.destroy()
    await closed()
    expect(server.stats()).toMatchObject({ ...expected, connections: 0, closed: { transport: 1 } })
  })
})
