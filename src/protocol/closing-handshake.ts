/**
 * Where a connection stands between open and closed, and how it will be said to have ended. RFC 6455 7.1; the table itself
 * is in connection-state.ts.
 */
import { CloseCode } from './close-code.ts'
import type { CloseCause, CloseOutcome } from './close-outcome.ts'
import { ConnectionState, transitions, type ConnectionEvent, type Transition } from './connection-state.ts'

export class ClosingHandshake {
  #state: ConnectionState = ConnectionState.Open
  #outcome: CloseOutcome | undefined
  #cause: CloseCause | undefined
  #error: Error | undefined

  get state(): ConnectionState {
    return this.#state
  }

  get isOpen(): boolean {
    return this.#state === ConnectionState.Open
  }

  /** Whether frames of the peer still mean something. RFC 6455 5.5.1: not after its Close frame. */
  get isReading(): boolean {
    return this.#state === ConnectionState.Open || this.#state === ConnectionState.Closing
  }

  /** Who of this side wanted the end; told as the cause if nothing else comes between. */
  get cause(): CloseCause | undefined {
    return this.#cause
  }

  /** Note who of this side wants the end, and why. */
  blame(cause: CloseCause | undefined, error?: Error): void {
    if (cause !== undefined) this.#cause = cause
    if (error !== undefined) this.#error ??= error
  }

  /** Note how it ended: the first to say so is right. RFC 6455 7.1.5. */
  record(outcome: CloseOutcome): void {
    this.#outcome ??= outcome
  }

  /** Go through the table: the only place where the state changes. What is not in the table changes nothing. */
  apply(event: ConnectionEvent): Transition | undefined {
    const transition = transitions[this.#state][event]
    if (transition !== undefined) this.#state = transition.next
    return transition
  }

  /** How it ended. RFC 6455 7.1.5: 1006 when no Close frame came. */
  get outcome(): CloseOutcome {
    if (this.#outcome !== undefined) return this.#outcome
    const ended = { code: CloseCode.AbnormalClosure, reason: '', clean: false, cause: this.#cause ?? 'transport' }
    return this.#error === undefined ? ended : { ...ended, error: this.#error }
  }
}
