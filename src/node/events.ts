/**
 * The events of the browser's WebSocket that Node does not have in every version, with what Node can tell beyond them.
 * WHATWG HTML 9.1, WebSockets 3.3.
 */
import type { CloseCause } from '../protocol/close-outcome.ts'

/** A message has arrived; also a ping or a pong, with its bytes. */
export class MessageEvent<T = unknown> extends Event {
  readonly data: T
  /** Where it comes from: scheme, host and port. */
  readonly origin: string

  constructor(type: string, init: { data?: T; origin?: string } = {}) {
    super(type)
    // HTML 9.1: null by default.
    this.data = init.data === undefined ? (null as T) : init.data
    this.origin = init.origin ?? ''
  }

  /** Of use in other places where there are MessageEvents. */
  get lastEventId(): string {
    return ''
  }

  get source(): null {
    return null
  }

  get ports(): readonly never[] {
    return []
  }
}

export interface CloseEventInit {
  readonly wasClean?: boolean
  readonly code?: number
  readonly reason?: string
  readonly cause?: CloseCause
}

/** A connection has ended. */
export class CloseEvent extends Event {
  /** Whether the closing handshake was completed. */
  readonly wasClean: boolean
  /** The peer's code; 1005 when it gave none; 1006 when the connection failed. RFC 6455 7.1.5. */
  readonly code: number
  readonly reason: string
  /** Who, or what, ended it. */
  readonly cause: CloseCause

  constructor(type: string, init: CloseEventInit = {}) {
    super(type)
    this.wasClean = init.wasClean ?? false
    this.code = init.code ?? 0
    this.reason = init.reason ?? ''
    this.cause = init.cause ?? 'transport'
  }
}

/** Something went wrong; in Node it may be said what. */
export class ErrorEvent extends Event {
  readonly error: Error
  readonly message: string

  constructor(type: string, error: Error) {
    super(type)
    this.error = error
    this.message = error.message
  }
}
