/**
 * What no peer may do: end the process, stay behind, or fill the memory. No test here attaches a listener for errors to
 * anything of the server's, and vitest fails with every error that nobody caught.
 */
import { readdirSync } from 'node:fs'
import { deflateRawSync } from 'node:zlib'
import { describe, expect, it, vi } from 'vitest'
import { wheel } from '../../src/node/timer-wheel.ts'
import { memoryInUse, MiB } from '../support/memory.ts'
import { clientFrame, RawClient, requestHead } from '../support/raw-client.ts'
import { serve } from '../support/serve.ts'
import { turnsUntil } from '../support/turns.ts'

vi.setConfig({ testTimeout: 60_000 })

const echo = (socket: { send(data: string | Uint8Array): boolean }, message: string | Uint8Array): boolean =>
  socket.send(message)

describe('A peer that resets the connection', () => {
  const hello = requestHead()
  it.each<[string, (client: RawClient) => Promise<unknown> | void]>([
    ['when it has connected', () => {}],
    ['in the middle of its request', (client) => void client.send(hello.slice(0, 40))],
    ['right behind its request', (client) => void client.send(hello)],
    ['right behind a request that is refused', (client) => void client.send(requestHead({ method: 'POST' }))],
    ['when the handshake is done', (client) => client.send(hello).head()],
    [
      'in the middle of a frame',
      async (client) => {
        await client.send(hello).head()
        client.send(clientFrame(2, Buffer.alloc(70_000)).subarray(0, 30_000))
      },
    ],
    [
      'behind a message that is echoed',
      async (client) => {
        await client.send(hello).head()
        client.send(clientFrame(2, Buffer.alloc(70_000)))
      },
    ],
    [
      'behind a violation',
      async (client) => {
        await client.send(hello).head()
        client.send(clientFrame(3))
      },
    ],
    [
      'behind its Close frame',
      async (client) => {
        await client.send(hello).head()
        client.send(clientFrame(8))
      },
    ],
    [
      'while the server waits for its Close frame',
      async (client) => {
        await client.send(hello).head()
        client.send(clientFrame(1, 'close'))
        await client.closeCode()
      },
    ],
    [
      'while it takes nothing of what it is sent',
      async (client) => {
        await client.send(hello).head()
        client.socket.pause()
        client.send(clientFrame(1, 'flood'))
        await new Promise((resolve) => setImmediate(resolve))
      },
    ],
  ])('%s ends nothing but its own connection', async (_when, act) => {
    const { port, server, sockets, outcomes } = await serve({
      message(socket, message) {
        if (message === 'close') socket.close(1000)
        else if (message === 'flood') for (let i = 0; i < 50; i++) socket.send(Buffer.alloc(100_000))
        else socket.send(message)
      },
    })
    const client = new RawClient(port)
    await new Promise((resolve) => client.socket.once('connect', resolve))
    await act(client)
    client.reset()
    await client.closed().catch(() => {})
    const other = await RawClient.open(port)
    other.send(clientFrame(9, 'alive'))
    expect((await other.take(1))[0]!.payload.toString()).toBe('alive')
    await turnsUntil(() => outcomes.length === sockets.length - 1)
    expect(server.clients.size).toBe(1)
    other.destroy()
  })
})

describe('A peer that sends rubbish', () => {
  it('instead of HTTP, TLS or frames gets its connection ended', async () => {
    const { port, server } = await serve({ message: echo })
    for (const rubbish of [
      '\x16\x03\x01\x02\x00\x01\x00',
      'GET / HTTP/9.9\r\n\r\n',
      '\0'.repeat(100),
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    ]) {
      const client = new RawClient(port).send(rubbish)
      await client.ended()
      client.destroy()
    }
    let seed = 1
    const noise = Buffer.from(
      Array.from({ length: 4096 }, () => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) >> 16),
    )
    for (let i = 0; i < 50; i++) {
      const client = await RawClient.open(port)
      client.send(noise.subarray(i * 80, i * 80 + 80))
      client.socket.end()
      await client.ended()
      client.destroy()
    }
    await turnsUntil(() => server.clients.size === 0)
  })

  it('behind a violation in the same segment reaches no handler (RFC 6455 7.1.7)', async () => {
    const messages: unknown[] = []
    const { port } = await serve({ message: (_socket, message) => messages.push(message) })
    const client = await RawClient.open(port)
    // An unmasked frame, then a good one.
    client.send(clientFrame(1, 'before'), Buffer.from('810161', 'hex'), clientFrame(1, 'after'))
    expect(await client.closeCode()).toBe(1002)
    expect(messages).toEqual(['before'])
    client.destroy()
  })
})

describe('A message that inflates', () => {
  it('over the limit is refused, however small it came (RFC 7692 8)', async () => {
    const { port } = await serve({ perMessageDeflate: true, maxPayload: MiB })
    const bomb = deflateRawSync(Buffer.alloc(64 * MiB), { finishFlush: 2 })
    const client = await RawClient.open(port, { headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate' } })
    const before = await memoryInUse()
    client.send(clientFrame(2, bomb.subarray(0, -4), { rsv: 4 }))
    expect(await client.closeCode()).toBe(1009)
    client.destroy()
    expect((await memoryInUse()) - before).toBeLessThan(16 * MiB)
  })

  it('does not fill the memory of a naive echo that deflates slower than it inflates', async () => {
    let most = 0
    const { port, opened } = await serve({
      perMessageDeflate: { threshold: 0 },
      message(socket, message) {
        socket.send(message)
        most = Math.max(most, socket.bufferedAmount)
      },
    })
    const client = await RawClient.open(port, {
      headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_no_context_takeover' },
    })
    const socket = await opened()
    const small = deflateRawSync(Buffer.alloc(4 * MiB), { finishFlush: 2 }).subarray(0, -4)
    for (let i = 0; i < 40; i++) client.send(clientFrame(2, small, { rsv: 4 }))
    await client.take(40)
    expect(most).toBeLessThan(20 * MiB)
    expect(socket.bufferedAmount).toBe(0)
    client.destroy()
  })
})

describe('An unfinished message over TCP', () => {
  it('in one-byte fragments holds less than 16 MiB at 4 MiB (RFC 6455 10.4)', async () => {
    const { port, opened } = await serve()
    const client = await RawClient.open(port)
    await opened()
    const fragment = Buffer.from(clientFrame(0, 'x', { fin: false }))
    const burst = Buffer.concat(Array.from({ length: 10_000 }, () => fragment))
    const before = await memoryInUse()
    client.send(clientFrame(2, '', { fin: false }))
    for (let i = 0; i < 100; i++) {
      if (!client.socket.write(burst)) await new Promise((resolve) => client.socket.once('drain', resolve))
    }
    client.send(clientFrame(9, 'all read'))
    await client.take(1)
    expect((await memoryInUse()) - before).toBeLessThan(16 * MiB)
    client.destroy()
  })
})

describe('A thousand connections', () => {
  it('that are opened, violated and dropped leave no descriptor, timer or memory behind', async () => {
    const { port, server, sockets, outcomes } = await serve({
      message: echo,
      perMessageDeflate: true,
      closeTimeout: 300,
    })
    const round = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i += 50) {
        await Promise.all(
          Array.from({ length: 50 }, async (_, n) => {
            const client = await RawClient.open(port, { headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate' } })
            client.send(clientFrame(1, 'hello'), clientFrame(2, Buffer.alloc(2000)))
            if (n % 5 === 0) client.send(clientFrame(3))
            if (n % 5 === 1) client.send(clientFrame(1, Buffer.from([0xff])))
            if (n % 5 === 2) client.send(clientFrame(1, 'half', { fin: false }))
            if (n % 5 === 3) client.send(clientFrame(8))
            await client.take(1)
            if (n % 2 === 0) client.reset()
            else client.destroy()
          }),
        )
      }
      await turnsUntil(() => server.clients.size === 0)
    }
    await round(200)
    sockets.length = 0
    outcomes.length = 0
    const descriptors = readdirSync('/proc/self/fd').length
    const before = await memoryInUse()
    await round(1000)
    const isQuiet = (): boolean => readdirSync('/proc/self/fd').length <= descriptors + 2
    await turnsUntil(isQuiet)
    expect(isQuiet()).toBe(true)
    expect(wheel.size).toBe(0)
    expect(outcomes.length).toBe(1000)
    sockets.length = 0
    outcomes.length = 0
    // Far less than what one open connection takes, times a thousand.
    expect((await memoryInUse()) - before).toBeLessThan(2 * MiB)
  })
})
