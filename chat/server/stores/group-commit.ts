/** Gathers writes into transactions: everything that is asked in one turn of the loop is committed, and flushed, once. */

/** Writes of one transaction; more wait for the next turn, so that sockets get theirs in between. */
const MOST_WRITES = 200

interface Write {
  run(): unknown
  resolve(value: unknown): void
  reject(error: unknown): void
}

export interface Transactions {
  begin(): void
  commit(): void
  rollback(): void
}

export class GroupCommit {
  readonly #transactions: Transactions
  #waiting: Write[] = []
  #isScheduled = false

  constructor(transactions: Transactions) {
    this.#transactions = transactions
  }

  /** Run a write inside the next transaction; resolves with its result when that is committed. */
  add<T>(run: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ run, resolve: (value) => resolve(value as T), reject })
      this.#schedule()
    })
  }

  /** Commit everything that waits. */
  flush(): void {
    while (this.#waiting.length > 0) this.#commit()
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      if (this.#waiting.length > 0) this.#commit()
      if (this.#waiting.length > 0) this.#schedule()
    })
  }

  #commit(): void {
    const writes = this.#waiting.splice(0, MOST_WRITES)
    const results: unknown[] = []
    try {
      this.#transactions.begin()
      for (const write of writes) results.push(write.run())
      this.#transactions.commit()
    } catch (error) {
      // All or none: what was acknowledged is stored, what was not may be sent again with the same cid.
      try {
        this.#transactions.rollback()
      } catch {
        // There was no transaction to take back.
      }
      for (const write of writes) write.reject(error)
      return
    }
    writes.forEach((write, index) => write.resolve(results[index]))
  }
}
