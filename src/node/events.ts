/**
 * The events of the browser's WebSocket that Node does not have in every version. WHATWG HTML 9.2.1, WebSockets 3.3.
 */

/** A message has arrived. */
export class MessageEvent<T = unknown> extends Event {
  readonly data: T
  readonly origin: string

  constructor(type: string, init: { data: T; origin?: string }) {
    super(type)
    this.data = init.data
    this.origin = init.origin ?? ''
  }
}

/** A connection has ended. */
export class CloseEvent extends Event {
  /** Whether the closing handshake was completed. */
  readonly wasClean: boolean
  readonly code: number
  readonly reason: string

  constructor(type: string, init: { wasClean?: boolean; code?: number; reason?: string } = {}) {
    super(type)
    this.wasClean = init.wasClean ?? false
    this.code = init.code ?? 0
    this.reason = init.reason ?? ''
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
