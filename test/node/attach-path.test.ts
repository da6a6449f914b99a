/** `attach(server, path)`: one WebSocket server on several HTTP servers and paths. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { WebSocketServer } from '../../src/index.ts'

it('serves the path it was attached with, on each HTTP server another one', async () => {
  const server = new WebSocketServer({ open: (socket) => void socket.send('hello') })
  const http = [createServer(), createServer()] as const
  server.attach(http[0], '/chat')
  server.attach(http[1], '/talk')
  expect(() => server.attach(http[0], '/chat')).toThrow('attached to this HTTP server already')
  expect(() => server.attach(createServer(), 'chat')).toThrow(TypeError)
  for (const one of http) await once(one.listen(0, '127.0.0.1'), 'listening')
  const url = (at: 0 | 1, path: string): string => `ws://127.0.0.1:${(http[at].address() as AddressInfo).port}${path}`
  for (const where of [url(0, '/chat?room=1'), url(1, '/talk')]) {
    const [message] = (await once(new WebSocket(where), 'message')) as [Buffer]
    expect(String(message)).toBe('hello')
  }
  const [error] = (await once(new WebSocket(url(0, '/talk')), 'error')) as [Error]
  expect(error.message).toContain('404')
  await server.shutdown({ deadlineMs: 1000 })
  for (const one of http) one.close()
})
