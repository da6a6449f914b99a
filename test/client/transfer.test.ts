import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { MessageEvent } from '../../src/node/events.ts'
import { WebSocket } from '../../src/node/websocket.ts'
import { accepted, RawServer } from './raw-server.ts'

const server = new RawServer()
beforeEach(async () => {
  await server.listen()
  server.answer = ({ key, socket }) => {
    socket.write(accepted(key))
    // Ten times the second byte of what comes, which for a small frame of a client is 0x80 and the length of its payload.
    socket.on('data', (frame) => socket.write(Buffer.from([0x82, 10, ...Array.from({ length: 10 }, () => frame[1]!)])))
  }
})
afterEach(() => server.close())

describe('a message that is transferred to another thread', () => {
  it('takes the messages of no other connection along, and more can be received', async () => {
    const open = async (): Promise<WebSocket> => {
      const socket = await WebSocket.connect(server.url, { perMessageDeflate: false })
      socket.binaryType = 'bytes'
      return socket
    }
    const sockets = [await open(), await open()] as const
    const ask = (socket: WebSocket, length: number): Promise<Uint8Array> =>
      new Promise((resolve) => {
        socket.onmessage = ({ data }: MessageEvent) => resolve(data as Uint8Array)
        socket.send(new Uint8Array(length))
      })
    const [first, second] = [await ask(sockets[0], 1), await ask(sockets[1], 2)]
    const { port1, port2 } = new MessageChannel()
    try {
      port1.postMessage(first, [first.buffer as ArrayBuffer])
    } catch (error) {
      // From Node 21 on; before, it is copied.
      expect(error).toMatchObject({ name: 'DataCloneError' })
    } finally {
      port1.close()
      port2.close()
    }
    expect([...second]).toEqual(Array.from({ length: 10 }, () => 0x82))
    expect([...(await ask(sockets[1], 3))]).toEqual(Array.from({ length: 10 }, () => 0x83))
    for (const socket of sockets) socket.terminate()
  })
})
