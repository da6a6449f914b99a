/** Two connections to Redis: one asks, one listens. While Redis is away every question fails at once or after a deadline. */
import { createHash } from 'node:crypto'
import { createClient } from 'redis'
import { BackendError, StoreUnavailable } from './store.ts'

/** A command whose answer does not come within this time has an unknown outcome; its `cid` makes a second try safe. */
const COMMAND_DEADLINE_MS = 5000
const LONGEST_RETRY_MS = 1000

export type Answer = string | number | null | Answer[]

type Client = ReturnType<typeof createClient>

function connectOptions(url: string): Parameters<typeof createClient>[0] {
  return {
    url,
    // A question asked while the connection is away must fail, not wait: its sender keeps it.
    disableOfflineQueue: true,
    socket: {
      connectTimeout: 2000,
      reconnectStrategy: (tries) => Math.min(LONGEST_RETRY_MS, 50 * 2 ** tries) * (0.5 + Math.random() / 2),
    },
  }
}

export class RedisLink {
  readonly #asking: Client
  readonly #listening: Client
  readonly #shas = new Map<string, string>()

  private constructor(asking: Client, listening: Client) {
    this.#asking = asking
    this.#listening = listening
  }

  /** Connect both. Rejects when Redis cannot be reached within five seconds. */
  static async open(url: string, { onError, onReady }: LinkEvents): Promise<RedisLink> {
    const asking = createClient(connectOptions(url))
    const listening = createClient({ ...connectOptions(url), disableOfflineQueue: false })
    let last: unknown
    let isOpen = false
    for (const client of [asking, listening]) {
      client.on('error', (error: unknown) => {
        last = error
        // Until it was reached the rejection tells; the tries before it would bury that.
        if (isOpen) onError(error)
      })
      client.on('ready', () => asking.isReady && listening.isReady && onReady())
    }
    try {
      await within(Promise.all([asking.connect(), listening.connect()]), COMMAND_DEADLINE_MS)
    } catch {
      asking.destroy()
      listening.destroy()
      throw new BackendError(
        `Redis at ${new URL(url).host} cannot be reached: ${(last as Error)?.message ?? 'no answer'}`,
      )
    }
    isOpen = true
    return new RedisLink(asking, listening)
  }

  /** Ask. Rejects with `StoreUnavailable` when Redis does not answer, with Redis' own error otherwise. */
  async command(...parts: (string | number)[]): Promise<Answer> {
    return this.#guard(this.#asking.sendCommand<Answer>(parts.map(String)))
  }

  /** Run a script, by its digest; it is sent whole only when Redis does not know it. */
  async script(source: string, keys: readonly string[], args: readonly (string | number)[]): Promise<Answer> {
    let sha = this.#shas.get(source)
    if (sha === undefined) this.#shas.set(source, (sha = createHash('sha1').update(source).digest('hex')))
    const rest = [keys.length, ...keys, ...args]
    try {
      return await this.command('EVALSHA', sha, ...rest)
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
      return this.command('EVAL', source, ...rest)
    }
  }

  subscribe(channel: string, listener: (message: string) => void): Promise<void> {
    return this.#guard(this.#listening.subscribe(channel, listener))
  }

  unsubscribe(channel: string): Promise<void> {
    return this.#guard(this.#listening.unsubscribe(channel))
  }

  close(): void {
    this.#asking.destroy()
    this.#listening.destroy()
  }

  async #guard<T>(answer: Promise<T>): Promise<T> {
    try {
      return await within(answer, COMMAND_DEADLINE_MS)
    } catch (error) {
      if (error instanceof Error && /^(?:[A-Z]+ |NOSCRIPT)/.test(error.message) && !isAway(error)) throw error
      throw new StoreUnavailable('Redis does not answer', { cause: error })
    }
  }
}

export interface LinkEvents {
  onError(error: unknown): void
  /** Both are connected (again): notices may have been missed. */
  onReady(): void
}

/** Redis says so itself when it is there but cannot serve. */
function isAway(error: Error): boolean {
  return /^(?:LOADING|MASTERDOWN|CLUSTERDOWN|MISCONF|READONLY|OOM|BUSY) /.test(error.message)
}

function within<T>(work: Promise<T>, ms: number): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms)
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
