/** One connection that keeps so many messages under way, and the time each of them takes. */
import type { LoadClient } from './client.ts'
import type { Counter } from './counter.ts'
import type { Exchange } from './exchange.ts'
import type { FrameCycle } from './frames.ts'
import type { Histogram } from './histogram.ts'

export class Lane {
  /** Messages that have come in since `start`. */
  received = 0
  underWay = 0
  readonly #client: LoadClient
  readonly #outgoing: FrameCycle
  readonly #counter: Counter
  readonly #histogram: Histogram
  readonly #sentAt: Float64Array
  #next = 0
  #oldest = 0

  constructor(client: LoadClient, exchange: Exchange, { depth, histogram }: { depth: number; histogram: Histogram }) {
    this.#client = client
    this.#outgoing = exchange.outgoing
    this.#counter = exchange.counter()
    this.#histogram = histogram
    this.#sentAt = new Float64Array(depth)
  }

  /** Send the next `count` messages in one write. */
  send(count: number, now: number): void {
    const { bytes, offsets, count: cycle } = this.#outgoing
    this.#client.socket.write(bytes.subarray(offsets[this.#next], offsets[this.#next + count]))
    this.#next = (this.#next + count) % cycle
    const depth = this.#sentAt.length
    for (let i = 0; i < count; i++) this.#sentAt[(this.#oldest + this.underWay + i) % depth] = now
    this.underWay += count
  }

  /** Take in what came; answer how many messages are complete. */
  take(bytes: Buffer, length: number, now: number): number {
    const done = this.#counter.take(bytes, length)
    const depth = this.#sentAt.length
    for (let i = 0; i < done; i++) {
      this.#histogram.record(now - this.#sentAt[this.#oldest]!)
      this.#oldest = (this.#oldest + 1) % depth
    }
    this.underWay -= done
    this.received += done
    return done
  }
}
