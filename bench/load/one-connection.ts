/** What scenarios share that have one connection, on the path of messages that go through in parts. */
import { LoadClient } from './client.ts'
import { targetOf } from './exchange.ts'
import type { LoadSpec, PhaseResult, Scenario } from './scenario.ts'

export abstract class OneConnection implements Scenario {
  protected readonly spec: LoadSpec
  #client: LoadClient | undefined

  constructor(spec: LoadSpec) {
    this.spec = spec
  }

  async open(): Promise<void> {
    this.#client = await LoadClient.open(targetOf(this.spec, '/stream'))
  }

  close(): void {
    this.#client?.close()
  }

  protected get client(): LoadClient {
    return this.#client!
  }

  abstract run(): Promise<PhaseResult>
}
