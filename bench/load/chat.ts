/**
 * The chat pattern: everybody sends and everybody receives everything. A client sends its next message when as many have
 * come in as there are clients, so all of them stay busy and nobody runs ahead.
 */
import { openClients, type LoadClient } from './client.ts'
import type { Counter } from './counter.ts'
import { monotoneExchange, targetOf } from './exchange.ts'
import { Histogram } from './histogram.ts'
import type { FrameCycle } from './frames.ts'
import type { LoadSpec, PhaseResult, Scenario } from './scenario.ts'

interface Member {
  readonly client: LoadClient
  readonly counter: Counter
  received: number
  sent: number
  sentAt: number
}

export class ChatScenario implements Scenario {
  readonly #spec: LoadSpec
  readonly #histogram = new Histogram()
  #members: Member[] = []
  #message: FrameCycle | undefined
  #stopping = false
  #sent = 0
  #done: () => void = () => {}

  constructor(spec: LoadSpec) {
    this.#spec = spec
  }

  async open(): Promise<void> {
    const clients = await openClients(targetOf(this.#spec, '/sub'), this.#spec.connections)
    const exchange = await monotoneExchange(this.#spec, clients[0]!)
    this.#message = exchange.outgoing
    this.#members = clients.map((client) => {
      const member: Member = { client, counter: exchange.counter(), received: 0, sent: 0, sentAt: 0 }
      client.onBytes = (bytes, length) => this.#take(member, member.counter.take(bytes, length))
      return member
    })
  }

  async run(ms: number): Promise<PhaseResult> {
    this.#histogram.reset()
    this.#stopping = false
    this.#sent = 0
    for (const member of this.#members) member.received = member.sent = 0
    const start = performance.now()
    const finished = new Promise<void>((resolve) => (this.#done = resolve))
    setTimeout(() => (this.#stopping = true), ms)
    for (const member of this.#members) this.#send(member)
    await finished
    const messages = this.#members.reduce((sum, member) => sum + member.received, 0)
    return { messages, seconds: (performance.now() - start) / 1000, latency: this.#histogram.latency() }
  }

  close(): void {
    for (const { client } of this.#members) client.close()
  }

  #send(member: Member): void {
    const { bytes, offsets } = this.#message!
    member.sent++
    this.#sent++
    member.sentAt = performance.now()
    member.client.socket.write(bytes.subarray(0, offsets[1]))
  }

  #take(member: Member, done: number): void {
    member.received += done
    // All its companions' messages of this round, and its own, are in.
    if (member.received >= member.sent * this.#members.length) {
      this.#histogram.record(performance.now() - member.sentAt)
      if (!this.#stopping) this.#send(member)
    }
    if (this.#stopping && this.#members.every(({ received }) => received === this.#sent)) this.#done()
  }
}
