import { describe, expect, it, vi } from 'vitest'
import { Connection } from '../../src/protocol/connection.ts'
import { concat, hex } from '../support/hex.ts'
import { memoryInUse, MiB } from '../support/memory.ts'
import { Recorded } from '../support/record.ts'

vi.setConfig({ testTimeout: 60_000 })

const MASK = hex('00 00 00 00')

/** As TCP hands chunks over: each in memory of its own, of 64 KiB, however little has come. */
function chunk(...bytes: number[]): Uint8Array {
  const memory = new Uint8Array(65_536)
  memory.set(bytes)
  return memory.subarray(0, bytes.length)
}

async function held(fill: (socket: Recorded) => void, options = {}): Promise<[number, Recorded]> {
  const before = await memoryInUse()
  const socket = new Recorded('server', options)
  fill(socket)
  const after = await memoryInUse()
  return [after - before, socket]
}

describe('An unfinished message of 4 MiB holds less than 16 MiB (RFC 6455 10.4)', () => {
  it('in fragments of one byte', async () => {
    const begin = hex('02 81 00 00 00 00 61')
    const next = hex('00 81 00 00 00 00 61')
    // 1,000 frames a chunk: what is delivered in one read of TCP.
    const chunks = concat(...Array.from({ length: 1000 }, () => next))
    const [bytes, socket] = await held(
      ({ connection }) => {
        connection.receive(begin.slice())
        for (let i = 0; i < (4 * MiB) / 1000; i++) connection.receive(chunks.slice())
      },
      { maxFragments: 8 * MiB },
    )
    expect(bytes).toBeLessThan(16 * MiB)
    expect(socket.calls).toEqual([])
  })

  it('in one frame that comes byte by byte', async () => {
    const [bytes, socket] = await held(({ connection }) => {
      connection.receive(concat(hex('82 ff 00 00 00 00 00 40 00 01'), MASK))
      // One memory for all would be kind; each byte in a chunk of 64 KiB of its own is what TCP does at its worst.
      for (let i = 0; i < 4 * MiB; i++) connection.receive(i % 1024 === 0 ? chunk(0x61) : Uint8Array.of(0x61))
    })
    expect(bytes).toBeLessThan(16 * MiB)
    socket.connection.receive(Uint8Array.of(0x61))
    expect(socket.calls.map((call) => call.slice(0, 6))).toEqual(['binary'])
  })

  it('in chunks of 4 KiB that pin 64 KiB each', async () => {
    const [bytes] = await held(({ connection }) => {
      connection.receive(concat(hex('82 ff 00 00 00 00 00 80 00 00'), MASK))
      for (let i = 0; i < 1024; i++) connection.receive(new Uint8Array(65_536).subarray(0, 4096))
    })
    expect(bytes).toBeLessThan(16 * MiB)
  })

  it('and empty fragments hold nothing, and end with 1008 at the limit', async () => {
    const [bytes, socket] = await held(({ connection }) => {
      connection.receive(concat(hex('02 80'), MASK))
      const empty = concat(hex('00 80'), MASK)
      const many = concat(...Array.from({ length: 1024 }, () => empty))
      for (let i = 0; i < 1024; i++) connection.receive(many.slice())
    })
    expect(bytes).toBeLessThan(MiB)
    expect(socket.output).toMatch(/^88 \S\S 03 f0/)
  })

  it('that is announced and never sent holds nothing', async () => {
    const [bytes, socket] = await held(({ connection }) => {
      connection.receive(concat(hex('82 ff 00 00 00 00 01 00 00 00'), MASK))
    })
    expect(bytes).toBeLessThan(MiB)
    expect(socket.connection.state).toBe('open')
  })

  it('that is announced over the limit is refused before its first byte', () => {
    for (const header of ['82 ff 00 00 00 00 01 00 00 01', '82 ff 7f ff ff ff ff ff ff ff']) {
      const socket = new Recorded('server')
      socket.connection.receive(concat(hex(header), MASK))
      expect(socket.output).toMatch(/^88 \S\S 03 f1/)
    }
  })

  it('is let go of when the connection fails', async () => {
    const [bytes] = await held(({ connection }) => {
      connection.receive(concat(hex('02 ff 00 00 00 00 00 80 00 00'), MASK))
      for (let i = 0; i < 128; i++) connection.receive(new Uint8Array(65_536))
      connection.receive(hex('83 80 00 00 00 00'))
    })
    expect(bytes).toBeLessThan(2 * MiB)
  })
})

describe('What a connection was given and has handed on', () => {
  it('is not kept: neither the chunk read last nor the frames written', async () => {
    const connections: Connection[] = []
    const before = await memoryInUse()
    for (let i = 0; i < 32; i++) {
      const handler = {
        message: (message: string | Uint8Array) => void connection.send(message),
        write: () => true,
        end: () => {},
        destroy: () => {},
        closed: () => {},
      }
      const connection = new Connection({ role: 'server', handler })
      connection.receive(concat(hex('82 ff 00 00 00 00 00 10 00 00'), MASK, new Uint8Array(MiB)))
      connections.push(connection)
    }
    expect((await memoryInUse()) - before).toBeLessThan(4 * MiB)
    expect(connections.length).toBe(32)
  })
})
