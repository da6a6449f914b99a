/** The other side of the soak, a process of its own: each kind of load by its name. `node load.ts <name> <port> <seconds> <count>` */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { concat } from '../support/hex.ts'
import { clientFrame, requestHead } from '../support/raw-client.ts'
import { TcpClient } from './tcp-client.ts'

interface LoadOptions {
  readonly port: number
  readonly seconds: number
  readonly count: number
}

type Load = (options: LoadOptions) => Promise<string>

const CLOSE = clientFrame(8, Buffer.from([3, 232]))

async function openMany({ port, count }: LoadOptions, options: { extensions?: string } = {}): Promise<TcpClient[]> {
  const clients: TcpClient[] = []
  while (clients.length < count) {
    const some = Math.min(100, count - clients.length)
    // One source address has ports for 28,000 connections: the load is spread over several.
    const from = (index: number): string => `127.0.0.${1 + ((clients.length + index) >> 13)}`
    clients.push(
      ...(await Promise.all(
        Array.from({ length: some }, (_, i) => TcpClient.open(port, { from: from(i), ...options })),
      )),
    )
  }
  return clients
}

/** Call until the time is over, each time to the end. */
async function inRounds(seconds: number, round: () => Promise<unknown>): Promise<number> {
  const end = performance.now() + seconds * 1000
  let rounds = 0
  while (performance.now() < end) {
    await round()
    rounds++
  }
  return rounds
}

/** Call until the time is over, and leave the last one to itself. */
async function forSeconds(seconds: number, step: () => Promise<unknown>): Promise<number> {
  const end = performance.now() + seconds * 1000
  let steps = 0
  while (performance.now() < end) {
    await Promise.race([step(), wait(Math.max(0, end - performance.now()))])
    steps++
  }
  return steps
}

/** Small messages as fast as they go, by many at once, to the last echo or until the time is over. */
async function flood(options: LoadOptions, { toTheLast, extensions }: { toTheLast: boolean; extensions?: string }) {
  const clients = await openMany(options, extensions === undefined ? {} : { extensions })
  const message = concat(
    ...Array.from({ length: 200 }, () => clientFrame(1, 'all work and no play makes a dull message')),
  )
  const counts = await Promise.all(
    clients.map((client) => forSeconds(options.seconds, async () => (await client.write(message)) || wait(10))),
  )
  for (const client of clients) {
    if (toTheLast) client.socket.end(CLOSE)
    else client.destroy()
  }
  await Promise.all(clients.map((client) => client.closed()))
  return `${counts.reduce((a, b) => a + b, 0) * 200} messages`
}

/** One of these, and the connection has to end. */
const VIOLATIONS: readonly (() => Uint8Array)[] = [
  () => clientFrame(3),
  () => clientFrame(11),
  () => clientFrame(1, 'x', { rsv: 2 }),
  () => clientFrame(9, new Uint8Array(126)),
  () => clientFrame(9, 'x', { fin: false }),
  () => clientFrame(0, 'x'),
  () => clientFrame(1, Buffer.from([0xc0, 0x80])),
  () => clientFrame(8, Buffer.from([3])),
  () => clientFrame(8, Buffer.from([3, 236])),
  () => Uint8Array.of(0x81, 0x01, 0x41),
  () => Uint8Array.of(0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4),
  () => concat(clientFrame(1, 'x', { fin: false }), clientFrame(1, 'y')),
  () => randomBytes(500),
]

const loads: Record<string, Load> = {
  flood: (options) => flood(options, { toTheLast: true }),
  deflate: (options) => flood(options, { toTheLast: false, extensions: 'permessage-deflate' }),
  tooFast: (options) => flood(options, { toTheLast: false }),

  /** Connections come, say something, and go in every way there is. */
  async rounds(options) {
    const rounds = await inRounds(options.seconds, async () => {
      const clients = await openMany(options)
      await Promise.all(
        clients.map(async (client, index) => {
          await client.write(clientFrame(1, 'hello'))
          if (index % 4 === 0) client.destroy()
          else if (index % 4 === 1) client.socket.resetAndDestroy()
          else if (index % 4 === 2) client.socket.end()
          else client.socket.end(CLOSE)
          await client.closed()
        }),
      )
    })
    return `${rounds * options.count} connections`
  },

  async violations(options) {
    const ends = await inRounds(options.seconds, async () => {
      const clients = await openMany(options)
      await Promise.all(
        clients.map(async (client, index) => {
          await client.write(VIOLATIONS[index % VIOLATIONS.length]!())
          client.socket.end()
          await client.closed()
        }),
      )
    })
    return `${ends * options.count} violations`
  },

  /** Requests that are none, that stop half way, that go at once. */
  async handshakes(options) {
    const head = requestHead()
    const tries = await inRounds(options.seconds, async () => {
      const all = Array.from({ length: options.count }, async (_, index) => {
        const client = new TcpClient(options.port)
        await once(client.socket, 'connect').catch(() => {})
        if (index % 4 === 0) client.socket.write(randomBytes(300))
        else if (index % 4 === 1) client.socket.write(head.slice(0, 40))
        else if (index % 4 === 2) client.socket.write(head.replace('13', '7'))
        else client.socket.write(head, () => client.socket.resetAndDestroy())
        await wait(5)
        client.destroy()
        await client.closed()
      })
      await Promise.all(all)
    })
    return `${tries * options.count} handshakes`
  },

  /** Pings and messages from peers that never read: the answers must not fill the memory. */
  async neverReads(options) {
    const clients = await openMany(options)
    for (const client of clients) client.socket.pause()
    const pings = concat(...Array.from({ length: 500 }, () => clientFrame(9, new Uint8Array(125))))
    const echoes = concat(...Array.from({ length: 8 }, () => clientFrame(2, new Uint8Array(60_000))))
    const end = performance.now() + options.seconds * 1000
    for (const [index, client] of clients.entries()) {
      const bytes = index % 2 === 0 ? pings : echoes
      const write = (): void => {
        while (performance.now() < end && client.socket.write(bytes));
      }
      client.socket.on('drain', write)
      write()
    }
    await wait(options.seconds * 1000)
    for (const client of clients) client.destroy()
    return `${options.count} peers`
  },

  /** Subscribers, of whom every tenth does not read. */
  async slowReaders(options) {
    const clients = await openMany(options)
    for (const [index, client] of clients.entries()) if (index % 10 === 0) client.socket.pause()
    await wait(options.seconds * 1000)
    const received = clients.reduce((sum, client) => sum + client.received, 0)
    for (const client of clients) client.destroy()
    return `${(received / 2 ** 20).toFixed(0)} MiB received`
  },

  async idle(options) {
    const clients = await openMany(options)
    process.send!('open')
    await once(process, 'message')
    for (const client of clients) client.destroy()
    return `${clients.length} connections`
  },

  /** One message of `count` MiB to the server, and one as large back. */
  async huge(options) {
    const client = await TcpClient.open(options.port)
    const length = options.count * 2 ** 20
    const head = Buffer.alloc(14)
    head.set([0x82, 0xff])
    head.writeBigUInt64BE(BigInt(length), 2)
    head.set([1, 2, 3, 4], 10)
    const chunk = new Uint8Array(2 ** 20)
    await client.write(head)
    for (let sent = 0; sent < length; sent += chunk.length) await client.write(chunk)
    while (client.received < length) await once(client.socket, 'data')
    client.socket.end(CLOSE)
    await client.closed()
    return `${options.count} MiB each way`
  },
}

const [name = '', port, seconds, count] = process.argv.slice(2)
const load = loads[name]
if (load === undefined) throw new Error(`no load ${name}; there are ${Object.keys(loads).join(', ')}`)
const result = await load({ port: Number(port), seconds: Number(seconds), count: Number(count) })
process.send?.({ result })
process.disconnect?.()
