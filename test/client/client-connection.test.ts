import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ClientConnection, type ClientEnd } from '../../src/node/client-connection.ts'
import { checkClientOptions } from '../../src/node/client-options.ts'
import { ReadyState } from '../../src/node/ready-state.ts'
import { accepted, RawServer } from './raw-server.ts'

const server = new RawServer()
beforeEach(async () => {
  await server.listen()
  server.answer = ({ key, socket }) => {
    socket.write(accepted(key))
    socket.on('data', () => socket.end(Buffer.from('8800', 'hex')))
  }
})
afterEach(() => server.close())

describe('ClientConnection', () => {
  it.each([
    ['a code that must not be sent', { code: 1006, reason: '' }],
    ['a reason of more than 123 bytes', { code: 1000, reason: 'r'.repeat(124) }],
    ['a reason without a code', { code: undefined, reason: 'r' }],
  ])('refuses to close with %s, and can be closed afterwards', async (_title, close) => {
    let opened: () => void = () => {}
    let closed: (end: ClientEnd) => void = () => {}
    const isOpen = new Promise<void>((resolve) => (opened = resolve))
    const end = new Promise<ClientEnd>((resolve) => (closed = resolve))
    const ignore = (): void => {}
    const client = new ClientConnection(
      { url: new URL(server.url), settings: checkClientOptions({}), socket: {} },
      { opened, closed, message: ignore, ping: ignore, pong: ignore, drain: ignore },
    )
    await isOpen
    expect(() => client.close(close)).toThrow(RangeError)
    expect(client.readyState).toBe(ReadyState.Open)
    client.close({ code: 1000, reason: '' })
    expect((await end).outcome).toMatchObject({ code: 1005, clean: true })
  })
})
