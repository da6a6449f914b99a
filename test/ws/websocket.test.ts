import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket, WebSocketServer } from '../../src/ws/index.ts'
import { uncaught } from '../support/uncaught.ts'

async function echoing(): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  onTestFinished(() => server.close())
  server.on('connection', (socket: WebSocket) => socket.on('message', (data: Buffer) => socket.send(data)))
  await once(server, 'listening')
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('The client of barewire/ws', () => {
  it.each(['upgrade', 'open'])('goes on when a listener to %s throws, and reports it as Node does', async (name) => {
    const errors = uncaught()
    const client = new WebSocket(await echoing())
    client.on('open', () => client.send('hello'))
    client.on(name, () => {
      throw new Error('of the application')
    })
    expect(await once(client, 'message')).toEqual([Buffer.from('hello'), true])
    expect(errors).toEqual([new Error('of the application')])
    client.close()
    await once(client, 'close')
  })

  it('tells of a connection that is refused by the error of Node', async () => {
    const client = new WebSocket('ws://127.0.0.1:1')
    const [error] = await once(client, 'error')
    expect(error).toMatchObject({ code: 'ECONNREFUSED', syscall: 'connect', port: 1 })
  })
})
