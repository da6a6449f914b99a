/**
 * Frames in, messages and control frames out: fragmentation, the limits, and UTF-8 as it comes.
 * RFC 6455 5.4, 5.5, 5.6 and 8.1.
 */
import { viewBytes } from './byte-view.ts'
import type { FrameHeader } from './frame-header.ts'
import type { FrameSink } from './frame-reader.ts'
import { checkHeader, type HeaderContext } from './frame-rules.ts'
import { Opcode, isControl } from './opcode.ts'
import { copyOf, PayloadBuffer, type Allocate } from './payload-buffer.ts'
import { HEEDS_MESSAGES } from './stall.ts'
import type { TextCodec } from './text-codec.ts'
import { incompleteTailStart, Utf8Validator } from './utf8.ts'
import { Violations, type Violation } from './violation.ts'

/** Who listens to an assembler. Each call but `violation` answers whether to go on reading. */
export interface MessageSink {
  /** A whole message: a string, or bytes, which are UTF-8 where they are text that is wanted as bytes. */
  message(message: string | Uint8Array, isText: boolean): boolean
  /** A whole message whose first frame carried the bits of an extension, as it came over the wire. */
  encoded(payload: Uint8Array, isText: boolean): boolean
  /** The next bytes of a message that is too big to be collected. */
  part(bytes: Uint8Array, part: MessagePart): boolean
  /** A whole control frame. */
  control(opcode: number, payload: Uint8Array): boolean
  /** The peer broke a rule; nothing more is read. */
  violation(violation: Violation, seen: string): void
}

/** What a part of a message is a part of. */
export interface MessagePart {
  readonly isText: boolean
  /** Whether the message carried the bits of an extension. */
  readonly isEncoded: boolean
  /** Whether the message ends with it. */
  readonly final: boolean
}

export interface AssemblerOptions {
  /** Whether frames must come masked. RFC 6455 5.1. */
  readonly isServer: boolean
  /** The most bytes a message may have as it comes over the wire. */
  readonly maxPayload: number
  /** The most frames a message may have. */
  readonly maxFragments: number
  /** Messages of more bytes are handed over in parts, as they come, instead of being collected. */
  readonly partsFrom: number
  /** Hand text over as bytes. */
  readonly textAsBytes: boolean
  readonly codec: TextCodec
  readonly allocate: Allocate
}

/** Below this the incremental check is as fast as asking the platform. */
const CHECK_AT_ONCE_FROM = 64

/** Behind which headers to stop. */
export const Held = {
  Nothing: 0,
  /** That of a Close. */
  Close: 1,
  /** Each but those of Ping and Pong. */
  Messages: 2,
} as const
export type Held = (typeof Held)[keyof typeof Held]

/** What is held back for these reasons to rest. */
export function heldDuring(stalls: number): Held {
  if (stalls === 0) return Held.Nothing
  return (stalls & ~HEEDS_MESSAGES) === 0 ? Held.Close : Held.Messages
}

export class MessageAssembler implements FrameSink, HeaderContext {
  #options: AssemblerOptions
  readonly #sink: MessageSink
  /** What the rules for a header depend on. */
  readonly isServer: boolean
  readonly claimedRsv: number
  inMessage = false
  /** Whether chunks are lent: whoever gets bytes of them to keep gets a copy. */
  isLent = false
  holds: Held = Held.Nothing
  /** Of the current frame: whether it is a control frame, which one, and whether it ends its message. */
  #opcode: number = Opcode.Continuation
  #fin = false
  /** Of the current message. */
  #isText = false
  #isEncoded = false
  #isInParts = false
  #announced = 0
  #fragments = 0
  /** Made when a message, or a control frame, first comes in more than one part. */
  #message: PayloadBuffer | undefined
  #control: PayloadBuffer | undefined
  #validator: Utf8Validator | undefined

  /** `claimedRsv`: the reserved bits that the negotiated extension claims. */
  constructor(options: AssemblerOptions, sink: MessageSink, claimedRsv: number) {
    this.#options = options
    this.#sink = sink
    this.isServer = options.isServer
    this.claimedRsv = claimedRsv
  }

  /** Go on with other limits; they hold from the next frame on. */
  setOptions(options: AssemblerOptions): void {
    this.#options = options
  }

  /** Whether the current frame is one that is heard while messages wait. */
  get isPingOrPong(): boolean {
    return this.#opcode === Opcode.Ping || this.#opcode === Opcode.Pong
  }

  /** Whether the current frame is a Close. */
  get isClose(): boolean {
    return this.#opcode === Opcode.Close
  }

  /** Whether the current frame is one of a message. */
  get isOfMessage(): boolean {
    return !isControl(this.#opcode)
  }

  frameHeader(header: FrameHeader): boolean {
    const violation = checkHeader(header, this)
    if (violation !== undefined) return this.#violate(violation, describeFrame(header))
    this.#opcode = header.opcode
    // RFC 6455 5.4: control frames may stand between the fragments of a message, and touch nothing of it.
    if (isControl(header.opcode)) return this.holds === Held.Nothing || this.isPingOrPong
    this.#fin = header.fin
    this.inMessage = !header.fin
    if (header.opcode !== Opcode.Continuation) this.#beginMessage(header)
    this.#fragments++
    this.#announced += header.payloadLength
    // RFC 6455 10.4: an endpoint MUST protect itself against more than its limits; refused before anything is buffered.
    if (this.#announced > this.#options.maxPayload) {
      return this.#violate(
        Violations.MessageTooBig,
        `message of at least ${this.#announced} bytes, at most ${this.#options.maxPayload} allowed`,
      )
    }
    if (this.#fragments > this.#options.maxFragments) {
      return this.#violate(Violations.TooManyFragments, `message of more than ${this.#options.maxFragments} fragments`)
    }
    if (this.#announced > this.#options.partsFrom) this.#isInParts = true
    return this.holds !== Held.Messages
  }

  framePayload(chunk: Uint8Array, start: number, end: number, last: boolean): boolean {
    if (isControl(this.#opcode)) return this.#controlPart(chunk, start, end, last)
    const whole = last && this.#fin
    if (this.#isInParts) return this.#deliverPart(chunk, start, end, whole)
    if (whole && (this.#message === undefined || this.#message.length === 0)) return this.#deliver(chunk, start, end)
    if (this.#isText && !this.#isEncoded && !this.#checkText(chunk, start, end)) {
      return this.#violate(Violations.TextNotUtf8, 'text message with a byte that cannot be UTF-8')
    }
    const message = this.#collecting()
    if (end > start) message.push(chunk, start, end, this.#announced)
    return whole ? this.#deliverCollected(message) : true
  }

  #beginMessage(header: FrameHeader): void {
    this.#isText = header.opcode === Opcode.Text
    this.#isEncoded = header.rsv !== 0
    this.#isInParts = false
    this.#announced = 0
    this.#fragments = 0
    this.#validator?.reset()
  }

  #deliverPart(chunk: Uint8Array, start: number, end: number, final: boolean): boolean {
    if (this.#isText && !this.#isEncoded) {
      if (!this.#checkText(chunk, start, end)) {
        return this.#violate(Violations.TextNotUtf8, 'text message with a byte that cannot be UTF-8')
      }
      if (final && this.#validator?.complete === false) {
        return this.#violate(Violations.TextNotUtf8, 'text message that ends inside a character')
      }
    }
    if (start === end && !final) return true
    return this.#sink.part(this.#withCollected(chunk, start, end), {
      isText: this.#isText,
      isEncoded: this.#isEncoded,
      final,
    })
  }

  /** What was collected before the message grew too big goes out with its first part. */
  #withCollected(chunk: Uint8Array, start: number, end: number): Uint8Array {
    const collected = this.#message
    if (collected === undefined || collected.length === 0) return this.#handOut(chunk, start, end)
    this.#collecting().push(chunk, start, end)
    return collected.take()
  }

  #collecting(): PayloadBuffer {
    this.#message ??= new PayloadBuffer(this.#options.allocate)
    this.#message.isLent = this.isLent
    return this.#message
  }

  /** Bytes of a chunk, for somebody to keep. */
  #handOut(chunk: Uint8Array, start: number, end: number): Uint8Array {
    const bytes = viewBytes(chunk, start, end)
    return this.isLent ? copyOf(bytes, this.#options.allocate) : bytes
  }

  /** The whole message lies in one chunk: nothing has to be collected, and text is checked and decoded in one go. */
  #deliver(chunk: Uint8Array, start: number, end: number): boolean {
    if (this.#isEncoded) return this.#sink.encoded(this.#handOut(chunk, start, end), this.#isText)
    if (!this.#isText) return this.#sink.message(this.#handOut(chunk, start, end), false)
    return this.#deliverText(chunk, start, end)
  }

  #deliverText(chunk: Uint8Array, start: number, end: number): boolean {
    const { codec, textAsBytes } = this.#options
    if (textAsBytes) {
      const message = this.#handOut(chunk, start, end)
      if (codec.isUtf8(message, 0, message.length)) return this.#sink.message(message, true)
    } else {
      const text = codec.decode(chunk, start, end)
      if (text !== undefined) return this.#sink.message(text, true)
    }
    return this.#violate(Violations.TextNotUtf8, 'text message that is not UTF-8')
  }

  #deliverCollected(message: PayloadBuffer): boolean {
    if (this.#isEncoded) return this.#sink.encoded(message.take(), this.#isText)
    if (!this.#isText) return this.#sink.message(message.take(), false)
    if (this.#validator?.complete === false) {
      return this.#violate(Violations.TextNotUtf8, 'text message that ends inside a character')
    }
    const bytes = message.take()
    return this.#deliverText(bytes, 0, bytes.length)
  }

  #controlPart(chunk: Uint8Array, start: number, end: number, last: boolean): boolean {
    const opcode = this.#opcode
    if (last && (this.#control === undefined || this.#control.length === 0)) {
      return this.#sink.control(opcode, this.#handOut(chunk, start, end))
    }
    this.#control ??= new PayloadBuffer(this.#options.allocate)
    this.#control.push(chunk, start, end)
    return last ? this.#sink.control(opcode, this.#control.take()) : true
  }

  /** RFC 6455 8.1: text that is not UTF-8 fails the connection, here at the first byte that shows it. */
  #checkText(chunk: Uint8Array, start: number, end: number): boolean {
    const validator = (this.#validator ??= new Utf8Validator())
    if (end - start < CHECK_AT_ONCE_FROM) return validator.push(chunk, start, end)
    let at = start
    while (!validator.complete) {
      if (!validator.push(chunk, at, at + 1)) return false
      at++
    }
    const tail = incompleteTailStart(chunk, at, end)
    return this.#options.codec.isUtf8(chunk, at, tail) && validator.push(chunk, tail, end)
  }

  #violate(violation: Violation, seen: string): false {
    this.#message?.clear()
    this.#sink.violation(violation, seen)
    return false
  }
}

function describeFrame(header: FrameHeader): string {
  const bits = `FIN ${header.fin ? 1 : 0}, RSV ${(header.rsv >> 4).toString(2).padStart(3, '0')}`
  const mask = header.masked ? 'masked' : 'not masked'
  return `frame with ${bits}, opcode ${header.opcode}, ${mask}, payload of ${header.payloadLength} bytes`
}
