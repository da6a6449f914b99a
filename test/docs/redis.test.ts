/** The bus of docs/examples/redis-bus.ts, against a Redis of the test's own. */
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { hasRedis, RedisServer } from '../../chat/load/redis-server.ts'
import type { Bus, BusMessage } from '../../src/pubsub/bus.ts'
import { clientFrame, RawClient } from '../support/raw-client.ts'
import { startExample } from '../support/example.ts'

type RedisBus = Bus & { readonly dropped: number }

const examples = new URL('../../docs/examples/', import.meta.url)
const { RedisBus } = (await import(fileURLToPath(new URL('redis-bus.ts', examples)))) as {
  RedisBus: new (url: string, onError: (error: Error) => void) => RedisBus
}

describe.skipIf(!hasRedis())('A bus over Redis', { timeout: 60_000 }, () => {
  let redis: RedisServer
  beforeAll(async () => {
    redis = await RedisServer.start()
  })
  afterAll(() => redis.stop())

  /** Both ends of a bus, of two nodes; resolves when they hear each other. */
  async function pair() {
    const [here, there] = [new RedisBus(redis.url, () => {}), new RedisBus(redis.url, () => {})]
    const heard: BusMessage[] = []
    const own: BusMessage[] = []
    const leave = [here.join((message) => own.push(message)), there.join((message) => heard.push(message))]
    onTestFinished(() => leave.forEach((end) => end()))
    await vi.waitFor(() => {
      here.publish({ message: 'are you there' })
      expect(heard.length).toBeGreaterThan(0)
    }, 20_000)
    return { here, heard, own }
  }

  it('takes text, bytes, keys and policies to the others in their order, and to nobody twice', async () => {
    const { here, heard, own } = await pair()
    const sent: BusMessage[] = [
      { topic: 'a', message: 'grüße' },
      { topic: 'b', message: Uint8Array.of(0, 255), key: 'k', slowConsumer: 'latest' },
      { message: 'to all' },
    ]
    for (const message of sent) here.publish(message)
    await vi.waitFor(() => expect(heard.at(-1)).toEqual(sent[2]))
    expect(heard.slice(-3)).toEqual([sent[0], { ...sent[1], message: Buffer.of(0, 255) }, sent[2]])
    expect(own).toEqual([])
  })

  it('drops what a Redis that hangs does not take, beyond its budget, and counts it', async () => {
    const { here, heard } = await pair()
    const { dropped } = here
    redis.signal('SIGSTOP')
    for (let i = 0; i < 40; i++) here.publish({ topic: 'a', message: 'x'.repeat(1_000_000) })
    expect(here.dropped - dropped).toBe(24)
    redis.signal('SIGCONT')
    await vi.waitFor(() => expect(heard.filter(({ topic }) => topic === 'a').length).toBe(16), 20_000)
  })

  it('ties the nodes of redis.ts together, before Redis was away and after', async () => {
    const env = { REDIS_URL: redis.url }
    const nodes = [await startExample('redis.ts', env), await startExample('redis.ts', env)]
    const clients = await Promise.all(nodes.map(({ port }) => RawClient.open(port)))
    const [here, there] = clients as [RawClient, RawClient]
    const heard = (text: string): boolean => there.frames.some(({ payload }) => payload.toString() === text)
    const tell = (text: string): Promise<void> =>
      vi.waitFor(() => {
        here.send(clientFrame(1, text))
        expect(heard(text)).toBe(true)
      }, 20_000)
    await tell('before')
    await redis.kill()
    here.send(clientFrame(1, 'alone'))
    await here.until(() => here.frames.some(({ payload }) => payload.toString() === 'alone'))
    await redis.start()
    await tell('after')
    expect(heard('alone')).toBe(false)
    for (const client of clients) {
      client.socket.on('data', () => {
        if (client.frames.some(({ opcode }) => opcode === 8)) client.socket.end(clientFrame(8))
      })
    }
    expect(await Promise.all(nodes.map((node) => node.end()))).toEqual([0, 0])
  })
})
