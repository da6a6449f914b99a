/**
 * Where a connection stands between open and closed, what is done as it ends, and how it will be said to have ended.
 * RFC 6455 7.1; the table that decides is in connection-state.ts.
 */
import { CloseCode, isWireCloseCode } from './close-code.ts'
import type { CloseCause, CloseOutcome } from './close-outcome.ts'
import {
  CLOSE_CODE_LENGTH,
  decodeClosePayload,
  describeClosePayload,
  encodeClosePayload,
  fitReason,
} from './close-payload.ts'
import type { ConnectionHandler, ConnectionSettings } from './connection-options.ts'
import { ConnectionAction, ConnectionEvent, ConnectionState, transitions } from './connection-state.ts'
import type { Inbound } from './inbound.ts'
import type { MessageReceiver } from './message-receiver.ts'
import type { Outbox } from './outbox.ts'
import { ProtocolError, type Violation } from './violation.ts'

/** What a closing handshake works with. */
export interface ClosingParts {
  readonly handler: ConnectionHandler
  readonly receiver: MessageReceiver
  readonly outbox: Outbox
  readonly inbound: Inbound<unknown>
  readonly settings: Pick<ConnectionSettings, 'isServer' | 'codec' | 'echoReason'>
}

/** Whose doing a failure is, with the error to tell of. */
export interface FailureCause {
  readonly cause: CloseCause
  readonly error?: Error
}

const NO_BYTES: Uint8Array = new Uint8Array(0)

/** Made when the end begins: until then a connection is open. */
export class ClosingHandshake {
  readonly #handler: ConnectionHandler
  readonly #receiver: MessageReceiver
  readonly #inbound: Inbound<unknown>
  readonly #outbox: Outbox
  readonly #settings: ClosingParts['settings']
  #state: ConnectionState = ConnectionState.Open
  #outcome: CloseOutcome | undefined
  #cause: CloseCause | undefined
  #error: Error | undefined

  constructor(parts: ClosingParts) {
    this.#handler = parts.handler
    this.#receiver = parts.receiver
    this.#inbound = parts.inbound
    this.#outbox = parts.outbox
    this.#settings = parts.settings
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

  /** Note who of this side wants the end, and why; told if nothing else comes between. */
  blame(cause: CloseCause | undefined, error?: Error): this {
    if (cause !== undefined) this.#cause = cause
    if (error !== undefined) this.#error ??= error
    return this
  }

  /** Fail the connection. RFC 6455 7.1.7. */
  fail(code: number, reason: string, { cause, error }: FailureCause): void {
    if (!this.isReading) return
    const { codec } = this.#settings
    const fitted = fitReason(reason, codec)
    this.#record({ code, reason: fitted, clean: false, cause, ...(error === undefined ? {} : { error }) })
    const sent = isWireCloseCode(code) ? code : CloseCode.InternalError
    this.apply(ConnectionEvent.Violation, encodeClosePayload(sent, fitted, codec))
  }

  /** The peer broke a rule. */
  violated(violation: Violation, seen: string): void {
    const error = new ProtocolError(violation, seen)
    this.fail(violation.closeCode, error.message, { cause: 'protocol', error })
  }

  /** A Close frame came. RFC 6455 7.1.3 to 7.1.6. */
  closeReceived(payload: Uint8Array): void {
    const close = decodeClosePayload(payload, this.#settings.codec)
    if ('rule' in close) return this.violated(close, describeClosePayload(payload))
    this.#record({ code: close.code, reason: close.reason, clean: true, cause: this.#cause ?? 'peer' })
    // RFC 6455 5.5.1: the endpoint typically echoes the status code it received.
    const length = this.#settings.echoReason ? payload.length : CLOSE_CODE_LENGTH
    this.apply(ConnectionEvent.RemoteClose, payload.slice(0, length))
  }

  /** The peer has ended its side. RFC 9293 3.6: who has done so may still receive; there must only be an end to it. */
  inputEnded(): void {
    this.#inbound.payOwedPong()
    this.#outbox.flush()
    const isLeaving = !this.#outbox.isEmpty || this.#handler.waits?.() === true
    this.apply(isLeaving ? ConnectionEvent.InputEnd : ConnectionEvent.TransportEnd)
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

  /** Note how it ended: the first to say so is right. RFC 6455 7.1.5. */
  #record(outcome: CloseOutcome): void {
    this.#outcome ??= outcome
  }

  #perform(action: ConnectionAction, closePayload: Uint8Array): void {
    const outbox = this.#outbox
    switch (action) {
      case ConnectionAction.SendClose:
      case ConnectionAction.EchoClose:
        outbox.needSender().close(closePayload)
        return outbox.added()
      case ConnectionAction.FailClose:
        outbox.needSender().fail(closePayload)
        return outbox.added()
      case ConnectionAction.ServerEndsTransport:
        // RFC 6455 7.1.1: the server ends TCP first.
        return this.#settings.isServer ? outbox.endTransport() : undefined
      case ConnectionAction.EndTransport:
        return outbox.endTransport()
      case ConnectionAction.Destroy:
        // First of all, so that who is told can still see what was not sent.
        this.#handler.destroy()
        this.#inbound.forgetOwedPong()
        return outbox.sender?.drop()
      case ConnectionAction.Report:
        try {
          return this.#handler.closed(this.outcome)
        } catch (error) {
          return this.#inbound.threw(error)
        }
    }
  }
}
