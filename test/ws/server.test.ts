import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { HANDSHAKES_A_TURN } from '../../src/node/turn-pace.ts'
import { WebSocketServer, type WebSocket } from '../../src/ws/index.ts'
import { clientFrame } from '../support/raw-client.ts'
import { storm } from '../support/storm.ts'
import { TurnLog } from '../support/turns.ts'

describe('A storm of upgrades', () => {
  const admit = (socket: WebSocket): void => {
    socket.on('message', (data: Buffer, isBinary: boolean) => socket.send(data, { binary: isBinary }))
  }

  it('begins a few in each turn of the event loop, in the order they came, and loses no byte', async () => {
    const log = new TurnLog()
    const urls: string[] = []
    const verifyClient = ({ req }: { req: IncomingMessage }): boolean => {
      log.note()
      return urls.push(req.url!) > 0
    }
    const server = new WebSocketServer({ noServer: true, verifyClient })
    const handedOver: string[] = []
    const { clients, begin } = await storm(40, (request, stream, head) => {
      handedOver.push(request.url!)
      server.handleUpgrade(request, stream, head, admit)
    })
    begin()
    for (const [index, client] of clients.entries()) {
      client.send(clientFrame(1, 'late'))
      const frames = await client.take(2)
      expect(frames.map(({ payload }) => payload.toString())).toEqual([`early ${index}`, 'late'])
    }
    expect(urls).toEqual(handedOver)
    expect(log.most).toBe(HANDSHAKES_A_TURN)
    for (const client of clients) client.destroy()
  })

  it('is over with the server: who still waits is refused with 503', async () => {
    let asked = 0
    const server = new WebSocketServer({ noServer: true, verifyClient: () => ++asked > 0 })
    const { clients, begin } = await storm(20, (...upgrade) => server.handleUpgrade(...upgrade, admit))
    begin()
    server.close()
    const heads = await Promise.all(clients.map((client) => client.head()))
    expect(heads.filter((head) => head.startsWith('HTTP/1.1 503 ')).length).toBe(20 - HANDSHAKES_A_TURN)
    expect(asked).toBe(HANDSHAKES_A_TURN)
    for (const client of clients) client.destroy()
  })
})
