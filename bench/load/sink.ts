/** Sink: one connection takes in whatever the server sends of its own accord, and counts it. */
import { LoadClient } from './client.ts'
import { HeaderCounter } from './counter.ts'
import { targetOf } from './exchange.ts'
import type { LoadSpec, PhaseResult, Scenario } from './scenario.ts'

export class SinkScenario implements Scenario {
  readonly #spec: LoadSpec
  #client: LoadClient | undefined
  #bytes = 0
  #arrived: () => void = () => {}
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
      this.#arrived()
      // Walking the headers of 18-byte frames would make this side the bottleneck: the first 10,000 are walked.
      if (checked < 10_000) checked += counter.take(bytes, length)
    }
  }

  /** Wait until `expected` messages have come since the last time, and see that no more do. */
  async run(expected: number): Promise<PhaseResult> {
    const wanted = expected * this.#frameLength
    if (this.#bytes < wanted)
      await new Promise<void>((resolve) => (this.#arrived = () => this.#bytes >= wanted && resolve()))
    if (this.#bytes !== wanted) throw new Error(`${this.#bytes} bytes came, and ${wanted} were due`)
    this.#bytes = 0
    return { messages: expected, seconds: 0 }
  }

  close(): void {
    this.#client?.close()
  }
}
