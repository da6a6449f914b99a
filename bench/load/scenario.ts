/** What all scenarios of the load generator have in common. */
import type { Latency } from './histogram.ts'
import type { Dialect } from './client.ts'

/** One phase of load, from the first byte sent until the last answer is in. */
export interface PhaseResult {
  /** Messages (or deliveries, or handshakes) that came in, all of them checked. */
  readonly messages: number
  readonly seconds: number
  readonly latency?: Latency
}

export interface Scenario {
  open(): Promise<void>
  /** Put load on for `ms`, then wait until everything that is under way has come back. A sink takes a count instead. */
  run(ms: number): Promise<PhaseResult>
  close(): void
}

export type PayloadType = 'binary' | 'text' | 'json'

/** Everything a scenario can be told; which fields matter depends on `kind`. */
export interface LoadSpec {
  readonly kind:
    'echo' | 'fanout' | 'chat' | 'sink' | 'handshake' | 'idle' | 'delay' | 'stream' | 'download' | 'responder'
  readonly port: number
  readonly dialect: Dialect
  /** Bytes of a message. */
  readonly size: number
  readonly type: PayloadType
  readonly connections: number
  /** Messages under way on a connection, or sent in one turn by a publisher. */
  readonly inFlight: number
  readonly deflate: false | 'takeover' | 'no-takeover'
  /** Of the subscribers, how many never read. */
  readonly stalled: number
}
