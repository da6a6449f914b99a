/**
 * Who waits for what was sent to be handed to the system: each for what had been given to `send` when it began to wait,
 * whatever was sent since. Not a matter of any RFC.
 */
import type { Duplex } from 'node:stream'
import type { Connection } from '../protocol/connection.ts'

/** Whose messages they are. */
export interface SentHost {
  readonly connection: Connection
  readonly stream: Duplex
}

/** It waits until the connection has `written` what was due. */
interface Waiter {
  due: number
  readonly resolve: (isSent: boolean) => void
}

export class SentWaiters {
  readonly #host: SentHost
  /** Those for whom the stream is still to be asked, and the others. */
  #waiting: Waiter[] | undefined
  readonly #asked = new Set<Waiter[]>()

  constructor(host: SentHost) {
    this.#host = host
  }

  /** Resolves when everything sent so far was handed to the system; to `false` when it was dropped before. */
  wait(): Promise<boolean> {
    const { connection } = this.#host
    return new Promise((resolve) => {
      this.#waiting ??= []
      this.#waiting.push({ due: connection.unsent.due, resolve })
      this.ask()
      connection.flush()
    })
  }

  /** Something was given to the stream. It calls back in order: when an empty write is through, so is all that came before. */
  ask(): void {
    if (this.#waiting === undefined) return
    const { connection, stream } = this.#host
    // After the end of the stream nothing can be asked of it: who waits is told when it is closed.
    if (connection.unsent.unflushedBytes > 0 || !stream.writable) return
    const waiters = this.#takeWritten(this.#waiting)
    if (waiters.length === 0) return
    this.#asked.add(waiters)
    stream.write('', (error) => {
      this.#asked.delete(waiters)
      tell(waiters, error === undefined || error === null)
    })
  }

  /** What is not written yet is dropped, and with it what they wait for. */
  drop(): void {
    tell(this.#waiting ?? [], false)
    this.#waiting = undefined
  }

  /** Nothing more leaves: a stream that was dropped in the midst of a write may never call back. */
  end(): void {
    this.drop()
    for (const waiters of this.#asked) tell(waiters, false)
    this.#asked.clear()
  }

  /** Those for whom all has been given to the stream: the first in the line, for who comes later waits for more. */
  #takeWritten(waiting: Waiter[]): Waiter[] {
    const { connection } = this.#host
    const rest = waiting.findIndex((waiter) => {
      // What was held when it came may be on its way by now.
      if (waiter.due === Infinity) waiter.due = connection.unsent.due
      return waiter.due > connection.unsent.written
    })
    if (rest !== -1) return waiting.splice(0, rest)
    this.#waiting = undefined
    return waiting
  }
}

function tell(waiters: readonly Waiter[], isSent: boolean): void {
  for (const { resolve } of waiters) resolve(isSent)
}
