/** Counts connections by address, and says when there are too many. */
import type { IncomingHttpHeaders } from 'node:http'

export interface DoorkeeperOptions {
  readonly trustProxy: boolean
  readonly maxConnections: number
  readonly maxPerAddress: number
}

export interface Refusal {
  readonly status: number
  readonly reason: string
  /** A page sees no status: few enough come that they can be let in to be told. */
  readonly isTold: boolean
}

/** So many over the limit, in its own measure, still hear why they have to go. */
const TOLD_SHARE = 0.1

export class Doorkeeper {
  readonly #options: DoorkeeperOptions
  readonly #byAddress = new Map<string, number>()
  #count = 0
  /** Set while the node goes down. */
  isClosed = false

  constructor(options: DoorkeeperOptions) {
    this.#options = options
  }

  /** The address that limits count; behind a trusted proxy, the last one that it has added. */
  addressOf(headers: IncomingHttpHeaders, remoteAddress: string | undefined): string {
    const forwarded = this.#options.trustProxy ? headers['x-forwarded-for'] : undefined
    const last = String(forwarded ?? '')
      .split(',')
      .at(-1)!
      .trim()
    return last !== '' && last.length <= 64 ? last : (remoteAddress ?? '')
  }

  /** Why nobody more may come in from there, or `undefined`. */
  refuse(address: string): Refusal | undefined {
    if (this.isClosed) return { status: 503, reason: 'This server goes down; try another.', isTold: false }
    const { maxConnections } = this.#options
    if (this.#count >= maxConnections) {
      const isTold = this.#count < maxConnections * (1 + TOLD_SHARE)
      return { status: 503, reason: 'There are too many connections.', isTold }
    }
    if ((this.#byAddress.get(address) ?? 0) >= this.#options.maxPerAddress) {
      return { status: 429, reason: 'There are too many connections from this address.', isTold: false }
    }
    return undefined
  }

  entered(address: string): void {
    this.#count += 1
    this.#byAddress.set(address, (this.#byAddress.get(address) ?? 0) + 1)
  }

  left(address: string): void {
    this.#count -= 1
    const rest = (this.#byAddress.get(address) ?? 1) - 1
    if (rest === 0) this.#byAddress.delete(address)
    else this.#byAddress.set(address, rest)
  }
}
