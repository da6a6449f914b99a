/**
 * Gathers marks and writes only the last of each, twice a second: a thousand acks of one entry are one write a member. Other nodes
 * hear of read marks then.
 */
import type { Backend, Marks } from './stores/store.ts'

const FLUSH_MS = 500

interface Mark {
  readonly room: string
  readonly user: string
  readonly kind: keyof Marks
  seq: number
}

export class MarkWriter {
  readonly #backend: Backend
  readonly #node: string
  readonly #onError: (error: unknown) => void
  #waiting = new Map<string, Mark>()
  #timer: NodeJS.Timeout | undefined

  constructor(backend: Backend, node: string, onError: (error: unknown) => void) {
    this.#backend = backend
    this.#node = node
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
    for (const result of await Promise.allSettled(waiting.map((mark) => this.#write(mark)))) {
      if (result.status === 'rejected') this.#onError(result.reason)
    }
  }

  async #write({ room, user, kind, seq }: Mark): Promise<void> {
    await this.#backend.store.mark(room, user, kind, seq)
    if (kind === 'read') await this.#backend.bus.publish(room, { kind, node: this.#node, user, seq })
  }

  close(): Promise<void> {
    return this.flush()
  }
}
