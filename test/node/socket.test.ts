import { describe, expect, it } from 'vitest'
import type { ServerOptions } from '../../src/node/server-options.ts'
import type { Socket } from '../../src/node/socket.ts'
import { clientFrame, RawClient } from '../support/raw-client.ts'
import { serve, type Served } from '../support/serve.ts'

async function pair(options: ServerOptions<undefined> = {}): Promise<[RawClient, Socket, Served<undefined>]> {
  const served = await serve(options)
  const client = await RawClient.open(served.port)
  return [client, await served.opened(), served]
}

describe('Sending', () => {
  it('takes strings and bytes in every form of the platform (RFC 6455 5.6)', async () => {
    const [client, socket] = await pair()
    const memory = Uint8Array.from([9, 1, 2, 9]).buffer
    const shared = new SharedArrayBuffer(1)
    const given = [
      'text',
      Buffer.from([1]),
      new Uint8Array(memory, 1, 2),
      new DataView(memory, 1, 1),
      new Float64Array([0]),
      memory,
      shared,
      '',
      new Uint8Array(),
    ]
    expect(given.map((data) => socket.send(data))).toEqual(given.map(() => true))
    expect(socket.send(Buffer.from('é'), { text: true })).toBe(true)
    expect(socket.send('é', { text: false, compress: false })).toBe(true)
    const frames = await client.take(given.length + 2)
    expect(frames.map(({ opcode, payload }) => `${opcode} ${payload.toString('hex')}`.trim())).toEqual([
      '1 74657874',
      '2 01',
      '2 0102',
      '2 01',
      `2 ${'00'.repeat(8)}`,
      '2 09010209',
      '2 00',
      '1',
      '2',
      '1 c3a9',
      '2 c3a9',
    ])
    client.destroy()
  })

  it('refuses what is no message with a TypeError, and no byte of memory leaves', async () => {
    const [client, socket] = await pair()
    const wrong = [5, 1e6, null, undefined, {}, [1, 2], true, new Map(), Symbol('x'), () => 1] as unknown as string[]
    for (const data of wrong) {
      expect(() => socket.send(data)).toThrow(/^a message must be a string, an ArrayBuffer or a view of one, got /)
      if (data !== undefined) {
        expect(() => socket.ping(data)).toThrow(TypeError)
        expect(() => socket.pong(data)).toThrow(TypeError)
      }
    }
    expect(() => socket.ping('x'.repeat(126))).toThrow(RangeError)
    expect(() => socket.pong(new Uint8Array(126))).toThrow(RangeError)
    expect(() => socket.close(999)).toThrow(RangeError)
    expect(() => socket.close(1006)).toThrow(RangeError)
    expect(() => socket.close('1000' as unknown as number)).toThrow(RangeError)
    expect(() => socket.close(1000, 'é'.repeat(62))).toThrow(RangeError)
    expect(() => socket.close(1000, new Float32Array(4) as unknown as string)).toThrow(TypeError)
    expect(() => socket.close(undefined, 'why')).toThrow(RangeError)
    expect([socket.readyState, socket.bufferedAmount]).toEqual([1, 0])
    socket.send('fine')
    expect((await client.take(1))[0]!.payload.toString()).toBe('fine')
    expect(client.frames.length).toBe(1)
    client.destroy()
  })

  it('does not change the bytes it is given, nor send what they become below 8 KiB', async () => {
    const [client, socket] = await pair()
    const small = Buffer.alloc(8191, 1)
    const big = Buffer.alloc(100_000, 1)
    socket.send(small)
    socket.send(big)
    expect(small.every((byte) => byte === 1) && big.every((byte) => byte === 1)).toBe(true)
    small.fill(2)
    const [first, second] = await client.take(2)
    expect(first!.payload.every((byte) => byte === 1)).toBe(true)
    expect(second!.payload.equals(big)).toBe(true)
    client.destroy()
  })

  it('answers false on a socket that is closing or closed, and never throws', async () => {
    const [client, socket, { closed }] = await pair()
    expect(socket.readyState).toBe(1)
    socket.close(1000, 'bye')
    expect(socket.readyState).toBe(2)
    expect([socket.send('x'), socket.ping(), socket.pong('y')]).toEqual([false, false, false])
    client.send(clientFrame(8, Buffer.from([3, 232])))
    client.socket.end()
    await closed()
    expect(socket.readyState).toBe(3)
    expect([socket.send('x'), socket.ping('x'), socket.pong()]).toEqual([false, false, false])
    socket.close()
    socket.pause()
    socket.resume()
    socket.terminate()
    expect(client.frames.map(({ opcode }) => opcode)).toEqual([8])
  })

  it('keeps the order of thousands of messages of all sizes on one connection, and on others beside it', async () => {
    const { port, sockets } = await serve()
    const clients = await Promise.all([0, 1, 2].map(() => RawClient.open(port)))
    const sizes = Array.from({ length: 600 }, (_, i) => [0, 1, 125, 126, 3000, 8191, 8192, 20_000][(i * 7) % 8]!)
    const expected: string[] = []
    for (const [i, size] of sizes.entries()) {
      const text = `${i} ${'é'.repeat(size)}`
      expected.push(text)
      for (const socket of sockets) {
        if (i % 3 === 0) socket.send(Buffer.from(text))
        else socket.send(text)
      }
    }
    for (const client of clients) {
      const frames = await client.take(sizes.length)
      const wrong = frames.findIndex(({ payload }, i) => payload.toString() !== expected[i])
      expect(wrong).toBe(-1)
      client.destroy()
    }
  })

  it('sends everything before the Close frame, megabytes too (RFC 6455 7.1.2)', async () => {
    const [client, socket] = await pair()
    client.socket.pause()
    for (let i = 0; i < 20; i++) socket.send(Buffer.alloc(1_000_000, i))
    socket.close(1000, 'done')
    expect(socket.bufferedAmount).toBeGreaterThan(1_000_000)
    client.socket.resume()
    expect(await client.closeCode()).toBe(1000)
    expect(client.frames.map(({ payload }) => payload.length)).toEqual([
      ...Array.from({ length: 20 }, () => 1_000_000),
      6,
    ])
    client.destroy()
  })
})

describe('Back-pressure', () => {
  it('is told by send and drain: false until all has left', async () => {
    let drains = 0
    let drained = (): void => {}
    const hasDrained = new Promise<void>((resolve) => (drained = resolve))
    const [client, socket] = await pair({
      highWaterMark: 65_536,
      drain(one) {
        drains++
        expect(one.bufferedAmount).toBeLessThanOrEqual(65_536)
        drained()
      },
    })
    client.socket.pause()
    const answers: boolean[] = []
    for (let i = 0; i < 300; i++) answers.push(socket.send(Buffer.alloc(65_536)))
    expect([answers[0], answers.at(-1)]).toEqual([true, false])
    expect(socket.bufferedAmount).toBeGreaterThan(65_536)
    expect(drains).toBe(0)
    client.socket.resume()
    await client.take(300)
    await hasDrained
    expect(drains).toBe(1)
    expect(socket.send('more')).toBe(true)
    client.destroy()
  })

  it('stops the reading of a naive echo in front of a peer that never reads, and goes on when it does', async () => {
    let echoed = 0
    const [client, socket] = await pair({
      message(one, message) {
        echoed++
        one.send(message)
      },
    })
    client.socket.pause()
    const frame = clientFrame(2, Buffer.alloc(65_536))
    let sent = 0
    // Until nothing is taken any more: the peer's own writes are then stuck as well.
    await new Promise<void>((resolve) => {
      let still = 0
      const push = (): void => {
        while (client.socket.writableLength < 4_000_000 && sent < 4000) {
          client.socket.write(frame)
          sent++
        }
        const before = echoed
        setImmediate(() => {
          still = echoed === before ? still + 1 : 0
          if (still > 2000 || sent === 4000) resolve()
          else push()
        })
      }
      push()
    })
    expect(echoed).toBeLessThan(sent)
    // What was echoed and not taken by the system: the mark, and what one chunk of reading may add.
    expect(socket.bufferedAmount).toBeLessThan(262_144 + 3 * 65_536)
    client.socket.resume()
    await client.take(sent)
    expect(echoed).toBe(sent)
    client.destroy()
  })

  it('keeps unanswered pings of a peer that never reads from filling the memory (RFC 6455 5.5.3)', async () => {
    const [client, socket] = await pair()
    client.socket.pause()
    const frames = Buffer.concat(Array.from({ length: 500 }, () => Buffer.from(clientFrame(9, Buffer.alloc(125)))))
    let bursts = 0
    await new Promise<void>((resolve) => {
      let still = 0
      let taken = 0
      const push = (): void => {
        while (client.socket.writableLength < 2_000_000 && bursts < 2000) {
          client.socket.write(frames)
          bursts++
        }
        setImmediate(() => {
          still = client.socket.bytesWritten - client.socket.writableLength === taken ? still + 1 : 0
          taken = client.socket.bytesWritten - client.socket.writableLength
          if (still > 2000 || bursts === 2000) resolve()
          else push()
        })
      }
      push()
    })
    expect(socket.bufferedAmount).toBeLessThan(262_144 + 2 * 65_536)
    client.destroy()
  })
})

describe('Pausing', () => {
  it('delivers nothing of the same segment, and the rest on resuming', async () => {
    const messages: unknown[] = []
    let paused = (): void => {}
    const isPaused = new Promise<void>((resolve) => (paused = resolve))
    const [client, socket] = await pair({
      message(one, message) {
        messages.push(message)
        if (message !== 'stop') return
        one.pause()
        paused()
      },
    })
    client.send(...['a', 'stop', 'b', 'c'].map((text) => clientFrame(1, text)))
    await isPaused
    client.send(clientFrame(1, 'd'), clientFrame(8, Buffer.from([3, 232])))
    client.socket.end()
    await new Promise((resolve) => setImmediate(resolve))
    expect([messages, socket.isPaused]).toEqual([['a', 'stop'], true])
    socket.resume()
    expect(await client.closeCode()).toBe(1000)
    expect([messages, socket.isPaused]).toEqual([['a', 'stop', 'b', 'c', 'd'], false])
    client.destroy()
  })

  it('and resuming inside one handler goes on as if nothing had been', async () => {
    let count = 0
    const [client] = await pair({
      message(one, message) {
        one.pause()
        one.resume()
        count++
        if (message === 'last') one.close(4000)
      },
    })
    for (let i = 0; i < 50; i++) {
      client.send(clientFrame(1, 'x'))
      await new Promise((resolve) => setImmediate(resolve))
    }
    client.send(clientFrame(1, 'last'))
    expect(await client.closeCode()).toBe(4000)
    expect(count).toBe(51)
    client.destroy()
  })

  it('still lets the connection be closed and terminated', async () => {
    const [client, socket, { closed }] = await pair({ closeTimeout: 100 })
    socket.pause()
    socket.close(4000)
    expect(await client.closeCode()).toBe(4000)
    expect(await closed()).toMatchObject({ cause: 'timeout' })
    client.destroy()
    const [other, second, next] = await pair()
    second.pause()
    second.terminate()
    expect(await next.closed()).toMatchObject({ code: 1006, cause: 'local' })
    await other.closed()
  })
})

describe('Terminating', () => {
  it('inside a handler delivers nothing more, not even what is in the same segment', async () => {
    const messages: unknown[] = []
    const [client, , { closed }] = await pair({
      message(one, message) {
        messages.push(message)
        one.terminate()
      },
    })
    client.send(clientFrame(1, 'a'), clientFrame(1, 'b'), clientFrame(9))
    expect(await closed()).toMatchObject({ code: 1006, clean: false, cause: 'local' })
    await client.closed()
    expect([messages, client.frames]).toEqual([['a'], []])
  })
})

describe('What a socket knows', () => {
  it('is its data, which the application may change', async () => {
    const { port, opened } = await serve<{ n: number }>({ upgrade: () => ({ data: { n: 1 } }) })
    const client = await RawClient.open(port)
    const socket = await opened()
    socket.data.n++
    expect([socket.data, socket.protocol, socket.extensions, socket.remoteAddress]).toEqual([
      { n: 2 },
      '',
      '',
      '127.0.0.1',
    ])
    client.destroy()
  })
})
