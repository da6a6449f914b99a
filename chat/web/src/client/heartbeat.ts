/**
 * Watches over one connection: any inbound frame is life; when there is none for a while a ping is sent, and when that is
 * not answered in time the connection counts as dead. A browser's WebSocket cannot send Ping frames (RFC 6455 5.5.2), so
 * the ping is a message of the application.
 */

export interface HeartbeatOptions {
  /** Milliseconds between pings, give or take 20 %. */
  readonly every: number
  /** Milliseconds to wait for any frame after a ping. */
  readonly timeout: number
  /** Send a ping. */
  readonly ping: () => void
  /** No sign of life came in time. Called once; the heartbeat has stopped then. */
  readonly dead: () => void
  readonly random?: () => number
}

/** How long `probe` waits for an answer, in milliseconds. */
export const PROBE_TIMEOUT = 3_000
/** The interval varies by this share in both directions, so that clients do not ping in step. */
const JITTER = 0.2

export class Heartbeat {
  readonly #options: HeartbeatOptions
  readonly #random: () => number
  #interval: ReturnType<typeof setTimeout> | undefined
  #deadline: ReturnType<typeof setTimeout> | undefined
  #running = false

  constructor(options: HeartbeatOptions) {
    this.#options = options
    this.#random = options.random ?? Math.random
  }

  /** Begin; the first ping comes at a random point of the first interval. */
  start(): void {
    this.stop()
    this.#running = true
    this.#interval = setTimeout(() => this.#beat(), this.#random() * this.#options.every)
  }

  stop(): void {
    this.#running = false
    clearTimeout(this.#interval)
    clearTimeout(this.#deadline)
    this.#interval = this.#deadline = undefined
  }

  /** A frame came in, whatever it was. */
  alive(): void {
    clearTimeout(this.#deadline)
    this.#deadline = undefined
  }

  /** Ping at once with a short deadline: for a page that was asleep, or a network that has just come back. */
  probe(): void {
    if (!this.#running) return
    this.#await(PROBE_TIMEOUT)
    this.#options.ping()
  }

  #beat(): void {
    const jitter = 1 - JITTER + 2 * JITTER * this.#random()
    this.#interval = setTimeout(() => this.#beat(), this.#options.every * jitter)
    if (this.#deadline === undefined) this.#await(this.#options.timeout)
    this.#options.ping()
  }

  #await(timeout: number): void {
    clearTimeout(this.#deadline)
    this.#deadline = setTimeout(() => {
      this.stop()
      this.#options.dead()
    }, timeout)
  }
}
