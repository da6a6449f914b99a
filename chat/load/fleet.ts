/** Many clients in one process: connected a few at a time, kept alive, kept connected when that is wanted. */
import { WebSocket } from 'barewire'
import { ChatClient, type SocketLike } from './chat-client.ts'
import { NodeProcess, type StartOptions } from './node-process.ts'
import { type Context, eventually, sleep } from './scenario.ts'

/** Handshakes under way at once. */
const AT_ONCE = 100
const PING_EVERY_MS = 25_000

export const plainSocket = (url: string, protocols: string[]): SocketLike =>
  new WebSocket(url, { protocols, perMessageDeflate: false, heartbeatInterval: 0, handshakeTimeout: 60_000 })

/** The settings of a node under load: no recording, no limit per address. */
export const LOAD_ENV: Readonly<Record<string, string>> = {
  WIRE: 'off',
  LEGACY: 'off',
  MAX_PER_ADDRESS: '100000',
  MAX_CONNECTIONS: '100000',
  INTERNAL_PORT: '0',
  LOG_LEVEL: 'warn',
}

/** Start a node that ends with the run. */
export async function startNode(
  context: Context,
  env: Record<string, string> = {},
  how: StartOptions = {},
): Promise<NodeProcess> {
  const node = await NodeProcess.start({ ...LOAD_ENV, STORE: 'memory', ...env }, { built: true, ...how })
  context.cleanup(() => node.end('SIGKILL'))
  return node
}

/** Do something for each, a few at a time. */
export async function forEach<T>(
  list: readonly T[],
  work: (item: T, index: number) => Promise<unknown>,
  atOnce = AT_ONCE,
): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < list.length) {
      const index = next
      next += 1
      await work(list[index]!, index)
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, list.length) }, worker))
}

export class Fleet {
  readonly clients: ChatClient[] = []
  /** How often connections that are kept were lost, by close code. */
  readonly lost = new Map<number, number>()
  readonly #context: Context
  readonly #timer: NodeJS.Timeout
  #pinged = 0
  #owed = 0
  #lastTurn = performance.now()
  #isEnding = false

  constructor(context: Context) {
    this.#context = context
    // A slice of the fleet each time, so that the pings are spread as those of real clients are.
    this.#timer = setInterval(() => this.#pingSome(), 250)
    context.cleanup(() => this.end())
  }

  /** Make clients and connect them. */
  async add(
    count: number,
    url: string,
    options: Partial<ConstructorParameters<typeof ChatClient>[0]> = {},
  ): Promise<ChatClient[]> {
    const made = Array.from({ length: count }, (_, i) => {
      const name = `c${this.clients.length + i}`
      return new ChatClient({ url, make: plainSocket, name, validate: false, ...options })
    })
    this.clients.push(...made)
    let connected = 0
    await forEach(made, async (client) => {
      await client.connect()
      connected += 1
      if (connected % 250 === 0) this.#context.progress(`${connected} of ${count} connected`)
    })
    return made
  }

  /** Come back after every loss, as the page does: after rand(0, min(most, 0.5 s x 2^n)), to one of the URLs. */
  async keepConnected(
    client: ChatClient,
    rooms: readonly string[],
    { urls, mostMs = 30_000 }: { urls: () => string; mostMs?: number },
  ): Promise<void> {
    while (!this.#isEnding) {
      await client.ended()
      const code = client.closed?.code ?? 1006
      this.lost.set(code, (this.lost.get(code) ?? 0) + 1)
      for (let n = 0; !this.#isEnding; n += 1) {
        await sleep(this.#context.random() * Math.min(mostMs, 500 * 2 ** n))
        try {
          await client.connect(urls())
          for (const room of rooms) await client.join(room)
          break
        } catch {
          await client.close().catch(() => {})
        }
      }
    }
  }

  /** No more coming back. */
  settle(): void {
    this.#isEnding = true
  }

  async end(): Promise<void> {
    this.#isEnding = true
    clearInterval(this.#timer)
    await Promise.race([Promise.all(this.clients.map((client) => client.close())), sleep(5000)])
  }

  /** As many as the time since the last turn is good for: a timer that comes late must not make anybody silent. */
  #pingSome(): void {
    const now = performance.now()
    this.#owed += ((now - this.#lastTurn) / PING_EVERY_MS) * this.clients.length
    this.#lastTurn = now
    for (; this.#owed >= 1; this.#owed -= 1) {
      this.#pinged = (this.#pinged + 1) % this.clients.length
      this.clients[this.#pinged]?.ping()
    }
  }
}

/** Wait until every client has everything up to `head` in a room. */
export function allCaughtUp(clients: readonly ChatClient[], room: string, head: number): Promise<number> {
  return eventually(
    `all clients have ${head} entries`,
    () => clients.every((client) => (client.rooms.get(room)?.last ?? 0) >= head),
    60_000,
  )
}
