/**
 * Bytes in, messages and control frames out, in order and no faster than they are wanted: the other half of message-sender.
 * What the extension has to decode, and what arrives while reading rests, waits its turn here. RFC 6455 6.2.
 */
import { releaseByteView } from './byte-view.ts'
import type { ConnectionSettings, PartPlace } from './connection-options.ts'
import { DecodedParts, decodedText, violationOf } from './decoded-message.ts'
import type { ExtensionInstance } from './extension.ts'
import { FrameReader } from './frame-reader.ts'
import { releaseMaskView } from './mask.ts'
import { heldDuring, MessageAssembler, type MessagePart, type MessageSink } from './message-assembler.ts'
import { PartSequence } from './part-sequence.ts'
import { copyOf } from './payload-buffer.ts'
import { HEEDS_MESSAGES, HEEDS_PINGS, Stall } from './stall.ts'
import { Violations, type Violation } from './violation.ts'

/** Who listens to a receiver. None of these may throw. */
export interface ReceiverListener {
  message(message: string | Uint8Array, isText: boolean): void
  part(bytes: Uint8Array, part: PartPlace): void
  control(opcode: number, payload: Uint8Array): void
  violation(violation: Violation, seen: string): void
  /** Whether to go on reading from the transport. */
  reading(wanted: boolean): void
  /** A Close, or the end, waits for nothing else any more than for an answer to what came before it. */
  awaitsAnswer(): void
  /** The transport has ended, and all that came before was read. */
  end(): void
}

const NOTHING = new Uint8Array(0)

export class MessageReceiver implements MessageSink {
  #settings: ConnectionSettings
  readonly #extension: ExtensionInstance | undefined
  readonly #listener: ReceiverListener
  readonly #assembler: MessageAssembler
  readonly #reader: FrameReader
  /** What waits for reading to go on. */
  #backlog: Uint8Array[] | undefined
  #stalls = 0
  /** Whether bytes are being read just now: what comes meanwhile, from inside a handler, waits. */
  #isParsing = false
  #isStopped = false
  /** Whether nothing more is delivered of what is being read. */
  #isMuted = false
  /** Whether the transport was told to rest. */
  #rests = false
  /** Goes on with a message that is being decoded, once that is the only reason why reading rests. */
  #decoded: (() => void) | undefined
  /** Whether the transport has said that nothing more comes. */
  #hasEnded = false
  /** Made when a message first comes in parts, and when the extension first decodes one. */
  #sequence: PartSequence | undefined
  #decodedParts: DecodedParts | undefined

  constructor(settings: ConnectionSettings, extension: ExtensionInstance | undefined, listener: ReceiverListener) {
    this.#settings = settings
    this.#extension = extension
    this.#listener = listener
    this.#assembler = new MessageAssembler(settings, this, extension?.rsv ?? 0)
    this.#reader = new FrameReader(this.#assembler)
  }

  /** Go on with other limits. */
  setSettings(settings: ConnectionSettings): void {
    this.#settings = settings
    this.#assembler.setOptions(settings)
  }

  /** The reasons for which reading rests. */
  get stalls(): number {
    return this.#stalls
  }

  /** Whether nothing at all is read, pongs included. */
  get rests(): boolean {
    return !this.#canRead()
  }

  /** Whether the next byte to come in begins a frame. */
  get isBetweenFrames(): boolean {
    return this.#reader.isBetweenFrames && (this.#backlog === undefined || this.#backlog.length === 0)
  }

  /** Whether what was read last belongs to a message that has not ended. */
  get isWithinMessage(): boolean {
    return this.#assembler.isOfMessage && (this.#assembler.inMessage || !this.#reader.isBetweenFrames)
  }

  /** Whether a Close, or the end, waits for nothing else than for an answer to what came before it. */
  get awaitsAnswer(): boolean {
    if (this.#stalls === 0 || (this.#stalls & ~HEEDS_MESSAGES) !== 0 || this.#isStopped) return false
    return (this.#reader.isInPayload && this.#assembler.isClose) || (this.#hasEnded && !this.#hasBacklog())
  }

  /** Take in bytes, which are unmasked where they are and may be kept, unless they are lent for the time of this call. */
  receive(chunk: Uint8Array, isLent: boolean): void {
    if (this.#isStopped) return
    if (this.#isParsing || !this.#canRead()) {
      this.#backlog ??= []
      this.#backlog.push(isLent ? copyOf(chunk, this.#settings.allocate) : chunk)
      return
    }
    // Of a chunk with several frames one copy serves all of their messages.
    const isCopied = isLent && !this.#reader.isWithinOneFrame(chunk)
    this.#isParsing = true
    this.#assembler.isLent = isLent && !isCopied
    this.#read(isCopied ? copyOf(chunk, this.#settings.allocate) : chunk)
    this.#assembler.isLent = false
    this.#readBacklog()
  }

  /** Deliver no further message of what is being read just now; control frames are still heard. */
  mute(): void {
    this.#isMuted = this.#isParsing
  }

  /** Nothing more comes. */
  end(): void {
    this.#hasEnded = true
    this.#endIfRead()
    this.#tellAnswer()
  }

  /** Discard what waits and what still comes. */
  stop(): void {
    this.#isStopped = true
    this.#backlog = undefined
    this.#decoded = undefined
  }

  /** Let reading rest. No further message of the current chunk is delivered. */
  pause(reason: Stall): void {
    this.#stalls |= reason
    this.#assembler.holds = heldDuring(this.#stalls)
    if (!this.#canRead() && !this.#isStopped) this.#tellReading(false)
    this.#tellAnswer()
  }

  /** Take reasons to rest away; when they were the last, what waits is read. */
  resume(reasons: number): void {
    if ((this.#stalls & reasons) === 0) return
    this.#stalls &= ~reasons
    this.#assembler.holds = heldDuring(this.#stalls)
    if ((this.#stalls & ~HEEDS_MESSAGES) === Stall.Decoding && this.#decoded !== undefined) {
      const deliver = this.#decoded
      this.#decoded = undefined
      return deliver()
    }
    if (!this.#canRead() || this.#isParsing || this.#isStopped) return this.#tellAnswer()
    this.#isParsing = true
    // A message without payload may wait whose header was all there was.
    if (this.#reader.isInPayload) this.#read(this.#backlog?.shift() ?? NOTHING)
    this.#readBacklog()
  }

  #goesOn(): boolean {
    return this.#canRead() && !this.#isStopped
  }

  /** Whether there is anything that may be read: messages, or only what is heard between them. */
  #canRead(): boolean {
    if (this.#stalls === 0) return true
    if ((this.#stalls & ~HEEDS_PINGS) !== 0) return false
    if (!this.#reader.isInPayload || this.#assembler.isPingOrPong) return true
    return (this.#stalls & ~HEEDS_MESSAGES) === 0 && this.#assembler.isOfMessage
  }

  #hasBacklog(): boolean {
    return (this.#backlog !== undefined && this.#backlog.length > 0) || this.#reader.holdsEmptyFrame
  }

  #read(chunk: Uint8Array): void {
    const stopped = this.#reader.read(chunk, 0)
    if (stopped === chunk.length || this.#isStopped) return
    const rest = chunk.subarray(stopped)
    this.#backlog ??= []
    this.#backlog.unshift(this.#assembler.isLent ? copyOf(rest, this.#settings.allocate) : rest)
  }

  #readBacklog(): void {
    while (this.#backlog !== undefined && this.#backlog.length > 0 && this.#canRead())
      this.#read(this.#backlog.shift()!)
    this.#isParsing = false
    this.#isMuted = false
    // Where frames come unmasked, the view is one of outgoing frames, which is of use again.
    if (this.#assembler.isServer) releaseMaskView()
    releaseByteView()
    if (!this.#isStopped && !(this.#canRead() && this.#hasEnded)) this.#tellReading(this.#canRead())
    this.#endIfRead()
    this.#tellAnswer()
  }

  #tellAnswer(): void {
    if (!this.#isParsing && this.awaitsAnswer) this.#listener.awaitsAnswer()
  }

  #tellReading(wanted: boolean): void {
    if (this.#rests !== wanted) return
    this.#rests = !wanted
    this.#listener.reading(wanted)
  }

  #endIfRead(): void {
    const isWorkedOn = (this.#stalls & (Stall.Decoding | HEEDS_PINGS)) !== 0
    if (this.#hasEnded && !this.#isParsing && !this.#hasBacklog() && !isWorkedOn) this.#listener.end()
  }

  // What the assembler tells:

  message(message: string | Uint8Array, isText: boolean): boolean {
    if (!this.#isMuted) this.#listener.message(message, isText)
    return this.#goesOn()
  }

  encoded(payload: Uint8Array, isText: boolean): boolean {
    return this.#decode(payload, { isFinal: true, limit: this.#settings.maxPayload }, (decoded) => {
      const message = isText ? decodedText(decoded, this.#settings) : decoded
      if (message === undefined) this.#notUtf8()
      else this.message(message, isText)
    })
  }

  part(bytes: Uint8Array, { isText, isEncoded, final }: MessagePart): boolean {
    if (isEncoded) return this.#decodePart(bytes, isText, final)
    this.#part(bytes, isText, final)
    return this.#goesOn()
  }

  control(opcode: number, payload: Uint8Array): boolean {
    this.#listener.control(opcode, payload)
    return this.#goesOn()
  }

  violation(violation: Violation, seen: string): void {
    this.#listener.violation(violation, seen)
  }

  #part(bytes: Uint8Array, isText: boolean, final: boolean): void {
    const place = (this.#sequence ??= new PartSequence()).next({ isText, final }, this.#isMuted)
    if (place !== undefined) this.#listener.part(bytes, place)
  }

  #decodePart(bytes: Uint8Array, isText: boolean, final: boolean): boolean {
    const parts = (this.#decodedParts ??= new DecodedParts())
    const limit = this.#settings.maxPayload - parts.length
    return this.#decode(bytes, { isFinal: final, limit }, (decoded, hasMore) => {
      const isLast = final && !hasMore
      if (!parts.add(decoded, isText, isLast)) return this.#notUtf8()
      if (decoded.length > 0 || isLast) this.#part(decoded, isText, isLast)
      if (hasMore) this.#whenOnlyDecoding(() => this.#decodePart(NOTHING, isText, final))
    })
  }

  /** Let the extension decode; reading rests until it is done, so that order is kept and little is held. */
  #decode(
    payload: Uint8Array,
    { isFinal, limit }: { isFinal: boolean; limit: number },
    deliver: (decoded: Uint8Array, hasMore: boolean) => void,
  ): boolean {
    const isFirst = (this.#stalls & Stall.Decoding) === 0
    let isSync = true
    this.#stalls |= Stall.Decoding
    this.#extension!.decode(payload, isFinal, limit, (result, hasMore = false) => {
      // Reading never rested for it. As long as there is more, it does: the next payload is not to overtake the rest of this one.
      const isAtOnce = isFirst && isSync && !hasMore
      if (isAtOnce) this.#stalls &= ~Stall.Decoding
      const settle = (): void => {
        if (this.#isStopped) return
        // A handler that closes mutes what waits behind this, as it does when nothing has to be decoded.
        const wasParsing = this.#isParsing
        this.#isParsing = true
        if (result instanceof Uint8Array) deliver(result, hasMore)
        else this.#listener.violation(violationOf(result), result.reason)
        this.#isParsing = wasParsing
        if (!isAtOnce && !hasMore) this.resume(Stall.Decoding)
      }
      if (isAtOnce) settle()
      else this.#whenOnlyDecoding(settle)
    })
    isSync = false
    if ((this.#stalls & Stall.Decoding) !== 0) this.#tellReading(false)
    return this.#goesOn()
  }

  /** Go on with what is being decoded, unless reading rests for another reason too: then it waits like everything else. */
  #whenOnlyDecoding(goOn: () => void): void {
    if (this.#isStopped) return
    if ((this.#stalls & ~HEEDS_MESSAGES) === Stall.Decoding) goOn()
    else this.#decoded = goOn
  }

  #notUtf8(): void {
    this.#listener.violation(Violations.TextNotUtf8, 'text message that is not UTF-8 when decoded')
  }
}
