/**
 * The topics of all workers of `node:cluster`: a worker tells the primary process what is published to it, and the primary
 * tells the other workers. A message takes two hops of the channels that Node has between them anyway.
 */
import type { Worker } from 'node:cluster'
import { builtin } from './builtin.ts'
import { checkCount } from './limits.ts'
import type { Bus, BusMessage } from '../pubsub/bus.ts'
import type { SlowPolicy } from '../pubsub/held-messages.ts'

export interface ClusterBusOptions {
  /** Tells several buses of one cluster apart. Default 'topics'. */
  readonly name?: string
  /**
   * Bytes of messages that may wait for a channel to take them, each with a little for its overhead; beyond, messages are
   * dropped. Default 16 MiB.
   */
  readonly budget?: number
}

/** How it goes over the channel: the same with every serialization that a cluster may be set up with. */
interface Envelope {
  readonly barewireBus: string
  readonly topic?: string
  readonly text?: string
  readonly base64?: string
  readonly key?: string
  readonly slowConsumer?: SlowPolicy
}

const DEFAULT_NAME = 'topics'
const DEFAULT_BUDGET = 16 * 1024 * 1024
/** Bytes that a waiting message counts besides its own: Node keeps a request for each, and an empty one is not free. */
const REQUEST_OVERHEAD = 256

/** The side of a worker; hand it to its server as `bus`. */
export class ClusterBus implements Bus {
  readonly #name: string
  readonly #budget: number
  #waiting = 0
  #dropped = 0

  /** @throws Error outside of a worker. */
  constructor(options: ClusterBusOptions = {}) {
    if (!builtin.cluster.isWorker)
      throw new Error('a ClusterBus belongs into a worker; the primary calls relayClusterBus')
    this.#name = options.name ?? DEFAULT_NAME
    this.#budget = checkCount('budget', options.budget ?? DEFAULT_BUDGET)
  }

  /** Messages that were dropped because the channel did not keep up. */
  get dropped(): number {
    return this.#dropped
  }

  publish(message: BusMessage): void {
    const envelope = wrap(this.#name, message)
    const size = sizeOf(envelope)
    if (process.connected !== true || this.#waiting + size > this.#budget) {
      this.#dropped++
      return
    }
    this.#waiting += size
    process.send!(envelope, undefined, undefined, () => (this.#waiting -= size))
  }

  join(receive: (message: BusMessage) => void): () => void {
    const listener = (value: unknown): void => {
      if (isEnvelope(value, this.#name)) receive(unwrap(value))
    }
    process.on('message', listener)
    return () => void process.off('message', listener)
  }
}

/** Ends the passing on when it is called. */
export interface ClusterRelay {
  (): void
  /** Messages that were not passed on to a worker because its channel did not keep up. */
  readonly dropped: number
}

/**
 * The side of the primary process: pass on what workers publish. `budget` bytes may wait for the channel of each worker, so
 * that one that is stuck costs no more; default 16 MiB. Answers how to end it.
 * @throws Error in a worker; TypeError or RangeError for a `budget` out of its range.
 */
export function relayClusterBus({
  name = DEFAULT_NAME,
  budget = DEFAULT_BUDGET,
}: ClusterBusOptions = {}): ClusterRelay {
  if (!builtin.cluster.isPrimary) throw new Error('relayClusterBus belongs into the primary process')
  checkCount('budget', budget)
  const waiting = new WeakMap<Worker, number>()
  let dropped = 0
  const pass = (worker: Worker, value: Envelope, size: number): void => {
    const before = waiting.get(worker) ?? 0
    if (before + size > budget) {
      dropped++
      return
    }
    waiting.set(worker, before + size)
    // A worker that was killed a moment ago fails here. Without a callback that is an 'error' event that ends the primary.
    worker.send(value, () => void waiting.set(worker, waiting.get(worker)! - size))
  }
  const relay = (from: Worker, value: unknown): void => {
    if (!isEnvelope(value, name)) return
    const size = sizeOf(value)
    for (const worker of Object.values(builtin.cluster.workers ?? {})) {
      if (worker !== undefined && worker.id !== from.id && worker.isConnected()) pass(worker, value, size)
    }
  }
  builtin.cluster.on('message', relay)
  const end = (): void => void builtin.cluster.off('message', relay)
  return Object.defineProperty(end, 'dropped', { get: () => dropped }) as ClusterRelay
}

/** What an envelope counts as long as a channel has not taken it. */
function sizeOf({ topic = '', text = '', base64 = '', key = '' }: Envelope): number {
  return REQUEST_OVERHEAD + Buffer.byteLength(text) + base64.length + topic.length + key.length
}

function wrap(barewireBus: string, { message, ...how }: BusMessage): Envelope {
  const body = typeof message === 'string' ? { text: message } : { base64: Buffer.from(message).toString('base64') }
  return { barewireBus, ...how, ...body }
}

function unwrap({ barewireBus: _name, text, base64, ...how }: Envelope): BusMessage {
  return { ...how, message: text ?? Buffer.from(base64 ?? '', 'base64') }
}

function isEnvelope(value: unknown, name: string): value is Envelope {
  return typeof value === 'object' && value !== null && (value as Partial<Envelope>).barewireBus === name
}
