/**
 * Messages in, frames out, in order: the extension's work, which may take its time, fragments, and the Close frame behind
 * all that was sent before it. RFC 6455 5.4, 5.5.1 and 6.1.
 */
import type { ExtensionInstance } from './extension.ts'
import { FIN_BIT } from './frame-header.ts'
import type { FrameWriter } from './frame-writer.ts'
import { Opcode } from './opcode.ts'
import type { TextCodec } from './text-codec.ts'

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

/** What a sender works with. */
export interface SenderParts {
  readonly writer: FrameWriter
  readonly extension: ExtensionInstance | undefined
  readonly listener: SenderListener
}

/** Who listens to a sender. */
export interface SenderListener {
  /** Work that had to wait has added frames to the writer. */
  progress(): void
}

export class MessageSender {
  readonly #writer: FrameWriter
  readonly #extension: ExtensionInstance | undefined
  readonly #listener: SenderListener
  readonly #codec: TextCodec
  #queue: Outgoing[] | undefined
  #queuedBytes = 0
  /** Set while the extension works on a message, of so many bytes. */
  #working = false
  #workingBytes = 0
  /** Whether `encode` has not returned yet: who called it then sees to what comes next, and else `done` does. */
  #inEncode = false
  /** Whether a message in fragments is under way, and whether its frames are transformed. */
  #fragmenting = false
  #fragmentIsPlain = false
  /** The body of the Close frame that goes out behind everything else. */
  #closePayload: Uint8Array | undefined
  /** Whether a Close frame was written: no data follows it. */
  #isClosed = false

  constructor(parts: SenderParts, codec: TextCodec) {
    this.#writer = parts.writer
    this.#extension = parts.extension
    this.#listener = parts.listener
    this.#codec = codec
  }

  /** Bytes of messages that wait for their turn, or are being encoded. */
  get queuedBytes(): number {
    return this.#queuedBytes + this.#workingBytes
  }

  /** Whether the extension works on a message; when it is done, there is output. */
  get encoding(): boolean {
    return this.#working && !this.#isClosed
  }

  /** Whether a message in fragments is under way. */
  get fragmenting(): boolean {
    return this.#fragmenting
  }

  /** Whether nothing waits and the extension is not at work: what is sent now goes straight out. */
  get idle(): boolean {
    return (!this.#working || this.#isClosed) && (this.#queue === undefined || this.#queue.length === 0)
  }

  /** Send a whole message; straight to the writer when nothing stands in between, as nearly always. */
  sendWhole(payload: string | Uint8Array, isText: boolean, transform: boolean): void {
    if (this.#extension !== undefined || this.#fragmenting || !this.idle) {
      return this.send({ payload, isText, transform, fragment: false, final: true })
    }
    const firstByte = FIN_BIT | (isText ? Opcode.Text : Opcode.Binary)
    if (typeof payload === 'string') this.#writer.text(firstByte, payload)
    else this.#writer.bytes(firstByte, payload)
  }

  /** Send a message or a fragment, now or when its turn comes. */
  send(message: Outgoing): void {
    if (this.idle && this.#mayGo(message)) return this.#emit(message)
    this.#queue ??= []
    this.#queue.push(message)
    this.#queuedBytes += this.#sizeOf(message)
    // The end of a message in fragments goes before the whole ones that wait for it.
    this.#proceed()
  }

  /** Send a Close frame with this body behind everything that was sent before. RFC 6455 5.5.1: no data frame follows it; pongs may. */
  close(payload: Uint8Array): void {
    this.#closePayload = payload
    this.#proceed()
  }

  /** Send a Close frame at once, and drop what waits. RFC 6455 7.1.7. */
  fail(payload: Uint8Array): void {
    this.drop()
    this.#writeClose(payload)
  }

  /** Drop what waits. */
  drop(): void {
    this.#queue = undefined
    this.#queuedBytes = 0
    this.#workingBytes = 0
    this.#closePayload = undefined
  }

  /** RFC 6455 5.4: the fragments of one message MUST NOT be interleaved with those of another. */
  #mayGo(message: Outgoing): boolean {
    return message.fragment || !this.#fragmenting
  }

  #proceed(): void {
    while (!this.#working && this.#queue !== undefined) {
      const index = this.#queue.findIndex((message) => this.#mayGo(message))
      if (index === -1) break
      const [message] = this.#queue.splice(index, 1)
      this.#queuedBytes -= this.#sizeOf(message!)
      this.#emit(message!)
    }
    if (this.#working || this.#closePayload === undefined) return
    const payload = this.#closePayload
    // What is left waits for a message that will never be finished: the application closed in its midst.
    this.drop()
    this.#writeClose(payload)
  }

  #writeClose(payload: Uint8Array): void {
    this.#isClosed = true
    this.#writer.control(Opcode.Close, payload)
  }

  #emit(message: Outgoing): void {
    const extension = this.#extension
    const begins = !this.#fragmenting
    this.#fragmenting = !message.final
    if (extension === undefined || !this.#isTransformed(message, extension, begins)) {
      return this.#write(message, begins, message.payload, 0)
    }
    this.#working = true
    this.#inEncode = true
    const bytes = this.#toBytes(message.payload)
    this.#workingBytes = bytes.length
    extension.encode(bytes, message.final, (payload, rsv) => {
      this.#working = false
      this.#workingBytes = 0
      // RFC 6455 5.5.1: no data frame follows a Close frame; the connection has failed meanwhile.
      if (this.#isClosed) return
      this.#write(message, begins, payload, begins ? rsv : 0)
      if (this.#inEncode) return
      this.#proceed()
      this.#listener.progress()
    })
    this.#inEncode = false
  }

  /** RFC 7692 6.1: a message is transformed as a whole or not at all; its first frame decides. */
  #isTransformed(message: Outgoing, extension: ExtensionInstance, begins: boolean): boolean {
    if (!begins) return !this.#fragmentIsPlain
    const plain = !message.transform || (message.final && this.#sizeOf(message) < extension.threshold)
    this.#fragmentIsPlain = plain
    return !plain
  }

  #write(message: Outgoing, begins: boolean, payload: string | Uint8Array, rsv: number): void {
    const opcode = !begins ? Opcode.Continuation : message.isText ? Opcode.Text : Opcode.Binary
    const firstByte = (message.final ? FIN_BIT : 0) | rsv | opcode
    if (typeof payload === 'string') this.#writer.text(firstByte, payload)
    else this.#writer.bytes(firstByte, payload)
  }

  #sizeOf({ payload }: Outgoing): number {
    return typeof payload === 'string' ? this.#codec.byteLength(payload) : payload.length
  }

  #toBytes(payload: string | Uint8Array): Uint8Array {
    return typeof payload === 'string' ? this.#codec.toUtf8(payload) : payload
  }
}
