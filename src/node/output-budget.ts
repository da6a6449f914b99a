/**
 * How many bytes may wait for peers that do not read, over all connections of a server. Only connections whose stream asks
 * to wait, or for which publications are held, are weighed, so those that keep up cost nothing.
 */

/** A connection, as far as its output goes. */
export interface Weighed {
  /** Bytes that wait for its peer. */
  readonly weight: number
  /** Drop it: its memory is wanted back now. */
  giveUp(): void
}

export class OutputBudget {
  readonly #limit: number
  readonly #weights = new Map<Weighed, number>()
  #total = 0

  /** @param limit bytes; 0 for no limit. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Bytes that wait, as last weighed. */
  get total(): number {
    return this.#total
  }

  /** Take note of what waits for a connection now. When it is too much in all, those with the most are dropped. */
  weigh(item: Weighed): void {
    const bytes = item.weight
    this.#total += bytes - (this.#weights.get(item) ?? 0)
    this.#weights.set(item, bytes)
    if (this.#limit > 0 && this.#total > this.#limit) this.#relieve()
  }

  /** It keeps up again, or is gone. */
  forget(item: Weighed): void {
    this.#total -= this.#weights.get(item) ?? 0
    this.#weights.delete(item)
  }

  /** Some have taken bytes since they were weighed: weigh them all before anybody is dropped. */
  #relieve(): void {
    this.#total = 0
    for (const item of this.#weights.keys()) {
      const bytes = item.weight
      this.#weights.set(item, bytes)
      this.#total += bytes
    }
    if (this.#total <= this.#limit) return
    const heaviest = [...this.#weights].toSorted(([, a], [, b]) => b - a)
    for (const [item] of heaviest) {
      if (this.#total <= this.#limit) return
      this.forget(item)
      item.giveUp()
    }
  }
}
