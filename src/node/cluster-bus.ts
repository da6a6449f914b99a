/**
 * The topics of all workers of `node:cluster`: a worker tells the primary process what is published to it, and the primary
 * tells the other workers. A message takes two hops of the channels that Node has between them anyway.
 */
import type { Worker } from 'node:cluster'
import { builtin } from './builtin.ts'
import { checkCount } from './limits.ts'
import type { Bus, BusMessage } from '../pubsub/bus.ts'

export interface ClusterBusOptions {
  /** Tells several buses of one cluster apart. Default 'topics'. */
  readonly name?: string
  /** Bytes of messages that may wait for the channel to take them; beyond, messages are dropped. Default 16 MiB. */
  readonly budget?: number
}

/** How it goes over the channel: the same with every serialization that a cluster may be set up with. */
interface Envelope {
  readonly barewireBus: string
  readonly topic?: string
  readonly text?: string
  readonly base64?: string
  readonly key?: string
}

const DEFAULT_NAME = 'topics'
const DEFAULT_BUDGET = 16 * 1024 * 1024

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
    const size = message.message.length
    if (process.connected !== true || this.#waiting + size > this.#budget) {
      this.#dropped++
      return
    }
    this.#waiting += size
    process.send!(wrap(this.#name, message), undefined, undefined, () => (this.#waiting -= size))
  }

  join(receive: (message: BusMessage) => void): () => void {
    const listener = (value: unknown): void => {
      if (isEnvelope(value, this.#name)) receive(unwrap(value))
    }
    process.on('message', listener)
    return () => void process.off('message', listener)
  }
}

/**
 * The side of the primary process: pass on what workers publish. Answers how to end it.
 * @throws Error in a worker.
 */
export function relayClusterBus({ name = DEFAULT_NAME }: { name?: string } = {}): () => void {
  if (!builtin.cluster.isPrimary) throw new Error('relayClusterBus belongs into the primary process')
  const relay = (from: Worker, value: unknown): void => {
    if (!isEnvelope(value, name)) return
    for (const worker of Object.values(builtin.cluster.workers ?? {})) {
      if (worker !== undefined && worker.id !== from.id && worker.isConnected()) worker.send(value)
    }
  }
  builtin.cluster.on('message', relay)
  return () => void builtin.cluster.off('message', relay)
}

function wrap(barewireBus: string, { topic, message, key }: BusMessage): Envelope {
  const body = typeof message === 'string' ? { text: message } : { base64: Buffer.from(message).toString('base64') }
  return { barewireBus, ...(topic === undefined ? {} : { topic }), ...body, ...(key === undefined ? {} : { key }) }
}

function unwrap({ topic, text, base64, key }: Envelope): BusMessage {
  return {
    ...(topic === undefined ? {} : { topic }),
    message: text ?? Buffer.from(base64 ?? '', 'base64'),
    ...(key === undefined ? {} : { key }),
  }
}

function isEnvelope(value: unknown, name: string): value is Envelope {
  return typeof value === 'object' && value !== null && (value as Partial<Envelope>).barewireBus === name
}
