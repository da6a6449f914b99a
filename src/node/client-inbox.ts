/**
 * Where a client's messages go: to its listener, to a reader that asks for them one by one, or nowhere yet, when they have
 * come before anybody was there to get them.
 */
import type { CloseOutcome } from '../protocol/close-outcome.ts'
import { MessageQueue, type MessageQueueOptions } from './message-queue.ts'

export interface ClientInboxOptions {
  /** Let reading rest, or go on. */
  readonly hold: (wanted: boolean) => void
  /** Hand a message to the listener. */
  readonly deliver: (message: string | Uint8Array) => void
  /** Whether the application has paused: then a message that waits goes on waiting. */
  readonly isPaused: () => boolean
}

export class ClientInbox {
  readonly #options: ClientInboxOptions
  #queue: MessageQueue | undefined
  #awaitsReader = false
  /** The first message, when nobody was there: reading rests, so there is no second. */
  #early: string | Uint8Array | undefined

  constructor(options: ClientInboxOptions) {
    this.#options = options
  }

  take(message: string | Uint8Array): void {
    if (this.#queue !== undefined) return this.#queue.push(message)
    if (!this.#awaitsReader) return this.#options.deliver(message)
    this.#early = message
    this.#options.hold(true)
  }

  /** Nobody listens yet. */
  awaitReader(): void {
    this.#awaitsReader = true
  }

  /** Somebody listens now, or the application has resumed. */
  readerCame(): void {
    if (!this.#awaitsReader || this.#options.isPaused()) return
    this.#awaitsReader = false
    if (this.#early === undefined) return
    // A listener is not called while it is being added.
    queueMicrotask(() => {
      const early = this.#early
      // It may have been asked for, or given up, meanwhile.
      if (early === undefined) return
      if (this.#options.isPaused()) return this.awaitReader()
      this.#early = undefined
      this.#options.deliver(early)
      this.#options.hold(false)
    })
  }

  /** The messages from now on, one by one. @throws Error when somebody reads them already. */
  readMessages(reader: Omit<MessageQueueOptions, 'hold'>): MessageQueue {
    if (this.#queue !== undefined) throw new Error('somebody reads the messages of this socket already')
    this.#queue = new MessageQueue({ ...reader, hold: this.#options.hold })
    this.#awaitsReader = false
    if (this.#early !== undefined) this.#queue.push(this.#early)
    this.#early = undefined
    return this.#queue
  }

  /** Whoever closes has no interest in a message that nobody has asked for. */
  stopWaiting(): void {
    this.#awaitsReader = false
    if (this.#early === undefined) return
    this.#early = undefined
    this.#options.hold(false)
  }

  /** Nothing more comes. */
  end(outcome: CloseOutcome): void {
    this.#queue?.end(outcome)
  }
}
