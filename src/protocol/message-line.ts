/**
 * Messages that wait to be sent, in the order in which they go. RFC 6455 5.4: the fragments of one message are not
 * interleaved with another, so whole messages that come while one in fragments is open line up behind its end.
 */

/** One data message, or one fragment of one. */
export interface Outgoing {
  readonly payload: string | Uint8Array
  readonly isText: boolean
  /** Whether the extension may transform it. */
  readonly transform: boolean
  /** Part of the message that is being sent in fragments. RFC 6455 5.4. */
  readonly fragment: boolean
  /** Ends its message. */
  readonly final: boolean
}

/** A message with its size in bytes, and the one behind it. */
interface Waiting {
  readonly message: Outgoing
  readonly size: number
  next: Waiting | undefined
}

/** One line: linked, so that neither end costs more the longer it is. */
interface Line {
  first: Waiting
  last: Waiting
}

export class MessageLine {
  #ready: Line | undefined
  /** Whole messages behind the one in fragments that is open. */
  #held: Line | undefined
  #readyBytes = 0
  #heldBytes = 0
  #readyCount = 0
  #heldCount = 0

  /** Whether nothing may go now. */
  get isEmpty(): boolean {
    return this.#ready === undefined
  }

  /** Bytes of all that waits. */
  get bytes(): number {
    return this.#readyBytes + this.#heldBytes
  }

  /** Bytes of those that wait for a message in fragments to end. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** How many messages and fragments wait. */
  get count(): number {
    return this.#readyCount + this.#heldCount
  }

  /** Whether some of them wait for a message in fragments to end. */
  get holds(): boolean {
    return this.#heldCount > 0
  }

  /** Line up behind what may go. */
  push(message: Outgoing, size: number): void {
    this.#ready = append(this.#ready, { message, size, next: undefined })
    this.#readyBytes += size
    this.#readyCount++
  }

  /** Wait for the message in fragments to end. */
  hold(message: Outgoing, size: number): void {
    this.#held = append(this.#held, { message, size, next: undefined })
    this.#heldBytes += size
    this.#heldCount++
  }

  /** The message in fragments has ended: what waited for that may go, behind its end. */
  release(): void {
    if (this.#held === undefined) return
    if (this.#ready === undefined) this.#ready = this.#held
    else {
      this.#ready.last.next = this.#held.first
      this.#ready.last = this.#held.last
    }
    this.#readyBytes += this.#heldBytes
    this.#readyCount += this.#heldCount
    this.#held = undefined
    this.#heldBytes = 0
    this.#heldCount = 0
  }

  /**
   * The message in fragments will not end. When all of it is still here, because `isBegun` is false or others come first, it is
   * dropped, and what waited for its end may go. Answers how many bytes were dropped.
   */
  abandon(isBegun: boolean): number {
    let lastEnd: Waiting | undefined
    let dropped = 0
    let droppedCount = 0
    for (let at = this.#ready?.first; at !== undefined; at = at.next) {
      dropped = at.message.final ? 0 : dropped + at.size
      droppedCount = at.message.final ? 0 : droppedCount + 1
      if (at.message.final) lastEnd = at
    }
    if (lastEnd === undefined && isBegun) return 0
    if (lastEnd !== undefined) lastEnd.next = undefined
    this.#ready = lastEnd && { first: this.#ready!.first, last: lastEnd }
    this.#readyBytes -= dropped
    this.#readyCount -= droppedCount
    this.release()
    return dropped
  }

  /** Take out the next that may go. */
  shift(): Outgoing | undefined {
    const line = this.#ready
    if (line === undefined) return undefined
    const { message, size, next } = line.first
    if (next === undefined) this.#ready = undefined
    else line.first = next
    this.#readyBytes -= size
    this.#readyCount--
    return message
  }
}

function append(line: Line | undefined, waiting: Waiting): Line {
  if (line === undefined) return { first: waiting, last: waiting }
  line.last.next = waiting
  line.last = waiting
  return line
}
