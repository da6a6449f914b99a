/** Gathers marks and writes only the last of each, twice a second: a thousand acks of one entry are one write a member. */
import type { Marks, Store } from './stores/store.ts'

const FLUSH_MS = 500

export class MarkWriter {
  readonly #store: Store
  readonly #onError: (error: unknown) => void
  #waiting = new Map<string, { room: string; user: string; kind: keyof Marks; seq: number }>()
  #timer: NodeJS.Timeout | undefined

  constructor(store: Store, onError: (error: unknown) => void) {
    this.#store = store
    this.#onError = onError
  }

  add(room: string, user: string, { kind, seq }: { kind: keyof Marks; seq: number }): void {
    const key = `${kind} ${room} ${user}`
    const known = this.#waiting.get(key)
    if (known === undefined) this.#waiting.set(key, { room, user, kind, seq })
    else known.seq = Math.max(known.seq, seq)
    this.#timer ??= setTimeout(() => void this.flush(), FLUSH_MS)
  }

  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const waiting = [...this.#waiting.values()]
    this.#waiting = new Map()
    const writes = waiting.map(({ room, user, kind, seq }) => this.#store.mark(room, user, kind, seq))
    for (const result of await Promise.allSettled(writes)) {
      if (result.status === 'rejected') this.#onError(result.reason)
    }
  }

  close(): Promise<void> {
    return this.flush()
  }
}
