import { describe, expect, it } from 'vitest'
import { OutputBudget } from '../../src/node/output-budget.ts'
import { RawClient } from '../support/raw-client.ts'
import { serve } from '../support/serve.ts'

function makeItem(weight: number) {
  const item = { weight, wasDropped: false, giveUp: () => void (item.wasDropped = true) }
  return item
}

/** A connection all of whose messages go through zlib's pool, of which a megabyte may wait. */
async function compressing() {
  const { port, opened, closed } = await serve({
    perMessageDeflate: { threshold: 0, asyncThreshold: 0 },
    highWaterMark: 1000,
    maxBufferedAmount: 1_000_000,
    closeTimeout: 100,
  })
  const client = await RawClient.open(port, { headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate' } })
  const socket = await opened()
  return { client, socket, closed }
}

describe('A budget of output', () => {
  it('drops those with the most until the rest fits', () => {
    const budget = new OutputBudget(100)
    const items = [30, 50, 20].map(makeItem)
    for (const item of items) budget.weigh(item)
    expect(budget.total).toBe(100)
    items[2]!.weight = 21
    budget.weigh(items[2]!)
    expect(items.map(({ wasDropped }) => wasDropped)).toEqual([false, true, false])
    expect(budget.total).toBe(51)
  })

  it('drops nobody when others have taken theirs meanwhile', () => {
    const budget = new OutputBudget(100)
    const [one, two] = [makeItem(90), makeItem(60)]
    budget.weigh(one)
    one.weight = 10
    budget.weigh(two)
    expect([one.wasDropped, two.wasDropped, budget.total]).toEqual([false, false, 70])
    budget.forget(one)
    budget.forget(one)
    expect(budget.total).toBe(60)
  })

  it('is none with 0', () => {
    const budget = new OutputBudget(0)
    const item = makeItem(Number.MAX_SAFE_INTEGER)
    budget.weigh(item)
    expect(item.wasDropped).toBe(false)
  })

  it('holds over all sockets of a server: the one with the most unsent goes', async () => {
    const { port, opened, closed, server } = await serve({ highWaterMark: 1000, maxBufferedTotal: 12_000_000 })
    const clients = [await RawClient.open(port), await RawClient.open(port)]
    for (const client of clients) client.socket.pause()
    const [small, large] = [await opened(0), await opened(1)]
    small.send(new Uint8Array(8_000_000))
    await new Promise(setImmediate)
    large.send(new Uint8Array(20_000_000))
    expect(await closed()).toMatchObject({ code: 1006, cause: 'backpressure' })
    expect([small.readyState, large.readyState]).toEqual([1, 3])
    expect(server.stats()).toMatchObject({ connections: 1, closed: { backpressure: 1 } })
    for (const client of clients) client.destroy()
  })

  it('counts what is held for subscribers that do not keep up, and numbers it', async () => {
    const { port, opened, server, outcomes } = await serve({
      highWaterMark: 1000,
      maxBufferedTotal: 40_000_000,
      slowBudget: 8_000_000,
    })
    const clients = [0, 1, 2, 3].map(async () => RawClient.open(port))
    for (const client of clients) (await client).socket.pause()
    const sockets = await Promise.all([0, 1, 2, 3].map((index) => opened(index)))
    for (const [index, socket] of sockets.entries()) {
      socket.subscribe(`own ${index}`)
      socket.send(new Uint8Array(8_000_000))
    }
    await new Promise(setImmediate)
    expect(server.stats()).toMatchObject({ connections: 4, heldAmount: 0 })
    for (const index of sockets.keys()) server.publish(`own ${index}`, new Uint8Array(3_000_000).fill(index))
    expect(outcomes.length).toBeGreaterThan(0)
    expect(outcomes.every(({ cause }) => cause === 'backpressure')).toBe(true)
    const { connections, bufferedAmount, heldAmount } = server.stats()
    expect(connections).toBe(4 - outcomes.length)
    expect(heldAmount).toBeGreaterThanOrEqual(3_000_000 * connections)
    expect(bufferedAmount + heldAmount).toBeLessThanOrEqual(40_000_000)
    for (const client of clients) (await client).destroy()
  })

  it('counts what waits below the mark of many', async () => {
    const { port, opened, server, outcomes } = await serve({ highWaterMark: 64_000_000, maxBufferedTotal: 40_000_000 })
    const clients = [0, 1, 2, 3].map(async () => RawClient.open(port))
    for (const client of clients) (await client).socket.pause()
    const sockets = await Promise.all([0, 1, 2, 3].map((index) => opened(index)))
    for (const socket of sockets) expect(socket.send(new Uint8Array(20_000_000))).toBe(true)
    await new Promise(setImmediate)
    expect(outcomes.length).toBeGreaterThan(0)
    const { connections, bufferedAmount } = server.stats()
    expect(connections).toBe(4 - outcomes.length)
    expect(bufferedAmount).toBeLessThanOrEqual(40_000_000)
    for (const client of clients) (await client).destroy()
  })

  it('of one socket: one large message may pass it, the next closes with 1013', async () => {
    const { port, opened, closed } = await serve({
      highWaterMark: 1000,
      maxBufferedAmount: 1_000_000,
      closeTimeout: 100,
    })
    const client = await RawClient.open(port)
    client.socket.pause()
    const socket = await opened()
    socket.send(new Uint8Array(30_000_000))
    await new Promise(setImmediate)
    expect(socket.readyState).toBe(1)
    socket.send(new Uint8Array(100_000))
    await new Promise(setImmediate)
    expect(socket.readyState).toBe(2)
    expect(await closed()).toMatchObject({ code: 1013, cause: 'backpressure', clean: false })
    client.destroy()
  })

  it('counts what waits to be compressed', async () => {
    const { client, socket, closed } = await compressing()
    let sent = 0
    while (socket.readyState === 1 && sent < 100) {
      expect(socket.send(new Uint8Array(100_000))).toBe(false)
      sent++
    }
    expect(sent).toBeLessThan(15)
    expect(await closed()).toMatchObject({ code: 1013, cause: 'backpressure' })
    client.destroy()
  })

  it('has sendAsync tell that what waited to be compressed was dropped', async () => {
    const { client, socket } = await compressing()
    const sent: Promise<boolean>[] = []
    while (socket.readyState === 1 && sent.length < 100) sent.push(socket.sendAsync(new Uint8Array(100_000)))
    expect(sent.length).toBeLessThan(15)
    expect(new Set(await Promise.all(sent))).toEqual(new Set([false]))
    client.destroy()
  })
})
