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

export interface Held {
  readonly message: PreparedMessage
  /** Topic and key, where a later message replaces an earlier one. */
  readonly key: string | undefined
}

/** What became of a message. */
export type HoldResult = 'queued' | 'dropped' | 'overflow'

export class HeldMessages {
  #queue: Held[] = []
  #bytes = 0
  /** Messages that gave way so far. */
  dropped = 0

  get size(): number {
    return this.#queue.length
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Add a message by a policy, with room for `budget` bytes in all. */
  add(held: Held, policy: SlowPolicy, budget: number): HoldResult {
    const size = held.message.frame.length
    if (policy === 'latest' && held.key !== undefined && this.#replace(held, budget)) return 'queued'
    if (this.#bytes + size > budget) {
      if (policy === 'close') return 'overflow'
      if (policy === 'drop-newest' || size > budget) {
        this.dropped++
        return 'dropped'
      }
      while (this.#bytes + size > budget) this.#dropOldest()
    }
    this.#queue.push(held)
    this.#bytes += size
    return 'queued'
  }

  /** Take out the one that has waited longest. */
  shift(): PreparedMessage | undefined {
    const held = this.#queue.shift()
    if (held !== undefined) this.#bytes -= held.message.frame.length
    return held?.message
  }

  /** Put a message in the place of the one with its key. Where it has outgrown that, the old one only gives way. */
  #replace(held: Held, budget: number): boolean {
    const index = this.#queue.findIndex((other) => other.key === held.key)
    if (index === -1) return false
    this.dropped++
    this.#bytes -= this.#queue[index]!.message.frame.length
    const fits = this.#bytes + held.message.frame.length <= budget
    if (!fits) {
      this.#queue.splice(index, 1)
      return false
    }
    this.#queue[index] = held
    this.#bytes += held.message.frame.length
    return true
  }

  #dropOldest(): void {
    this.shift()
    this.dropped++
  }
}
