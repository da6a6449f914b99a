/**
 * Messages for a reader that asks for them one by one: while some wait, reading from the transport rests, so that the peer
 * is held back as long as nobody asks.
 */
import type { CloseOutcome } from '../protocol/close-outcome.ts'

export interface MessageQueueOptions {
  /** Let reading rest, or go on. */
  readonly hold: (wanted: boolean) => void
  /** The reader begins to work on a message, or asks for the next. Default: nobody is to know. */
  readonly work?: (isUnderWay: boolean) => void
  /** The reader has gone away before the end. */
  readonly leave: () => void
}

interface Waiter<Message> {
  resolve(result: IteratorResult<Message, undefined>): void
  reject(error: Error): void
}

/** The iterator behind `for await (const message of socket)`. It ends with the connection; an unclean end is thrown. */
export class MessageQueue<Message = string | Uint8Array> implements AsyncIterableIterator<Message, undefined> {
  readonly #options: MessageQueueOptions
  readonly #messages: Message[] = []
  readonly #waiting: Waiter<Message>[] = []
  #isHolding = false
  #isWorking = false
  /** Why there is no next message, unless that is as it should be. */
  #error: Error | undefined
  #hasEnded = false
  #hasLeft = false

  constructor(options: MessageQueueOptions) {
    this.#options = options
  }

  push(message: Message): void {
    if (this.#hasEnded || this.#hasLeft) return
    const waiter = this.#waiting.shift()
    if (waiter === undefined) {
      this.#messages.push(message)
      return this.#hold(true)
    }
    if (this.#waiting.length === 0) this.#work(true)
    waiter.resolve({ done: false, value: message })
  }

  /** Nothing more comes; with an outcome, because the connection ended. */
  end(outcome?: CloseOutcome): void {
    if (this.#hasEnded) return
    this.#end(outcome === undefined || outcome.clean ? undefined : (outcome.error ?? unclean(outcome)))
  }

  /** Drop what waits and what still comes: whoever asks for it gets the error. */
  fail(error: Error): void {
    this.#messages.length = 0
    this.#end(error)
    this.#hold(false)
  }

  next(): Promise<IteratorResult<Message, undefined>> {
    const message = this.#messages.shift()
    if (message !== undefined) {
      // First of all: a Close may come with what reading goes on with.
      this.#work(true)
      if (this.#messages.length === 0) this.#hold(false)
      return Promise.resolve({ done: false, value: message })
    }
    return new Promise((resolve, reject) => {
      const waiter = { resolve, reject }
      if (this.#hasEnded || this.#hasLeft) return this.#finish(waiter)
      this.#waiting.push(waiter)
      this.#work(false)
    })
  }

  return(): Promise<IteratorResult<Message, undefined>> {
    this.#hasLeft = true
    this.#messages.length = 0
    this.#hold(false)
    this.#work(false)
    this.#options.leave()
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #end(error: Error | undefined): void {
    this.#hasEnded = true
    this.#error = error
    for (const waiter of this.#waiting.splice(0)) this.#finish(waiter)
  }

  #hold(wanted: boolean): void {
    if (this.#isHolding === wanted) return
    this.#isHolding = wanted
    this.#options.hold(wanted)
  }

  #work(isUnderWay: boolean): void {
    // Said anew of each message: who has heard of it may have stopped to wait.
    if (!isUnderWay && !this.#isWorking) return
    this.#isWorking = isUnderWay
    this.#options.work?.(isUnderWay)
  }

  #finish(waiter: Waiter<Message>): void {
    if (this.#error === undefined || this.#hasLeft) waiter.resolve({ done: true, value: undefined })
    else waiter.reject(this.#error)
  }
}

function unclean({ code, cause }: CloseOutcome): Error {
  return new Error(`the connection ended with ${code} (${cause})`)
}
