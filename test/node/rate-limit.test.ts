import { describe, expect, it } from 'vitest'
import { checkRates, RateLimiter, TokenBucket } from '../../src/node/rate-limit.ts'
import { clientFrame, RawClient } from '../support/raw-client.ts'
import { serve } from '../support/serve.ts'

describe('A bucket', () => {
  it('allows a burst of its size, then as much as flows in', () => {
    const bucket = new TokenBucket(10, 0)
    for (let i = 0; i < 10; i++) expect(bucket.take(1, 0)).toBe(0)
    expect(bucket.take(1, 0)).toBe(100)
    expect(bucket.take(1, 200)).toBe(0)
    expect(bucket.take(1, 200)).toBe(100)
  })

  it('never holds more than its size, and counts what is larger than all of it as debt', () => {
    const bucket = new TokenBucket(10, 0)
    expect(bucket.take(25, 1_000_000)).toBe(1500)
    expect(bucket.take(0, 1_001_500)).toBe(0)
  })

  it('gives all or nothing where that is asked', () => {
    const bucket = new TokenBucket(2, 0)
    expect([bucket.tryTake(1, 0), bucket.tryTake(1, 0), bucket.tryTake(1, 0), bucket.tryTake(1, 250)]).toEqual([
      0, 0, 500, 250,
    ])
    expect(bucket.tryTake(1, 500)).toBe(0)
  })
})

describe('Rates', () => {
  it('are checked, and are none when all are 0', () => {
    expect(checkRates({})).toBeUndefined()
    expect(checkRates({ bytesPerSecond: 5 })).toMatchObject({ bytesPerSecond: 5, whenExceeded: 'wait' })
    expect(() => checkRates({ messagesPerSecond: -1 })).toThrow(/messagesPerSecond/)
    expect(() => checkRates({ whenRateExceeded: 'drop' as never })).toThrow(/whenRateExceeded/)
  })

  it('count messages, their bytes and pings each for themselves', () => {
    const limits = { messagesPerSecond: 2, bytesPerSecond: 100, pingsPerSecond: 1, whenExceeded: 'wait' } as const
    const limiter = new RateLimiter(limits, 0)
    expect([limiter.message(10, 1, 0), limiter.ping(0)]).toEqual([0, 0])
    expect(limiter.message(100, 1, 0)).toBe(100)
    expect(limiter.ping(0)).toBe(1000)
  })

  it('let a peer wait that sends too much, and lose none of its messages', async () => {
    const seen: string[] = []
    const { port } = await serve({
      messagesPerSecond: 20,
      message(socket, message) {
        seen.push(message as string)
        if (seen.length === 24) socket.send('all')
      },
    })
    const client = await RawClient.open(port)
    const started = performance.now()
    client.send(...Array.from({ length: 24 }, (_, index) => clientFrame(1, `${index}`)))
    await client.take(1)
    expect(seen).toEqual(Array.from({ length: 24 }, (_, index) => `${index}`))
    // Four more than the burst of twenty, at twenty a second.
    expect(performance.now() - started).toBeGreaterThan(140)
    client.destroy()
  })

  it('close with 1008 where that is wanted, and deliver nothing of what is over', async () => {
    let seen = 0
    const { port, closed } = await serve({
      messagesPerSecond: 3,
      whenRateExceeded: 'close',
      message: () => void seen++,
    })
    const client = await RawClient.open(port)
    client.send(...Array.from({ length: 10 }, () => clientFrame(1, 'x')))
    expect(await client.closeCode()).toBe(1008)
    client.socket.end()
    expect(await closed()).toMatchObject({ code: 1008, clean: false, cause: 'local' })
    expect(seen).toBe(3)
    client.destroy()
  })

  it.each([
    ['bytes', { bytesPerSecond: 100 }, clientFrame(2, new Uint8Array(60))],
    ['bytes of text, as UTF-8', { bytesPerSecond: 100 }, clientFrame(1, 'é'.repeat(30))],
    ['pings', { pingsPerSecond: 1 }, clientFrame(9, 'x')],
  ])('hold for %s', async (_name, rates, frame) => {
    const { port, closed } = await serve({ ...rates, whenRateExceeded: 'close' })
    const client = await RawClient.open(port)
    client.send(frame, frame)
    expect(await client.closeCode()).toBe(1008)
    client.socket.end()
    expect(await closed()).toMatchObject({ code: 1008 })
    client.destroy()
  })

  it('hold for messages that are read in parts too', async () => {
    const { port, closed } = await serve({
      bytesPerSecond: 100_000,
      whenRateExceeded: 'close',
      partsFrom: 1000,
      async parts(_socket, message) {
        for await (const part of message) void part
      },
      error() {},
    })
    const client = await RawClient.open(port)
    client.send(clientFrame(2, new Uint8Array(300_000)))
    expect(await client.closeCode()).toBe(1008)
    client.socket.end()
    expect(await closed()).toMatchObject({ code: 1008 })
    client.destroy()
  })
})
