import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocketServer } from '../../src/node/server.ts'
import { RawClient } from '../support/raw-client.ts'
import { serve } from '../support/serve.ts'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const knowsReusePort = major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12)

describe('A server that listens by itself', () => {
  it('tells plain HTTP that it has to be an upgrade (RFC 9110 15.5.22)', async () => {
    const { port } = await serve()
    const response = await fetch(`http://127.0.0.1:${port}/`)
    expect([response.status, response.headers.get('upgrade')]).toEqual([426, 'websocket'])
    expect(await response.text()).toBe('This server speaks WebSocket only.\n')
  })

  it('takes a socket that listens already, by its file descriptor', async () => {
    const listening = createServer()
    await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
    const { port } = listening.address() as AddressInfo
    const { fd } = (listening as unknown as { _handle: { fd: number } })._handle
    const script = `
      import { WebSocketServer } from ${JSON.stringify(new URL('../../src/node/server.ts', import.meta.url).href)}
      const server = new WebSocketServer({ open: (socket) => void socket.send('by the child') })
      await server.listen({ fd: 3 })
      console.log('listening')`
    const tsx = fileURLToPath(import.meta.resolve('tsx'))
    const child = spawn(process.execPath, ['--import', tsx, '--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit', fd],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    listening.close()
    await once(child.stdout!, 'data')
    const client = await RawClient.open(port)
    expect((await client.take(1))[0]!.payload.toString()).toBe('by the child')
    client.destroy()
  })

  it('listens once, and not at all on what is taken', async () => {
    const { server, port } = await serve()
    await expect(server.listen(0)).rejects.toThrow('listen was called already')
    const other = new WebSocketServer()
    await expect(other.listen(port, '127.0.0.1')).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await other.listen(0, '127.0.0.1')
    await other.shutdown()
  })

  it.skipIf(knowsReusePort)('says so where Node does not know reusePort', async () => {
    const server = new WebSocketServer()
    await expect(server.listen({ port: 0, host: '127.0.0.1', reusePort: true })).rejects.toThrow(/22\.12/)
  })

  it.runIf(knowsReusePort)('shares its port with others by reusePort', async () => {
    const [one, two] = [new WebSocketServer(), new WebSocketServer()]
    await one.listen({ port: 0, host: '127.0.0.1', reusePort: true })
    const { port } = one.address() as AddressInfo
    await two.listen({ port, host: '127.0.0.1', reusePort: true })
    const clients = await Promise.all(Array.from({ length: 40 }, () => RawClient.open(port)))
    expect(one.stats().accepted + two.stats().accepted).toBe(40)
    for (const client of clients) client.destroy()
    await Promise.all([one.shutdown({ deadlineMs: 0 }), two.shutdown({ deadlineMs: 0 })])
  })
})
