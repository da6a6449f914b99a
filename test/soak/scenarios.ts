/** What the soak does to a server, one after the other; each leaves nothing behind. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { WebSocketServer } from '../../src/node/server.ts'
import type { ServerOptions } from '../../src/node/server-options.ts'
import { peakGrowth } from './measure.ts'

export interface Scenario {
  readonly name: string
  /** Answers what happened, in a few words; throws when something did not hold. */
  run(seconds: number, isShort: boolean): Promise<string>
}

const loadFile = fileURLToPath(new URL('load.ts', import.meta.url))
/** What resident memory may grow by under load; without a bound, each of these takes gigabytes. */
const GROWTH_LIMIT_MIB = 256
/** A message of any length goes through in less than this. */
const HUGE_LIMIT_MIB = 64
const MOST_IDLE = 18_000
const SPARE_DESCRIPTORS = 400

interface Running {
  readonly server: WebSocketServer
  /** Run a load in a process of its own; resolves with what it says at its end. */
  load(name: string, seconds: number, count: number, whenOpen?: () => Promise<void>): Promise<string>
}

async function withServer<T>(options: ServerOptions<undefined>, run: (running: Running) => Promise<T>): Promise<T> {
  const server = new WebSocketServer(options)
  await server.listen({ port: 0, host: '127.0.0.1', backlog: 2048 })
  const { port } = server.address() as AddressInfo
  try {
    return await run({ server, load: (name, ...rest) => runLoad(name, port, ...rest) })
  } finally {
    await server.shutdown({ deadlineMs: 2000 })
  }
}

async function runLoad(
  name: string,
  port: number,
  seconds: number,
  count: number,
  whenOpen?: () => Promise<void>,
): Promise<string> {
  const child = fork(loadFile, [name, `${port}`, `${seconds}`, `${count}`], { execArgv: ['--import', 'tsx'] })
  let result = ''
  let failure: Error | undefined
  child.on('message', (message: 'open' | { result: string }) => {
    if (message === 'open') {
      void (whenOpen?.() ?? Promise.resolve())
        .catch((error: Error) => void (failure = error))
        .then(() => child.send('end'))
    } else result = message.result
  })
  const [code] = (await once(child, 'close')) as [number | null]
  if (failure !== undefined) throw failure
  if (code !== 0) throw new Error(`the load ${name} ended with ${code}`)
  return result
}

/** Run something, and complain when memory grows by more than it may. */
async function bounded(limit: number, run: () => Promise<string>): Promise<string> {
  const { result, growth } = await peakGrowth(run)
  const words = `${result}, at most ${growth.toFixed(0)} MiB more`
  if (growth > limit) throw new Error(`${words}, ${limit} MiB allowed`)
  return words
}

const echo: ServerOptions<undefined> = { message: (socket, message) => void socket.send(message) }

function simple(name: string, load: string, count: number, options: ServerOptions<undefined> = echo): Scenario {
  return {
    name,
    run: (seconds) =>
      withServer({ error() {}, ...options }, (running) =>
        bounded(GROWTH_LIMIT_MIB, () => running.load(load, seconds, count)),
      ),
  }
}

/** As many connections as two processes may have, each with one end. */
function idleCount(isShort: boolean): number {
  let limit = 1024
  try {
    const [, soft] = /Max open files\s+(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    limit = Number(soft ?? limit)
  } catch {
    // Not a system that tells.
  }
  return Math.min(isShort ? 2000 : MOST_IDLE, limit - SPARE_DESCRIPTORS)
}

export const scenarios: readonly Scenario[] = [
  simple('connections come and go', 'rounds', 100),
  simple('small messages, flooding', 'flood', 20),
  simple('small messages, deflated', 'deflate', 20, { ...echo, perMessageDeflate: { threshold: 0 } }),
  simple('violations', 'violations', 104),
  simple('broken handshakes', 'handshakes', 100, { ...echo, handshakeTimeout: 500 }),
  simple('peers that never read', 'neverReads', 40),
  simple('rates that make peers wait', 'tooFast', 20, { ...echo, messagesPerSecond: 2000 }),
  {
    name: 'subscribers that do not read',
    run: (seconds) =>
      withServer({ slowConsumer: 'drop-oldest', open: (socket) => void socket.subscribe('room') }, ({ server, load }) =>
        bounded(GROWTH_LIMIT_MIB, async () => {
          const timer = setInterval(() => server.publish('room', 'x'.repeat(20_000)), 2)
          const result = await load('slowReaders', seconds, 30)
          clearInterval(timer)
          return `${result}, ${server.stats().dropped} dropped`
        }),
      ),
  },
  {
    name: 'idle connections',
    run: (_seconds, isShort) =>
      // The load answers no pings.
      withServer({ heartbeatInterval: 600_000 }, async ({ server, load }) => {
        globalThis.gc?.()
        const before = process.memoryUsage()
        let words = ''
        const count = idleCount(isShort)
        const result = await load('idle', 0, count, async () => {
          globalThis.gc?.()
          const after = process.memoryUsage()
          const each = (key: 'heapUsed' | 'rss'): string => ((after[key] - before[key]) / count / 1024).toFixed(1)
          words = `${each('heapUsed')} KiB of heap and ${each('rss')} KiB of RSS each`
          if (server.clients.size !== count) throw new Error(`${server.clients.size} of ${count} are open`)
        })
        return `${result}, ${words}`
      }),
  },
  {
    name: 'one huge message each way',
    run: (_seconds, isShort) =>
      withServer(
        {
          maxPayload: 2 ** 33,
          partsFrom: 65_536,
          async parts(socket, message) {
            let length = 0
            for await (const part of message) length += part.length
            const chunk = new Uint8Array(65_536)
            const writer = socket.startMessage()
            for (let sent = 0; sent < length; sent += chunk.length) await writer.write(chunk)
            await writer.end()
          },
        },
        ({ load }) => bounded(HUGE_LIMIT_MIB, () => load('huge', 0, isShort ? 512 : 4096)),
      ),
  },
]
