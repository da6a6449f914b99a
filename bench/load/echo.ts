/** Echo: each connection keeps `inFlight` messages under way; as many as come back at once go out at once. */
import { openClients, type LoadClient } from './client.ts'
import { exchangeFor, targetOf } from './exchange.ts'
import { Histogram } from './histogram.ts'
import { Lane } from './lane.ts'
import type { LoadSpec, PhaseResult, Scenario } from './scenario.ts'

export class EchoScenario implements Scenario {
  readonly #spec: LoadSpec
  readonly #histogram = new Histogram()
  #clients: LoadClient[] = []
  #lanes: Lane[] = []
  #stopping = false
  #underWay = 0
  #done: () => void = () => {}

  constructor(spec: LoadSpec) {
    this.#spec = spec
  }

  async open(): Promise<void> {
    this.#clients = await openClients(targetOf(this.#spec, '/echo'), this.#spec.connections)
    const exchange = await exchangeFor(this.#spec, this.#clients[0]!)
    this.#lanes = this.#clients.map((client) => {
      const lane = new Lane(client, exchange, { depth: this.#spec.inFlight, histogram: this.#histogram })
      client.onBytes = (bytes, length) => this.#take(lane, bytes, length)
      return lane
    })
  }

  async run(ms: number): Promise<PhaseResult> {
    this.#histogram.reset()
    for (const lane of this.#lanes) lane.received = 0
    this.#stopping = false
    const start = performance.now()
    const finished = new Promise<void>((resolve) => (this.#done = resolve))
    setTimeout(() => (this.#stopping = true), ms)
    for (const lane of this.#lanes) lane.send(this.#spec.inFlight, performance.now())
    this.#underWay = this.#lanes.length * this.#spec.inFlight
    await finished
    const messages = this.#lanes.reduce((sum, lane) => sum + lane.received, 0)
    return { messages, seconds: (performance.now() - start) / 1000, latency: this.#histogram.latency() }
  }

  close(): void {
    for (const client of this.#clients) client.close()
  }

  #take(lane: Lane, bytes: Buffer, length: number): void {
    const now = performance.now()
    const done = lane.take(bytes, length, now)
    if (done === 0) return
    if (!this.#stopping) return lane.send(done, now)
    this.#underWay -= done
    if (this.#underWay === 0) this.#done()
  }
}
