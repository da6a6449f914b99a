/**
 * Messages that wait for a connection, up to a number of bytes.
 */

/** What both platforms can send. */
export type Message = string | ArrayBuffer | ArrayBufferView

export class SendQueue {
  readonly #limit: number
  #messages: Message[] = []
  #bytes = 0

  /** `limit` is in bytes; 0 keeps nothing. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Bytes that wait. */
  get bytes(): number {
    return this.#bytes
  }

  /** Answers `false`, and keeps nothing, when it would be too much. */
  add(message: Message): boolean {
    const length = lengthOf(message)
    if (this.#bytes + length > this.#limit || this.#limit === 0) return false
    this.#bytes += length
    this.#messages.push(message)
    return true
  }

  /** Take all that waits. */
  takeAll(): Message[] {
    const messages = this.#messages
    this.#messages = []
    this.#bytes = 0
    return messages
  }
}

/** A UTF-16 unit becomes three bytes at most: strings are counted without being encoded. */
const MOST_BYTES_PER_UNIT = 3

function lengthOf(message: Message): number {
  return typeof message === 'string' ? message.length * MOST_BYTES_PER_UNIT : message.byteLength
}
