/**
 * Messages that the server has not yet acknowledged. They outlive a lost connection and a reload; each carries the `cid` the
 * client gave it, so that sending one again is never a second message.
 */

/**
 * How far an entry has come. A `stored` one is the server's; it is only shown until its message stands in the room, and no
 * longer kept for a reload.
 */
export type OutboxState = 'queued' | 'sending' | 'stored' | 'failed'

export interface OutboxEntry {
  readonly cid: string
  /** Which tab it belongs to; the tabs of one browser share a storage, but not their messages. */
  readonly owner: string
  readonly room: string
  readonly text: string
  /** The seq of the message it answers. */
  readonly replyTo?: number
  /** Milliseconds since the epoch. */
  readonly at: number
  state: OutboxState
  /** Where it was stored. */
  seq?: number
  /** Why it failed, as the name of an error. */
  error?: string
}

/** Where entries survive a reload. */
export interface OutboxStorage {
  load(owner: string): Promise<OutboxEntry[]>
  put(entry: OutboxEntry): Promise<void>
  delete(cid: string): Promise<void>
}

/** At most this many messages wait; the next is refused. */
export const OUTBOX_CAPACITY = 200
/** A message that has waited longer than this, in milliseconds, is no longer sent by itself. */
export const OUTBOX_LIFETIME = 24 * 60 * 60 * 1000

/** A storage that refuses costs a message its life over a reload, not more. */
const ignore = (): void => {}

export class Outbox {
  readonly #storage: OutboxStorage
  readonly #onchange: () => void
  readonly #entries = new Map<string, OutboxEntry>()

  constructor(storage: OutboxStorage, onchange: () => void = () => {}) {
    this.#storage = storage
    this.#onchange = onchange
  }

  /** All entries, oldest first. */
  get entries(): readonly OutboxEntry[] {
    return [...this.#entries.values()]
  }

  /** How many still wait to be acknowledged. */
  get waiting(): number {
    let count = 0
    for (const { state } of this.#entries.values()) if (state === 'queued' || state === 'sending') count++
    return count
  }

  /** Take up what an earlier page of this owner left behind; what is too old waits for the user's word. */
  async restore(owner: string): Promise<void> {
    const stored = await this.#storage.load(owner).catch((): OutboxEntry[] => [])
    stored.sort((a, b) => a.at - b.at)
    for (const entry of stored) {
      if (this.#entries.has(entry.cid)) continue
      if (entry.state !== 'failed') entry.state = 'queued'
      if (Date.now() - entry.at > OUTBOX_LIFETIME) {
        entry.state = 'failed'
        entry.error = 'expired'
      }
      this.#entries.set(entry.cid, entry)
    }
    this.#onchange()
  }

  /** Put a message in. Answers false when the outbox is full. */
  add(entry: Omit<OutboxEntry, 'state'>): boolean {
    if (this.#entries.size >= OUTBOX_CAPACITY) return false
    const queued: OutboxEntry = { ...entry, state: 'queued' }
    this.#entries.set(entry.cid, queued)
    this.#save(queued)
    return true
  }

  /** The oldest message that may go out now; the order within a room is kept. */
  next(isReady: (room: string) => boolean): OutboxEntry | undefined {
    for (const entry of this.#entries.values()) {
      if (entry.state === 'queued' && isReady(entry.room)) return entry
    }
    return undefined
  }

  get(cid: string): OutboxEntry | undefined {
    return this.#entries.get(cid)
  }

  sending(cid: string): void {
    this.#update(cid, (entry) => (entry.state = 'sending'))
  }

  /** The server has stored it; its message is still on the way. */
  stored(cid: string, seq: number): void {
    const entry = this.#entries.get(cid)
    if (entry === undefined) return
    entry.state = 'stored'
    entry.seq = seq
    this.#storage.delete(cid).catch(ignore)
    this.#onchange()
  }

  /** Its message stands in the room. */
  acknowledged(cid: string): void {
    if (!this.#entries.delete(cid)) return
    this.#storage.delete(cid).catch(ignore)
    this.#onchange()
  }

  /** Let go of what is stored at or before this place of a room: its message has been applied, or is kept no longer. */
  settle(room: string, seq: number): void {
    for (const entry of this.#entries.values()) {
      if (entry.room === room && entry.state === 'stored' && entry.seq! <= seq) this.acknowledged(entry.cid)
    }
  }

  /** The server will not take it, however often it is sent. */
  failed(cid: string, error: string): void {
    this.#update(cid, (entry) => {
      entry.state = 'failed'
      entry.error = error
    })
  }

  /** Send it once more: the user's wish, or after a reason that passes. */
  requeue(cid: string): void {
    this.#update(cid, (entry) => {
      entry.state = 'queued'
      delete entry.error
    })
  }

  /** The connection is gone: nobody knows what became of what was on its way, so all of it goes out again. */
  connectionLost(): void {
    for (const entry of this.#entries.values()) {
      if (entry.state === 'sending') entry.state = 'queued'
    }
    this.#onchange()
  }

  discard(cid: string): void {
    this.acknowledged(cid)
  }

  #update(cid: string, change: (entry: OutboxEntry) => void): void {
    const entry = this.#entries.get(cid)
    if (entry === undefined) return
    change(entry)
    this.#save(entry)
  }

  #save(entry: OutboxEntry): void {
    this.#storage.put({ ...entry }).catch(ignore)
    this.#onchange()
  }
}
