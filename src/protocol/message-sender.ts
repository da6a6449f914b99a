/**
 * Messages in, frames out, in order: the extension's work, which may take its time, fragments, and the Close frame behind
 * all that was sent before it. RFC 6455 5.4, 5.5.1 and 6.1.
 */
import type { ExtensionInstance } from './extension.ts'
import { FIN_BIT } from './frame-header.ts'
import type { FrameWriter } from './frame-writer.ts'
import { MessageLine, type Outgoing } from './message-line.ts'
import { Opcode } from './opcode.ts'
import type { TextCodec } from './text-codec.ts'

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
  /** What waits for its turn; made when something first has to. */
  #line: MessageLine | undefined
  /** Set while the extension works on a message, of so many bytes. */
  #working = false
  #workingBytes = 0
  #written = 0
  /** Bytes that waited when it was decided that they will not be sent, and whether any message did, be it empty. */
  #lostBytes = 0
  #hasLost = false
  /** Whether `encode` has not returned yet: who called it then sees to what comes next, and else `done` does. */
  #inEncode = false
  /** Whether a message in fragments was begun and not ended yet, by what was given to `send` and by what was written. */
  #isOpen = false
  #isOpenOnWire = false
  /** Whether the frames of that message are not transformed. */
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

  /** Bytes of messages that wait for their turn, are being encoded, or were lost. */
  get queuedBytes(): number {
    return (this.#line?.bytes ?? 0) + this.#workingBytes + this.#lostBytes
  }

  /** Those of them that do not leave by themselves: they wait for a message in fragments to end, or were lost. */
  get heldBytes(): number {
    return (this.#line?.heldBytes ?? 0) + this.#lostBytes
  }

  /** Counts messages and fragments that had to wait, or the extension had to work on, as they are written. */
  get written(): number {
    return this.#written
  }

  /**
   * What `written` will be when all that was given to `send` so far has been. `Infinity` while that is not known, because
   * some waits for a message in fragments to end, and when some was lost.
   */
  get due(): number {
    const line = this.#line
    if (this.#hasLost || line?.holds === true) return Infinity
    return this.#written + (line?.count ?? 0) + (this.#working ? 1 : 0)
  }

  /** Whether the extension works on a message; when it is done, there is output. */
  get encoding(): boolean {
    return this.#working && !this.#isClosed
  }

  /** Whether a message in fragments was begun and not ended yet. */
  get fragmenting(): boolean {
    return this.#isOpen
  }

  /** Whether nothing waits and the extension is not at work: what is sent now goes straight out. */
  get idle(): boolean {
    return (!this.#working || this.#isClosed) && (this.#line === undefined || this.#line.isEmpty)
  }

  /** Send a whole message; straight to the writer when nothing stands in between, as nearly always. */
  sendWhole(payload: string | Uint8Array, isText: boolean, transform: boolean): void {
    if (this.#extension !== undefined || this.#isOpen || !this.idle) {
      return this.send({ payload, isText, transform, fragment: false, final: true })
    }
    this.#writer.message(payload, isText)
  }

  /** Send a message or a fragment, now or when its turn comes. */
  send(message: Outgoing): void {
    const isHeld = this.#isOpen && !message.fragment
    if (message.fragment) this.#isOpen = !message.final
    if (this.idle && !isHeld) this.#emit(message)
    else {
      this.#line ??= new MessageLine()
      if (isHeld) this.#line.hold(message, this.#sizeOf(message))
      else this.#line.push(message, this.#sizeOf(message))
    }
    // Whoever looks on while a message is encoded may have sent another, or closed.
    if (this.#line === undefined && this.#closePayload === undefined) return
    if (!this.#isOpen) this.#line?.release()
    this.#proceed()
  }

  /** Send a Close frame with this body behind everything that was sent before. RFC 6455 5.5.1: no data frame follows it; pongs may. */
  close(payload: Uint8Array): void {
    // A message in fragments that is open will never be finished; as long as none of it is written, the others can be.
    if (this.#isOpen) this.#lostBytes += this.#line?.abandon(this.#isOpenOnWire) ?? 0
    this.#closePayload = payload
    this.#proceed()
  }

  /** Send a Close frame at once, and drop what waits. RFC 6455 7.1.7. */
  fail(payload: Uint8Array): void {
    this.#lose()
    this.#writeClose(payload)
  }

  /** Nothing more can be sent: drop what waits, forget what was lost, and let go of the extension. */
  drop(): void {
    this.#lose()
    this.#lostBytes = 0
    this.#extension?.dispose()
  }

  #lose(): void {
    this.#hasLost ||= this.#working || (this.#line?.count ?? 0) > 0
    this.#lostBytes = this.queuedBytes
    this.#line = undefined
    this.#workingBytes = 0
    this.#closePayload = undefined
  }

  #proceed(): void {
    while (!this.#working) {
      const message = this.#line?.shift()
      if (message === undefined) break
      this.#emit(message)
    }
    if (this.#working || this.#closePayload === undefined) return
    const payload = this.#closePayload
    // What is left waits for a message that will never be finished: the application closed in its midst.
    this.#lose()
    this.#writeClose(payload)
  }

  #writeClose(payload: Uint8Array): void {
    this.#isClosed = true
    this.#writer.control(Opcode.Close, payload)
  }

  #emit(message: Outgoing): void {
    const extension = this.#extension
    const begins = !this.#isOpenOnWire
    this.#isOpenOnWire = !message.final
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
    this.#written++
    const opcode = !begins ? Opcode.Continuation : message.isText ? Opcode.Text : Opcode.Binary
    this.#writer.data((message.final ? FIN_BIT : 0) | rsv | opcode, payload)
  }

  #sizeOf({ payload }: Outgoing): number {
    return typeof payload === 'string' ? this.#codec.byteLength(payload) : payload.length
  }

  #toBytes(payload: string | Uint8Array): Uint8Array {
    return typeof payload === 'string' ? this.#codec.toUtf8(payload) : payload
  }
}
