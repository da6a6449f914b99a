/** Handshakes: `inFlight` at a time connect, shake hands and hang up. */
import { LoadClient } from './client.ts'
import { targetOf } from './exchange.ts'
import { Histogram } from './histogram.ts'
import type { LoadSpec, PhaseResult, Scenario } from './scenario.ts'

export class HandshakeScenario implements Scenario {
  readonly #spec: LoadSpec
  readonly #histogram = new Histogram()

  constructor(spec: LoadSpec) {
    this.#spec = spec
  }

  async open(): Promise<void> {}

  async run(ms: number): Promise<PhaseResult> {
    this.#histogram.reset()
    const start = performance.now()
    let messages = 0
    const worker = async (): Promise<void> => {
      while (performance.now() - start < ms) {
        const began = performance.now()
        const client = await LoadClient.open(targetOf(this.#spec, '/echo'))
        this.#histogram.record(performance.now() - began)
        messages++
        client.close()
      }
    }
    await Promise.all(Array.from({ length: this.#spec.inFlight }, worker))
    return { messages, seconds: (performance.now() - start) / 1000, latency: this.#histogram.latency() }
  }

  close(): void {}
}
