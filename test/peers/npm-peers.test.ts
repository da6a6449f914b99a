/**
 * Both our sides against implementations on npm: the server and the client of `ws`, and the WebSocket of undici, which is
 * the one in Node itself.
 */
import type { AddressInfo } from 'node:net'
import { WebSocket as UndiciWebSocket } from 'undici'
import { describe, expect, it } from 'vitest'
import WsWebSocket, { WebSocketServer as WsServer } from 'ws'
import { COUNT, exchange, randomMessages, withEchoServer } from './exchange.ts'

const TIMEOUT_MS = 60_000

/** The part of a client that `ws` and undici share with the browser. */
interface Client {
  readonly extensions: string
  binaryType: string
  onopen: (() => void) | null
  onmessage: ((event: { data: unknown }) => void) | null
  onclose: ((event: { code: number; wasClean: boolean }) => void) | null
  onerror: ((event: unknown) => void) | null
  send(data: string | Uint8Array): void
  close(code?: number): void
}

const clients: readonly (readonly [string, (url: string) => Client])[] = [
  ['ws', (url) => new WsWebSocket(url) as unknown as Client],
  ['undici', (url) => new UndiciWebSocket(url) as unknown as Client],
]

function echoThrough(client: Client, messages: readonly (string | Uint8Array)[]): Promise<object> {
  return new Promise((resolve, reject) => {
    let echoed = 0
    client.binaryType = 'arraybuffer'
    client.onopen = () => {
      for (const message of messages) client.send(message)
    }
    client.onmessage = ({ data }) => {
      const sent = messages[echoed]!
      const same =
        typeof sent === 'string' ? data === sent : Buffer.compare(Buffer.from(data as ArrayBuffer), sent) === 0
      if (!same) return reject(new Error(`echo ${echoed} differs from what was sent`))
      echoed++
      if (echoed === messages.length) client.close(1000)
    }
    client.onerror = reject
    client.onclose = ({ code, wasClean }) => resolve({ echoed, code, wasClean, extensions: client.extensions })
  })
}

describe.each(clients)('%s', (_name, connect) => {
  it(
    `as client has ${COUNT} messages echoed by our server, compressed`,
    async () => {
      await withEchoServer(async (url) => {
        expect(await echoThrough(connect(url), randomMessages())).toMatchObject({
          echoed: COUNT,
          code: 1000,
          wasClean: true,
          extensions: expect.stringMatching(/^permessage-deflate/),
        })
      })
    },
    TIMEOUT_MS,
  )
})

describe('ws', () => {
  it(
    `as server echoes ${COUNT} messages of our client, compressed`,
    async () => {
      const server = new WsServer({ port: 0, host: '127.0.0.1', perMessageDeflate: { threshold: 0 } })
      server.on('connection', (socket) => {
        socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
      })
      await new Promise((resolve) => server.once('listening', resolve))
      try {
        const { port } = server.address() as AddressInfo
        expect(await exchange(`ws://127.0.0.1:${port}`, randomMessages())).toMatchObject({
          echoed: COUNT,
          close: { code: 1000, wasClean: true },
          extensions: expect.stringMatching(/^permessage-deflate/),
        })
      } finally {
        server.close()
      }
    },
    TIMEOUT_MS,
  )
})
