import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { abortable } from '../../src/node/abortable.ts'
import { memoryInUse } from '../support/memory.ts'
import { RawClient } from '../support/raw-client.ts'
import { serve } from '../support/serve.ts'

describe('A wait that can be given up', () => {
  it('settles as what it waits for, and leaves no listener', async () => {
    const { signal } = new AbortController()
    expect(await abortable(Promise.resolve(1), signal)).toBe(1)
    await expect(abortable(Promise.reject(new Error('no')), signal)).rejects.toThrow('no')
    expect(getEventListeners(signal, 'abort')).toEqual([])
    const promise = Promise.resolve(2)
    expect(abortable(promise, undefined)).toBe(promise)
  })

  it("rejects with the signal's reason, at once when that came before", async () => {
    const controller = new AbortController()
    let forgotten = 0
    const waiting = abortable(new Promise(() => {}), controller.signal, () => forgotten++)
    const reason = new Error('enough')
    controller.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    expect(forgotten).toBe(1)
    await expect(abortable(Promise.resolve(1), controller.signal)).rejects.toBe(reason)
  })

  it('leaves the socket as it was: ready and sendAsync', async () => {
    const { port, opened } = await serve({ highWaterMark: 1000 })
    const client = await RawClient.open(port)
    client.socket.pause()
    const socket = await opened()
    while (socket.send(new Uint8Array(1 << 20)));
    const controller = new AbortController()
    const waits = [socket.ready({ signal: controller.signal }), socket.sendAsync('last', { signal: controller.signal })]
    const ready = socket.ready()
    controller.abort(new Error('enough'))
    for (const wait of waits) await expect(wait).rejects.toThrow('enough')
    await expect(socket.sendAsync('never', { signal: controller.signal })).rejects.toThrow('enough')
    expect(socket.readyState).toBe(1)
    client.socket.resume()
    expect(await ready).toBe(true)
    await client.until(() => client.frames.at(-1)?.payload.toString() === 'last')
    client.destroy()
  })

  it('is forgotten then, however often a peer that takes nothing is waited for', async () => {
    const { port, opened } = await serve({ highWaterMark: 1000 })
    const client = await RawClient.open(port)
    client.socket.pause()
    const socket = await opened()
    while (socket.send(new Uint8Array(1 << 20)));
    const giveUp = (): WeakRef<Promise<boolean>> => {
      const controller = new AbortController()
      const wait = socket.ready({ signal: controller.signal })
      wait.catch(() => {})
      controller.abort()
      return new WeakRef(wait)
    }
    const gone = Array.from({ length: 100 }, giveUp)
    const stays = socket.ready()
    await memoryInUse()
    expect(gone.filter((wait) => wait.deref() !== undefined).length).toBe(0)
    client.socket.resume()
    expect(await stays).toBe(true)
    client.destroy()
  })

  it('sendAsync tells whether the bytes were handed over', async () => {
    const { port, opened, closed } = await serve()
    const client = await RawClient.open(port)
    const socket = await opened()
    expect(await socket.sendAsync('one')).toBe(true)
    expect(socket.bufferedAmount).toBe(0)
    socket.close()
    expect(await socket.sendAsync('two')).toBe(false)
    expect((await client.take(2)).map(({ opcode }) => opcode)).toEqual([1, 8])
    client.destroy()
    await closed()
    expect(await socket.sendAsync('three')).toBe(false)
    expect(await socket.ready()).toBe(false)
  })
})
