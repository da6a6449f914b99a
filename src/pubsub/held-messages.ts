/**
 * What is published to a subscriber that does not keep up: it waits here, within a budget of bytes, and a policy says what
 * gives way when the budget is spent.
 */
import type { PreparedMessage } from './prepared-message.ts'

/**
 * What happens to a subscriber whose budget is spent:
 * - `close`: it is closed with 1013, try again later;
 * - `drop-newest`: it misses the message;
 * - `drop-oldest`: it misses those that have waited longest;
 * - `latest`: a message replaces the one with the same topic and key that still waits; then as `drop-oldest`.
 */
export type SlowPolicy = 'close' | 'drop-newest' | 'drop-oldest' | 'latest'

const POLICIES: readonly string[] = ['close', 'drop-newest', 'drop-oldest', 'latest']

/** Tell whether this names a policy. */
export function isSlowPolicy(name: unknown): name is SlowPolicy {
  return typeof name === 'string' && POLICIES.includes(name)
}

/** Check the policy of one message. @throws TypeError when it is none. */
export function checkSlowPolicy(policy: unknown): void {
  if (policy === undefined || isSlowPolicy(policy)) return
  throw new TypeError(`slowConsumer of a message must be ${POLICIES.map((name) => `'${name}'`).join(', ')}`)
}

export interface Held {
  readonly message: PreparedMessage
  /** Topic and key, where a later message replaces an earlier one. */
  readonly key: string | undefined
}

/** What became of a message. */
export type HoldResult = 'queued' | 'dropped' | 'overflow'

/**
 * Bytes that a held message counts besides its frame: the objects it is made of. Without it a budget of bytes would let tiny
 * messages take many times as much memory.
 */
export const HELD_OVERHEAD = 512

function costOf({ message }: Held): number {
  return message.frame.length + HELD_OVERHEAD
}

export class HeldMessages {
  /** In the order they came; one that is replaced keeps its place. By their key, or by a number of their own. */
  readonly #queue = new Map<string | number, Held>()
  /** Stands behind all that were taken out, so that the one before the oldest is never looked for. */
  #ids = this.#queue.keys()
  #nextId = 0
  #bytes = 0
  /** Messages that gave way so far. */
  dropped = 0

  get size(): number {
    return this.#queue.size
  }

  /** What they count against the budget. */
  get bytes(): number {
    return this.#bytes
  }

  /** Add a message by a policy, with room for `budget` bytes in all. */
  add(held: Held, policy: SlowPolicy, budget: number): HoldResult {
    const cost = costOf(held)
    const key = policy === 'latest' ? held.key : undefined
    if (key !== undefined && this.#replace(key, held, budget)) return 'queued'
    if (this.#bytes + cost > budget) {
      if (policy === 'close') return 'overflow'
      if (policy === 'drop-newest' || cost > budget) {
        this.dropped++
        return 'dropped'
      }
      while (this.#bytes + cost > budget) this.#dropOldest()
    }
    this.#queue.set(key ?? this.#nextId++, held)
    this.#bytes += cost
    return 'queued'
  }

  /** Take out the one that has waited longest. */
  shift(): PreparedMessage | undefined {
    // An iterator of a Map goes on with what is added behind it, but never again once it has found the end.
    if (this.#queue.size === 0) return undefined
    return this.#take(this.#ids.next().value!).message
  }

  /** Put a message in the place of the one with its key. Where it has outgrown that, the old one only gives way. */
  #replace(key: string, held: Held, budget: number): boolean {
    const old = this.#queue.get(key)
    if (old === undefined) return false
    this.dropped++
    const bytes = this.#bytes - costOf(old) + costOf(held)
    if (bytes > budget) {
      this.#take(key)
      // One that stands still would keep all tables that the Map outgrows meanwhile.
      this.#ids = this.#queue.keys()
      return false
    }
    this.#queue.set(key, held)
    this.#bytes = bytes
    return true
  }

  #take(id: string | number): Held {
    const held = this.#queue.get(id)!
    this.#queue.delete(id)
    this.#bytes -= costOf(held)
    return held
  }

  #dropOldest(): void {
    this.shift()
    this.dropped++
  }
}
