/**
 * Why a WebSocketStream ended, and what to end it with. WHATWG WebSockets (the WebSocketStream proposal), WebSocketError.
 */
import { readCloseArguments } from './close-arguments.ts'

/** What ends a stream. */
export interface WebSocketCloseInfo {
  /** 1000 or 3000 to 4999. */
  readonly closeCode?: number | undefined
  /** At most 123 bytes; without a code it goes with 1000. */
  readonly reason?: string | undefined
}

/** Make the error of a connection that has failed, with a code that nobody may send. */
export let failure: (message: string, close: { closeCode: number; reason: string; cause?: unknown }) => WebSocketError

/**
 * Given to `writer.abort` or `reader.cancel`, its code and reason go to the server; the streams reject with it when the
 * connection fails.
 */
export class WebSocketError extends DOMException {
  #closeCode: number | null
  #reason: string

  static {
    failure = (message, { closeCode, reason, cause }) => {
      const error = new WebSocketError(message)
      error.#closeCode = closeCode
      error.#reason = reason
      if (cause !== undefined)
        Object.defineProperty(error, 'cause', { value: cause, configurable: true, writable: true })
      return error
    }
  }

  /** @throws DOMException InvalidAccessError or SyntaxError for a code or a reason that cannot be sent. */
  constructor(message = '', init: WebSocketCloseInfo = {}) {
    super(String(message), 'WebSocketError')
    const { code, reason } = readCloseArguments(init.closeCode, init.reason)
    this.#closeCode = code ?? null
    this.#reason = reason
  }

  get closeCode(): number | null {
    return this.#closeCode
  }

  get reason(): string {
    return this.#reason
  }
}
