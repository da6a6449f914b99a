/**
 * What ties the topics of several servers together, be they in one process, in several, or on several machines: each tells
 * the others what was published to it.
 */
import type { SlowPolicy } from './held-messages.ts'

/** A message on its way to other servers. */
export interface BusMessage {
  /** Left out by a broadcast, which is for every open socket. */
  readonly topic?: string
  /** A string for text, bytes for binary. */
  readonly message: string | Uint8Array
  /** The key it may be replaced by, as `publish` had it. */
  readonly key?: string
  /** What to do for subscribers that do not keep up, as `publish` had it. Without it each server does as its own options say. */
  readonly slowConsumer?: SlowPolicy
}

/** Carries what is published to all other servers on it. */
export interface Bus {
  /** Tell the others, in this order; nobody is told who has published. */
  publish(message: BusMessage): void
  /** Get what the others publish, until the function that is answered is called. */
  join(receive: (message: BusMessage) => void): () => void
}

/** A bus within one process: each server on it has a connection of its own, made by `connect`. */
export class LocalBus {
  readonly #members = new Set<{ receive: (message: BusMessage) => void; owner: object }>()

  /** A connection for one server. */
  connect(): Bus {
    const owner = {}
    return {
      publish: (message) => {
        for (const member of this.#members) if (member.owner !== owner) member.receive(message)
      },
      join: (receive) => {
        const member = { receive, owner }
        this.#members.add(member)
        return () => void this.#members.delete(member)
      },
    }
  }
}
