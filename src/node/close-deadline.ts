/**
 * How long the closing handshake and the end of TCP may take. RFC 6455 7.1.1: after a reasonable time TCP may be dropped.
 */
import type { Connection } from '../protocol/connection.ts'
import { ConnectionState } from '../protocol/connection-state.ts'
import type { Output } from './output.ts'
import { Deadline, wheel } from './timer-wheel.ts'

/** Queued data is never truncated while the peer takes it; a peer that takes nothing is cut off. */
export class CloseDeadline extends Deadline {
  readonly #connection: Connection
  readonly #output: Output
  #timeoutMs = 0
  /** How far the output was when the deadline was set. */
  #progress = 0

  constructor(connection: Connection, output: Output) {
    super()
    this.#connection = connection
    this.#output = output
  }

  /** Begin anew. */
  set(timeoutMs: number): void {
    this.#timeoutMs = timeoutMs
    this.#progress = this.#output.progress
    wheel.set(this, timeoutMs)
  }

  override expire(): void {
    if (this.#connection.awaitsAnswer) return this.#connection.stopAwaitingAnswer()
    const isTaking = this.#output.leavingBytes > 0 && this.#output.progress !== this.#progress
    // While it is open, what the peer sent before it ended its side waits for the application, not for the peer.
    const isOurTurn = this.#connection.state === ConnectionState.Open && !this.#output.isBlocked
    if (isTaking || isOurTurn) this.set(this.#timeoutMs)
    else this.#connection.terminate('timeout')
  }
}
