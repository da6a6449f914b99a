/**
 * The bystander: 20 connections echo messages of 4 MB, compressed, while one more echoes a single byte. What counts is how
 * long the single byte takes.
 */
import { EchoScenario } from './echo.ts'
import type { LoadSpec, PhaseResult, Scenario } from './scenario.ts'

const BYSTANDER_SIZE = 1

export class DelayScenario implements Scenario {
  readonly #busy: EchoScenario
  readonly #bystander: EchoScenario

  constructor(spec: LoadSpec) {
    this.#busy = new EchoScenario(spec)
    this.#bystander = new EchoScenario({ ...spec, type: 'text', size: BYSTANDER_SIZE, connections: 1, inFlight: 1 })
  }

  async open(): Promise<void> {
    await this.#busy.open()
    await this.#bystander.open()
  }

  /** `ms` says for how long new messages are begun; the last ones are waited for. */
  async run(ms: number): Promise<PhaseResult> {
    const [busy, bystander] = await Promise.all([this.#busy.run(ms), this.#bystander.run(ms)])
    return { ...busy, ...(bystander.latency && { latency: bystander.latency }) }
  }

  close(): void {
    this.#busy.close()
    this.#bystander.close()
  }
}
