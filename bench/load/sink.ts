/** Sink: one connection takes in whatever the server sends of its own accord, and counts it. */
import { LoadClient } from './client.ts'
import { HeaderCounter } from './counter.ts'
import { targetOf } from './exchange.ts'
import type { LoadSpec, PhaseResult, Scenario } from './scenario.ts'

export class SinkScenario implements Scenario {
  readonly #spec: LoadSpec
  #client: LoadClient | undefined
  #bytes = 0
  readonly #frameLength: number

  constructor(spec: LoadSpec) {
    this.#spec = spec
    this.#frameLength = spec.size + (spec.size < 126 ? 2 : spec.size < 65536 ? 4 : 10)
  }

  async open(): Promise<void> {
    this.#client = await LoadClient.open(targetOf(this.#spec, '/sink'))
    const counter = new HeaderCounter()
    let checked = 0
    this.#client.onBytes = (bytes, length) => {
      this.#bytes += length
      // Walking the headers of 18-byte frames would make this side the bottleneck: the first 10,000 are walked.
      if (checked < 10_000) checked += counter.take(bytes, length)
    }
  }

  /** Wait `ms` and then until nothing more comes. */
  async run(ms: number): Promise<PhaseResult> {
    this.#bytes = 0
    const start = performance.now()
    await new Promise((resolve) => setTimeout(resolve, ms))
    let seconds = (performance.now() - start) / 1000
    for (let before = -1; before !== this.#bytes;) {
      before = this.#bytes
      await new Promise((resolve) => setTimeout(resolve, 40))
      if (before !== this.#bytes) seconds = (performance.now() - start) / 1000
    }
    const messages = this.#bytes / this.#frameLength
    if (!Number.isInteger(messages)) throw new Error(`${this.#bytes} bytes are no whole number of frames`)
    return { messages, seconds }
  }

  close(): void {
    this.#client?.close()
  }
}
