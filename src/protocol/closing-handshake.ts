/**
 * Where a connection stands between open and closed, what is done as it ends, and how it will be said to have ended.
 * RFC 6455 7.1; the table that decides is in connection-state.ts.
 */
import { CloseCode } from './close-code.ts'
import type { CloseCause, CloseOutcome } from './close-outcome.ts'
import type { ConnectionHandler } from './connection-options.ts'
import { ConnectionAction, ConnectionState, transitions, type ConnectionEvent } from './connection-state.ts'
import type { ExtensionInstance } from './extension.ts'
import type { Inbound } from './inbound.ts'
import type { MessageReceiver } from './message-receiver.ts'
import type { Outbox } from './outbox.ts'

/** What a closing handshake works with. */
export interface ClosingParts {
  readonly handler: ConnectionHandler
  readonly extension: ExtensionInstance | undefined
  readonly receiver: MessageReceiver
  readonly outbox: Outbox
  /** A server ends TCP first. RFC 6455 7.1.1. */
  readonly isServer: boolean
  readonly inbound: Inbound<unknown>
}

const NO_BYTES: Uint8Array = new Uint8Array(0)

export class ClosingHandshake {
  readonly #handler: ConnectionHandler
  readonly #extension: ExtensionInstance | undefined
  readonly #receiver: MessageReceiver
  readonly #inbound: Inbound<unknown>
  readonly #outbox: Outbox
  readonly #isServer: boolean
  #state: ConnectionState = ConnectionState.Open
  #outcome: CloseOutcome | undefined
  #cause: CloseCause | undefined
  #error: Error | undefined

  constructor(parts: ClosingParts) {
    this.#handler = parts.handler
    this.#extension = parts.extension
    this.#receiver = parts.receiver
    this.#inbound = parts.inbound
    this.#outbox = parts.outbox
    this.#isServer = parts.isServer
  }

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

  /** Let something happen: go through the table, the only place where the state changes, and do what it says. */
  apply(event: ConnectionEvent, closePayload: Uint8Array = NO_BYTES): void {
    const wasOpen = this.isOpen
    const transition = transitions[this.#state][event]
    if (transition === undefined) return
    this.#state = transition.next
    // RFC 6455 7.1.7: nothing more that comes is processed.
    if (!this.isReading) this.#receiver.stop()
    // What still comes is discarded, so that the end of TCP is seen.
    if (transition.next === ConnectionState.Draining && this.#receiver.stalls !== 0) {
      this.#handler.reading?.(true)
    }
    for (const action of transition.actions) this.#perform(action, closePayload)
    // A transport that calls back may have brought the end meanwhile.
    if (wasOpen && this.state !== ConnectionState.Closed) this.#handler.closing?.()
  }

  /** How it ended. RFC 6455 7.1.5: 1006 when no Close frame came. */
  get outcome(): CloseOutcome {
    if (this.#outcome !== undefined) return this.#outcome
    const ended = { code: CloseCode.AbnormalClosure, reason: '', clean: false, cause: this.#cause ?? 'transport' }
    return this.#error === undefined ? ended : { ...ended, error: this.#error }
  }

  #perform(action: ConnectionAction, closePayload: Uint8Array): void {
    const outbox = this.#outbox
    switch (action) {
      case ConnectionAction.SendClose:
      case ConnectionAction.EchoClose:
        outbox.sender.close(closePayload)
        return outbox.added()
      case ConnectionAction.FailClose:
        outbox.sender.fail(closePayload)
        return outbox.added()
      case ConnectionAction.ServerEndsTransport:
        return this.#isServer ? outbox.endTransport() : undefined
      case ConnectionAction.EndTransport:
        return outbox.endTransport()
      case ConnectionAction.Destroy:
        // First of all, so that who is told can still see what was not sent.
        this.#handler.destroy()
        this.#inbound.forgetOwedPong()
        outbox.sender.drop()
        return this.#extension?.dispose()
      case ConnectionAction.Report:
        try {
          return this.#handler.closed(this.outcome)
        } catch (error) {
          return this.#inbound.threw(error)
        }
    }
  }
}
