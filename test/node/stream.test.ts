import { describe, expect, it } from 'vitest'
import { clientFrame, RawClient } from '../support/raw-client.ts'
import { serve } from '../support/serve.ts'

const CLOSE = clientFrame(8, Buffer.from([3, 232]))

describe('A socket as streams', () => {
  it('gives one chunk a message, and ends with a clean close', async () => {
    const { port, opened } = await serve()
    const client = await RawClient.open(port)
    const { readable } = (await opened()).stream()
    client.send(clientFrame(1, 'text'), clientFrame(2, Buffer.from([1])), CLOSE)
    const chunks: unknown[] = []
    for await (const chunk of readable) chunks.push(typeof chunk === 'string' ? chunk : [...chunk])
    expect(chunks).toEqual(['text', [1]])
    client.destroy()
  })

  it('fails with any other end', async () => {
    const { port, opened } = await serve()
    const client = await RawClient.open(port)
    const { readable } = (await opened()).stream()
    const reading = readable.getReader().read()
    client.reset()
    await expect(reading).rejects.toThrow()
  })

  it('holds the peer back as long as nobody reads', async () => {
    const { port, opened } = await serve()
    const client = await RawClient.open(port)
    const socket = await opened()
    const reader = socket.stream().readable.getReader()
    client.send(...Array.from({ length: 200 }, () => clientFrame(2, new Uint8Array(65_536))))
    await reader.read()
    await new Promise(setImmediate)
    expect(socket.stats().bytesIn).toBeLessThan(4_000_000)
    for (let i = 1; i < 200; i++) expect((await reader.read()).done).toBe(false)
    client.destroy()
    await reader.read().catch(() => {})
  })

  it('writes messages, waits while the peer does not read, and closes with 1000', async () => {
    const { port, opened, closed } = await serve({ highWaterMark: 1000 })
    const client = await RawClient.open(port)
    const socket = await opened()
    const writer = socket.stream().writable.getWriter()
    await writer.write('one')
    await writer.write(Uint8Array.of(2))
    await writer.close()
    const frames = await client.take(3)
    expect(frames.map(({ opcode }) => opcode)).toEqual([1, 2, 8])
    expect(frames[2]!.payload.readUInt16BE(0)).toBe(1000)
    client.send(CLOSE)
    expect(await closed()).toMatchObject({ clean: true, cause: 'local' })
    client.destroy()
  })

  it('keeps what was published before ahead of what is written', async () => {
    const { port, opened, server } = await serve({ open: (socket) => void socket.subscribe('room') })
    const client = await RawClient.open(port)
    const writer = (await opened()).stream().writable.getWriter()
    server.publish('room', 'published')
    await writer.write('written')
    expect((await client.take(2)).map(({ payload }) => payload.toString())).toEqual(['published', 'written'])
    client.destroy()
  })

  it('is cancelled with 1000 and aborted with 1011; writing to what has ended fails', async () => {
    const { port, opened } = await serve()
    const one = await RawClient.open(port)
    await (await opened()).stream().readable.cancel()
    expect(await one.closeCode()).toBe(1000)
    const two = await RawClient.open(port)
    const { writable } = (await opened(1)).stream()
    await writable.abort(new Error('broken'))
    expect(await two.closeCode()).toBe(1011)
    const three = await RawClient.open(port)
    const socket = await opened(2)
    const writer = socket.stream().writable.getWriter()
    socket.close()
    await expect(writer.write('x')).rejects.toThrow('no longer open')
    for (const client of [one, two, three]) client.destroy()
  })

  it('has one reader', async () => {
    const { port, opened } = await serve()
    const client = await RawClient.open(port)
    const socket = await opened()
    socket.stream()
    expect(() => socket[Symbol.asyncIterator]()).toThrow('reads the messages of this socket already')
    client.destroy()
  })
})
