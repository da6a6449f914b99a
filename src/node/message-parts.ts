/**
 * Messages too big to be held: read part by part, written part by part. RFC 6455 5.4: a message may be sent in fragments
 * when its length is not known, and a receiver sees no difference.
 */
import type { CloseOutcome } from '../protocol/close-outcome.ts'
import type { DuplexBinding } from './duplex-binding.ts'
import { MessageQueue } from './message-queue.ts'
import { toPayload, type Sendable } from './payload.ts'

/** A message that comes in parts, as an async iterable of bytes; text may be cut inside a character. */
export class MessageParts implements AsyncIterable<Uint8Array> {
  /** Whether it is a text message; its parts are UTF-8, checked. */
  readonly isText: boolean
  readonly #queue: MessageQueue<Uint8Array>
  #hasReader = false

  constructor(isText: boolean, hold: (wanted: boolean) => void) {
    this.isText = isText
    this.#queue = new MessageQueue<Uint8Array>({ hold, leave: () => {} })
  }

  /**
   * The parts, once. A reader that leaves early lets the rest of the message pass unseen; one that waits when the connection
   * ends gets an error: the message is not whole. So does who begins when the handler has settled already.
   */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    this.#hasReader = true
    return this.#queue
  }

  /** Whether somebody has begun to read. */
  get hasReader(): boolean {
    return this.#hasReader
  }

  push(bytes: Uint8Array): void {
    this.#queue.push(bytes)
  }

  /** The message is complete, or with an outcome: the connection ended before it was. */
  end(outcome?: CloseOutcome): void {
    // However well the connection ended: what came of the message is not all of it.
    this.#queue.end(outcome && { ...outcome, clean: false })
  }

  /** Let the rest pass unseen, and the peer go on; whoever reads nevertheless gets an error. */
  discard(why: string): void {
    this.#queue.fail(new Error(why))
  }
}

/** What a writer writes to. */
type Written = Pick<DuplexBinding<unknown>, 'connection' | 'output' | 'messagesOut' | 'isWriting'>

/** What was sent before and may still wait, for a Blob to be read. */
export interface FragmentOrder {
  /** Whether anything may still be sent. */
  isOpen(): boolean
  /** Whether nothing waits. */
  isEmpty(): boolean
  /** Call `send` behind all that waits. Resolves to what it answers, or to `false` when the turn never comes. */
  wait(fragment: string | Uint8Array, send: () => boolean): Promise<boolean>
}

/** How a message is written. */
export interface WriterOptions {
  readonly isText: boolean
  /** Called before its first fragment is sent. */
  readonly begin?: () => void
  /** Where others may stand before it. Default: nothing ever waits. */
  readonly order?: FragmentOrder
}

/** Writes one message in fragments. */
export class MessageWriter {
  readonly #binding: Written
  readonly #options: WriterOptions
  #hasBegun = false
  #isEnded = false
  /** Fragments whose turn has not come. */
  #waiting = 0
  /** The first half of a surrogate pair that the last string was cut in. */
  #half = ''

  /** @throws Error while another of the same connection has not ended. */
  constructor(binding: Written, options: WriterOptions) {
    if (binding.isWriting) throw new Error('another message is being written in fragments: it has to end first')
    binding.isWriting = true
    this.#binding = binding
    this.#options = options
  }

  /**
   * Send the next fragment. Resolves when more is wanted: to `false` when the connection is no longer open.
   * Strings may be cut anywhere: half of a surrogate pair leaves with the next part. Bytes are not copied from 8 KiB on: do not write to them afterwards.
   */
  write(part: Sendable): Promise<boolean> {
    return this.#send(part, false)
  }

  /** Send the last fragment, which may be empty. */
  end(part: Sendable = ''): Promise<boolean> {
    return this.#send(part, true)
  }

  #send(part: Sendable, final: boolean): Promise<boolean> {
    if (this.#isEnded) throw new Error('the message has ended already')
    const payload = toPayload(part)
    this.#isEnded = final
    if (final) this.#binding.isWriting = false
    const half = this.#half
    this.#half = ''
    // Bytes behind it leave it alone for good: it is sent as any lone surrogate is.
    if (half !== '' && typeof payload !== 'string') void this.#inTurn(half, false)
    return this.#inTurn(typeof payload === 'string' ? this.#cut(half + payload, final) : payload, final)
  }

  /** Send a fragment, unless others come first: then when it is its turn. */
  #inTurn(fragment: string | Uint8Array, final: boolean): Promise<boolean> {
    const isFirst = !this.#hasBegun
    this.#hasBegun = true
    if (isFirst) this.#options.begin?.()
    const { order } = this.#options
    if (order !== undefined) {
      if (!order.isOpen()) return Promise.resolve(false)
      // What is under way goes on, whatever was sent since it began.
      if (this.#waiting > 0 || (isFirst && !order.isEmpty())) return this.#wait(order, fragment, final)
    }
    return this.#sendNow(fragment, final) ? this.#binding.output.readyToGoOn() : Promise.resolve(false)
  }

  async #wait(order: FragmentOrder, fragment: string | Uint8Array, final: boolean): Promise<boolean> {
    this.#waiting++
    const isSent = await order.wait(fragment, () => {
      this.#waiting--
      return this.#sendNow(fragment, final)
    })
    return isSent && this.#binding.output.readyToGoOn()
  }

  #sendNow(fragment: string | Uint8Array, final: boolean): boolean {
    if (!this.#binding.connection.sendFragment(fragment, this.#options.isText, final)) return false
    if (final) this.#binding.messagesOut++
    return true
  }

  /** Keep half a pair at the end back, unless nothing comes behind it. */
  #cut(text: string, final: boolean): string {
    const end = text.length - 1
    if (final || !isHighSurrogate(text.charCodeAt(end))) return text
    this.#half = text.slice(end)
    return text.slice(0, end)
  }
}

/** Unicode 3.8, D71. NaN, which the end of an empty string has for a code unit, is none. */
function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff
}
