/**
 * Fan-out: one publisher sends a burst, every subscriber gets all of it, and then the next burst follows. Some of the
 * subscribers may never read; they are not waited for.
 */
import { LoadClient, openClients } from './client.ts'
import { monotoneExchange, targetOf } from './exchange.ts'
import { Histogram } from './histogram.ts'
import type { FrameCycle } from './frames.ts'
import type { LoadSpec, PhaseResult, Scenario } from './scenario.ts'

export class FanoutScenario implements Scenario {
  readonly #spec: LoadSpec
  readonly #histogram = new Histogram()
  #publisher: LoadClient | undefined
  #subscribers: LoadClient[] = []
  #burst: FrameCycle | undefined
  #missing = 0
  #deliveries = 0
  #sentAt = 0
  #stopping = false
  #done: () => void = () => {}

  constructor(spec: LoadSpec) {
    this.#spec = spec
  }

  async open(): Promise<void> {
    this.#subscribers = await openClients(targetOf(this.#spec, '/sub'), this.#spec.connections)
    this.#publisher = await LoadClient.open(targetOf(this.#spec, '/pub'))
    const exchange = await monotoneExchange(this.#spec, this.#publisher)
    this.#burst = exchange.outgoing
    for (const [index, client] of this.#subscribers.entries()) {
      if (index >= this.#spec.connections - this.#spec.stalled) {
        client.socket.pause()
        continue
      }
      const counter = exchange.counter()
      client.onBytes = (bytes, length) => this.#take(counter.take(bytes, length))
    }
  }

  async run(ms: number): Promise<PhaseResult> {
    this.#histogram.reset()
    this.#deliveries = 0
    this.#stopping = false
    const start = performance.now()
    const finished = new Promise<void>((resolve) => (this.#done = resolve))
    setTimeout(() => (this.#stopping = true), ms)
    this.#publish()
    await finished
    const seconds = (performance.now() - start) / 1000
    return { messages: this.#deliveries, seconds, latency: this.#histogram.latency() }
  }

  close(): void {
    this.#publisher?.close()
    for (const client of this.#subscribers) client.close()
  }

  #publish(): void {
    const { bytes, offsets } = this.#burst!
    this.#missing = this.#spec.inFlight * (this.#spec.connections - this.#spec.stalled)
    this.#sentAt = performance.now()
    this.#publisher!.socket.write(bytes.subarray(0, offsets[this.#spec.inFlight]))
  }

  #take(done: number): void {
    if (done === 0) return
    this.#histogram.record(performance.now() - this.#sentAt, done)
    this.#deliveries += done
    this.#missing -= done
    if (this.#missing > 0) return
    if (this.#missing < 0) throw new Error('more messages came than were published')
    if (this.#stopping) this.#done()
    else this.#publish()
  }
}
