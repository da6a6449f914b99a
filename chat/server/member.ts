/** One connection in one room: what it was sent, what it has acknowledged, and what is delivered again. */
import { type ChatCloseName, type Entry, LIMITS } from '../protocol/index.ts'

/** The part of a connection that a room talks to. */
export interface Recipient {
  readonly id: string
  readonly userId: string
  sendText(text: string): void
  sendEntry(entry: Entry, text: string): void
  /** Tell why, then close. */
  closeWith(name: ChatCloseName, detail: string): void
}

export type AckState = 'fine' | 'redeliver' | 'give-up'

export class Member {
  readonly recipient: Recipient
  /** `joining`: entries wait for the answer; `live`: they go out; `idle`: the log was reset, the client has to join again. */
  #mode: 'joining' | 'live' | 'idle' = 'joining'
  #waiting: { entry: Entry; text: string }[] = []
  #next = 0
  #sent = 0
  #acked = 0
  #pendingSince: number | undefined
  #tries = 0

  constructor(recipient: Recipient) {
    this.recipient = recipient
  }

  get acked(): number {
    return this.#acked
  }

  get sent(): number {
    return this.#sent
  }

  /** Hand over a new entry, in order; kept while the join is being answered. */
  deliver(entry: Entry, text: string, now: number): void {
    if (this.#mode === 'joining') this.#waiting.push({ entry, text })
    if (this.#mode !== 'live' || entry.seq < this.#next) return
    this.#next = entry.seq + 1
    this.#sent = entry.seq
    if (entry.seq > this.#acked) this.#pendingSince ??= now
    this.recipient.sendEntry(entry, text)
  }

  /** The join was answered with everything up to `head`: what came meanwhile follows now, then everything live. */
  goLive(head: number, now: number): void {
    const waiting = this.#waiting
    this.#waiting = []
    this.#mode = 'live'
    this.#next = head + 1
    this.#sent = head
    this.#acked = head
    this.#pendingSince = undefined
    this.#tries = 0
    for (const { entry, text } of waiting) this.deliver(entry, text, now)
  }

  /** Begin a join anew: entries wait again. */
  hold(): void {
    this.#mode = 'joining'
  }

  /** The log began anew: nothing is delivered until the client joins again. */
  reset(): void {
    this.#mode = 'idle'
    this.#waiting = []
    this.#pendingSince = undefined
  }

  /** A client may be ahead of what was sent: it has fetched the rest from the history. */
  ack(seq: number, now: number): void {
    if (seq <= this.#acked) return
    this.#acked = seq
    this.#tries = 0
    this.#pendingSince = seq < this.#sent ? now : undefined
  }

  /** Look at the clock: whether acks have stood still for too long while entries were pending. */
  checkAck(now: number): AckState {
    if (this.#pendingSince === undefined || now - this.#pendingSince < LIMITS.ackTimeoutMs) return 'fine'
    this.#pendingSince = now
    this.#tries += 1
    return this.#tries > LIMITS.redeliveries ? 'give-up' : 'redeliver'
  }
}
