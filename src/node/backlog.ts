/**
 * What a connection knows of its output when the peer did not take it at once. Most never get there: it is made when that
 * first happens. Not a matter of any RFC.
 */
import { abortable } from './abortable.ts'
import { Deferred } from './deferred.ts'

/** Who waits: called with whether it came to what they wait for. */
type Waiter = (isDone: boolean) => void

export class Backlog {
  /** Bytes that were unsent behind the last message. */
  unsentAtSend = 0
  /** Whether more is on its way to the peer than there may be. */
  isBlocked = false
  /** Whether the stream has more than its own mark, and will say `drain`. */
  isQueued = false
  /** Bytes of publications that wait elsewhere, until it keeps up again. */
  held = 0
  /** Whether the host was told that it is blocked, or is to be told that it is no longer. */
  owesUnblocked = false
  /** Whether somebody was told to wait. */
  owesDrain = false
  /** Bytes that came when the stream took nothing any more. */
  lost = 0
  /** Who waits for a time when it is well to send more: whole messages, and the next fragment of one that is open. */
  #waitingForRoom: Set<Waiter> | undefined
  #waitingToGoOn: Waiter[] | undefined

  /** Resolves with what `tellReady` is told. Who aborts is forgotten. */
  ready(signal: AbortSignal | undefined): Promise<boolean> {
    const { promise, resolve } = new Deferred<boolean>()
    this.#waitingForRoom ??= new Set()
    this.#waitingForRoom.add(resolve)
    return abortable(promise, signal, () => this.#waitingForRoom?.delete(resolve))
  }

  tellReady(isOpen: boolean): void {
    const waiters = this.#waitingForRoom ?? []
    this.#waitingForRoom = undefined
    for (const resolve of waiters) resolve(isOpen)
  }

  /** Resolves with what `tellToGoOn` is told. */
  readyToGoOn(): Promise<boolean> {
    return new Promise((resolve) => {
      this.#waitingToGoOn ??= []
      this.#waitingToGoOn.push(resolve)
    })
  }

  tellToGoOn(isOpen: boolean): void {
    for (const resolve of this.#waitingToGoOn?.splice(0) ?? []) resolve(isOpen)
  }
}
