/**
 * What the server is told of a room's log: up to where it has arrived (acks) and up to where it was read. Both are cumulative,
 * so that they are gathered for a moment.
 */
import type { Requests } from './requests.ts'

/** Milliseconds. */
const MARK_DELAY = 400

export interface RoomMarksOptions {
  readonly room: string
  readonly requests: Requests
  /** The last entry that is applied. */
  readonly last: () => number
}

export class RoomMarks {
  /** Read up to here, by this user on any connection. */
  read = 0
  readonly #options: RoomMarksOptions
  #isLive = false
  #acked = 0
  #readTold = 0
  #ackTimer: ReturnType<typeof setTimeout> | undefined
  #readTimer: ReturnType<typeof setTimeout> | undefined

  constructor(options: RoomMarksOptions) {
    this.#options = options
  }

  /** The room was joined; these are the marks that the server has. In another epoch those of the old one mean nothing. */
  joined(marks: { readonly cursor: number; readonly read: number }, isSameEpoch: boolean): void {
    this.#isLive = true
    this.read = Math.max(isSameEpoch ? this.read : 0, marks.read)
    this.#readTold = marks.read
    this.#acked = marks.cursor
  }

  /** The connection is gone. */
  lost(): void {
    this.#isLive = false
    clearTimeout(this.#ackTimer)
    clearTimeout(this.#readTimer)
    this.#ackTimer = this.#readTimer = undefined
    this.#acked = 0
  }

  /** More has arrived. */
  ackSoon(): void {
    const { last } = this.#options
    if (last() <= this.#acked) return
    this.#ackTimer ??= setTimeout(() => {
      this.#ackTimer = undefined
      if (!this.#isLive || last() <= this.#acked) return
      this.#acked = last()
      this.#options.requests.tell('ack', { seq: this.#acked }, this.#options.room)
    }, MARK_DELAY)
  }

  /** The user has seen everything up to the last entry. */
  markRead(): void {
    const last = this.#options.last()
    if (last <= this.read && this.#readTold >= this.read) return
    this.read = Math.max(this.read, last)
    this.#readTimer ??= setTimeout(() => {
      this.#readTimer = undefined
      if (!this.#isLive || this.read <= this.#readTold) return
      this.#readTold = this.read
      this.#options.requests.tell('read', { seq: this.read }, this.#options.room)
    }, MARK_DELAY)
  }

  /** The user has read up to here on another connection. */
  readElsewhere(seq: number): void {
    this.read = Math.max(this.read, seq)
  }
}
