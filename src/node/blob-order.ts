/**
 * Keeps messages in order when some of them have yet to be read: a Blob's bytes are there only later, and what is sent
 * after it waits for it. WHATWG WebSockets 3.1, `send`.
 */
import type { Blob } from 'node:buffer'

/** A message, or a fragment of one. */
export interface Ordered {
  readonly message: string | Uint8Array | Blob
  /** Its bytes. */
  readonly length: number
  /** Send it, once it was read and its turn has come. Answers whether the connection was open. */
  readonly send: (payload: string | Uint8Array) => boolean
}

interface Waiting extends Ordered {
  /** Who wants to know that it was sent, or that it never will be. */
  readonly told: ((isSent: boolean) => void)[]
}

export interface BlobOrderOptions {
  /** The next is about to be sent. */
  readonly next: () => void
  /** Everything has been sent. */
  readonly empty: () => void
  /** A Blob could not be read, or what was read could not be sent. */
  readonly error: (error: Error) => void
}

export class BlobOrder {
  readonly #options: BlobOrderOptions
  readonly #waiting: Waiting[] = []
  /** Bytes that wait. */
  #pending = 0
  /** Whether one is read or sent just now; sending calls taps, which may send. */
  #isRunning = false
  #isStopped = false

  constructor(options: BlobOrderOptions) {
    this.#options = options
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  get pending(): number {
    return this.#pending
  }

  add(message: Ordered): void {
    this.#waiting.push({ ...message, told: [] })
    this.#pending += message.length
    if (!this.#isRunning) void this.#run()
  }

  /** Resolves when what waits now was sent: to `false` when the last of it was not. */
  passed(): Promise<boolean> {
    const last = this.#waiting.at(-1)
    if (last === undefined) return Promise.resolve(!this.#isStopped)
    return new Promise((resolve) => last.told.push(resolve))
  }

  /** The connection has ended: nothing more is sent. What waited stays counted. */
  stop(): void {
    this.#isStopped = true
    for (const { told } of this.#waiting.splice(0)) tell(told, false)
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const payload = await this.#read(next.message)
      if (this.#isStopped) return
      this.#waiting.shift()
      this.#pending -= next.length
      tell(next.told, payload !== undefined && this.#send(payload, next))
    }
    this.#isRunning = false
    this.#options.empty()
  }

  #send(payload: string | Uint8Array, { send }: Waiting): boolean {
    this.#options.next()
    try {
      return send(payload)
    } catch (error) {
      this.#options.error(error as Error)
      return false
    }
  }

  async #read(message: string | Uint8Array | Blob): Promise<string | Uint8Array | undefined> {
    if (typeof message === 'string' || message instanceof Uint8Array) return message
    try {
      return new Uint8Array(await message.arrayBuffer())
    } catch (error) {
      this.#options.error(error as Error)
      return undefined
    }
  }
}

function tell(told: Waiting['told'], isSent: boolean): void {
  for (const resolve of told) resolve(isSent)
}
