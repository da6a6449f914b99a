import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo, LookupFunction } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket, WebSocketServer } from '../../src/ws/index.ts'
import { uncaught } from '../support/uncaught.ts'

async function echoing() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  onTestFinished(() => server.close())
  server.on('connection', (socket: WebSocket) => socket.on('message', (data: Buffer) => socket.send(data)))
  await once(server, 'listening')
  return { server, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

describe('The client of barewire/ws', () => {
  it.each(['upgrade', 'open'])('goes on when a listener to %s throws, and reports it as Node does', async (name) => {
    const errors = uncaught()
    const { url } = await echoing()
    const client = new WebSocket(url)
    client.on('open', () => client.send('hello'))
    client.on(name, () => {
      throw new Error('of the application')
    })
    expect(await once(client, 'message')).toEqual([Buffer.from('hello'), true])
    expect(errors).toEqual([new Error('of the application')])
    client.close()
    await once(client, 'close')
  })

  it('closes behind the call that terminates it', async () => {
    const { url } = await echoing()
    const client = new WebSocket(url)
    await once(client, 'open')
    const events: string[] = []
    client.on('close', () => events.push('close'))
    client.terminate()
    expect([client.readyState, events]).toEqual([WebSocket.CLOSING, []])
    await once(client, 'close')
    expect([client.readyState, events]).toEqual([WebSocket.CLOSED, ['close']])
  })

  it('connects as the options of net.connect say', async () => {
    const { server, url } = await echoing()
    const connected = once(server, 'connection')
    const lookup: LookupFunction = (_host, _options, done) => done(null, '127.0.0.1', 4)
    const client = new WebSocket(url.replace('127.0.0.1', 'host.test'), { lookup, localAddress: '127.0.0.2' })
    await once(client, 'open')
    const [, request] = (await connected) as [WebSocket, IncomingMessage]
    expect([request.socket.remoteAddress, request.headers.host]).toEqual(['127.0.0.2', new URL(client.url!).host])
    client.terminate()
    await once(client, 'close')
  })

  it('tells of a connection that is refused by the error of Node', async () => {
    const client = new WebSocket('ws://127.0.0.1:1')
    const [error] = await once(client, 'error')
    expect(error).toMatchObject({ code: 'ECONNREFUSED', syscall: 'connect', port: 1 })
  })
})
