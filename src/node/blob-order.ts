/**
 * Keeps messages in order when some of them have yet to be read: a Blob's bytes are there only later, and what is sent
 * after it waits for it. WHATWG WebSockets 3.1, `send`.
 */
import type { Blob } from 'node:buffer'

/** As `send` of a socket was told. */
export interface HowToSend {
  readonly isText: boolean
  readonly compress: boolean
}

interface Waiting {
  readonly message: string | Uint8Array | Blob
  readonly length: number
  readonly how: HowToSend
}

export interface BlobOrderOptions {
  /** Send what can be sent now. */
  readonly send: (payload: string | Uint8Array, how: HowToSend) => void
  /** Everything has been sent. */
  readonly empty: () => void
  /** A Blob could not be read. */
  readonly error: (error: Error) => void
}

export class BlobOrder {
  readonly #options: BlobOrderOptions
  readonly #waiting: Waiting[] = []
  /** Bytes that wait. */
  #pending = 0
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

  add(waiting: Waiting): void {
    this.#waiting.push(waiting)
    this.#pending += waiting.length
    if (this.#waiting.length === 1) void this.#run()
  }

  /** The connection has ended: nothing more is sent. What waited stays counted. */
  stop(): void {
    this.#isStopped = true
    this.#waiting.length = 0
  }

  async #run(): Promise<void> {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const payload = await this.#read(next.message)
      if (this.#isStopped) return
      this.#waiting.shift()
      this.#pending -= next.length
      if (payload !== undefined) this.#options.send(payload, next.how)
    }
    this.#options.empty()
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
