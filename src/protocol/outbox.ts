/**
 * The frames of one connection on their way out: they gather while bytes come in, and then until the handler says that it is
 * time, and leave in one go; the end of the transport follows them where that is due. RFC 6455 6.1, 7.1.1.
 */
import type { ConnectionHandler, ConnectionSettings } from './connection-options.ts'
import type { ExtensionInstance } from './extension.ts'
import { FrameWriter } from './frame-writer.ts'
import { MessageSender, type SenderListener } from './message-sender.ts'

/** When this much is encoded, it is handed over without waiting for the turn to end. */
const FLUSH_FROM = 65_536

/** What was given to send and has not become frames, or has not left as such. */
export interface Unsent {
  /** Bytes that do not leave by themselves: they wait for a message in fragments to end, or were lost. */
  readonly heldBytes: number
  /** Bytes of frames that were not given to the handler's `write` yet. */
  readonly unflushedBytes: number
  /** Counts what has become frames of what had to wait for that. */
  readonly written: number
  /** What `written` will be when all that was given to send so far has become frames; `Infinity` when that is not known. */
  readonly due: number
  /** Whether the extension works on a message; when it is done, there is output. */
  readonly isEncoding: boolean
}

export class Outbox implements SenderListener, Unsent {
  readonly writer: FrameWriter
  /** Made when it is first needed: a whole message goes straight to the writer where no extension is to work on it. */
  sender: MessageSender | undefined
  readonly #handler: ConnectionHandler
  /** While bytes come in, what answers them waits until they are read. */
  isReceiving = false
  /** Whether the transport is to end behind what is on its way, and whether it was told to. */
  #isLast = false
  #hasEnded = false
  /** Set from the first unflushed frame on. */
  #isPending = false

  constructor(handler: ConnectionHandler, extension: ExtensionInstance | undefined, settings: ConnectionSettings) {
    this.#handler = handler
    this.writer = new FrameWriter(settings)
    if (extension !== undefined) this.needSender(extension)
  }

  /** What puts in order all that cannot leave at once. */
  needSender(extension?: ExtensionInstance): MessageSender {
    const { writer } = this
    return (this.sender ??= new MessageSender({ writer, extension, listener: this }, writer.codec))
  }

  /** Send a whole message; straight to the writer when nothing stands in between, as nearly always. */
  sendWhole(payload: string | Uint8Array, isText: boolean, transform: boolean): void {
    if (this.sender === undefined) this.writer.message(payload, isText)
    else this.sender.sendWhole(payload, isText, transform)
  }

  /** Bytes that were given to send and not yet to the handler's `write`. */
  get pendingBytes(): number {
    return this.writer.pending + (this.sender?.queuedBytes ?? 0)
  }

  get heldBytes(): number {
    return this.sender?.heldBytes ?? 0
  }

  get unflushedBytes(): number {
    return this.writer.pending
  }

  get written(): number {
    return this.sender?.written ?? 0
  }

  get due(): number {
    return this.sender?.due ?? 0
  }

  get isEncoding(): boolean {
    return this.sender?.encoding === true
  }

  /** Whether nothing is on its way: all frames were handed over, and the extension is not at work. */
  get isEmpty(): boolean {
    return this.writer.pending === 0 && !this.isEncoding
  }

  /** End the transport behind everything that is on its way. */
  endTransport(): void {
    this.#isLast = true
    this.added()
  }

  /** See to it that what was encoded is flushed: at the end of what comes in, when the handler says so, or at once. */
  added(): void {
    if (this.writer.pending >= FLUSH_FROM) return this.flush()
    if (this.isReceiving || this.#isPending) return
    const handler = this.#handler
    if (handler.pending === undefined) return this.flush()
    this.#isPending = true
    handler.pending()
  }

  progress(): void {
    this.added()
  }

  /** Hand everything that was encoded to the handler's `write`, and end the transport if that is due. */
  flush(): void {
    this.#isPending = false
    if (!this.writer.flush(this.#handler)) return
    if (!this.#isLast || this.#hasEnded || this.isEncoding) return
    this.#hasEnded = true
    this.#handler.end()
  }
}
