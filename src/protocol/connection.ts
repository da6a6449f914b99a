/**
 * One end of an open WebSocket connection without any I/O: bytes that arrive go in, messages come out; messages to send go
 * in, bytes come out. It holds what RFC 6455 says of an endpoint once the handshake is done: sections 5 to 8.
 */
import { CloseCode } from './close-code.ts'
import type { CloseCause } from './close-outcome.ts'
import { encodeClosePayload } from './close-payload.ts'
import {
  checkOptions,
  type ConnectionHandler,
  type ConnectionOptions,
  type ConnectionSettings,
  type MessageLimits,
  withLimits,
} from './connection-options.ts'
import { ClosingHandshake, type FailureCause } from './closing-handshake.ts'
import { ConnectionEvent, ConnectionState } from './connection-state.ts'
import { Inbound, type InboundActions } from './inbound.ts'
import { MessageReceiver } from './message-receiver.ts'
import { Opcode } from './opcode.ts'
import { Outbox, type Unsent } from './outbox.ts'
import { checkControlPayload, checkMessage } from './payload-checks.ts'
import { HEEDS_MESSAGES, Stall } from './stall.ts'

const NO_BYTES: Uint8Array = new Uint8Array(0)

export class Connection {
  #settings: ConnectionSettings
  readonly #handler: ConnectionHandler
  readonly #receiver: MessageReceiver
  readonly #outbox: Outbox
  /** Made when the end begins; until then the connection is open. */
  #closing: ClosingHandshake | undefined
  readonly #inbound: Inbound<Connection>
  /** Whether pongs wait though reading goes on. */
  #holdsPongs = false

  static readonly #actions: InboundActions<Connection> = {
    isBlocked: (connection) => connection.#isBlocked(),
    pong: (connection, payload) => connection.#sendPong(payload),
    closeReceived: (connection, payload) => connection.#ending().closeReceived(payload),
    violated: (connection, violation, seen) => connection.#ending().violated(violation, seen),
    inputEnded: (connection) => connection.#ending().inputEnded(),
    failed: (connection, error) =>
      connection.fail(CloseCode.InternalError, 'a handler threw', { cause: 'local', error }),
  }

  /**
   * @param settings the same options, checked: `checkOptions` once for many connections spares their memory.
   * @throws TypeError or RangeError for an option out of its range, naming it.
   */
  constructor(options: ConnectionOptions, settings: ConnectionSettings = checkOptions(options)) {
    const { handler, extension } = options
    const inbound = new Inbound(this, handler, Connection.#actions)
    this.#inbound = inbound
    this.#settings = settings
    this.#handler = handler
    this.#outbox = new Outbox(handler, extension, settings)
    this.#receiver = new MessageReceiver(settings, extension, inbound)
  }

  get state(): ConnectionState {
    return this.#closing?.state ?? ConnectionState.Open
  }

  /** Bytes that were given to send and not yet to the handler's `write`; those that were lost as it closed stay. */
  get pendingBytes(): number {
    return this.#outbox.pendingBytes
  }

  /** More about those that have not left. */
  get unsent(): Unsent {
    return this.#outbox
  }

  /** Whether the next byte to come in begins a frame. */
  get isBetweenFrames(): boolean {
    return this.#receiver.isBetweenFrames
  }

  /** Whether what was read last belongs to a message that has not ended. */
  get isWithinMessage(): boolean {
    return this.#receiver.isWithinMessage
  }

  /** Whether messages wait. */
  get stalled(): boolean {
    return (this.#receiver.stalls & ~HEEDS_MESSAGES) !== 0
  }

  /** Whether a Close frame, or the end, waits for nothing but an answer to what came before it. */
  get awaitsAnswer(): boolean {
    return this.#receiver.awaitsAnswer
  }

  /** Whether nothing is read at all, pongs included; the transport had better be paused. */
  get rests(): boolean {
    return this.#receiver.rests
  }

  /** Whether the application has paused. */
  get isPaused(): boolean {
    return (this.#receiver.stalls & Stall.Application) !== 0
  }

  /**
   * Change limits for what comes from the next frame on.
   * @throws TypeError or RangeError for a limit out of its range.
   */
  setLimits(limits: MessageLimits): void {
    this.#settings = withLimits(this.#settings, limits)
    this.#receiver.setSettings(this.#settings)
  }

  /**
   * Take in bytes from the transport. They are unmasked where they are and may be kept: never write to them again. With
   * `isLent` they may be used anew once this returns, and what is to be kept of them is copied.
   */
  receive(chunk: Uint8Array, isLent: boolean = false): void {
    this.#outbox.isReceiving = true
    try {
      this.#receiver.receive(chunk, isLent)
    } finally {
      this.#outbox.isReceiving = false
    }
    this.#outbox.flush()
  }

  /**
   * Take note that the peer's side of the transport has ended. What waits is still read first; then nothing more is sent, but
   * what is on its way still leaves, and `end` follows it. When nothing is on its way, this is the end of the connection.
   */
  receiveEnd(): void {
    if (this.#closing?.isReading === false) this.#closing.inputEnded()
    else this.#receiver.end()
  }

  /** Take note that the transport is gone in both directions. What waits is lost with it. */
  transportClosed(error?: Error): void {
    this.#ending().blame(undefined, error).apply(ConnectionEvent.TransportEnd)
  }

  /**
   * Send a message. `isText` says what bytes are; a string is always text. `transform` false keeps the extension away.
   * Bytes from 8 KiB on, and those an extension works on, are not copied: do not write to them afterwards.
   * Answers `false`, and does nothing, once the connection is closing.
   * @throws TypeError for anything but a string or bytes.
   */
  send(
    payload: string | Uint8Array,
    isText: boolean = typeof payload === 'string',
    transform: boolean = true,
  ): boolean {
    checkMessage(payload)
    if (!this.#isOpen()) return false
    this.#outbox.sendWhole(payload, isText, transform)
    this.#outbox.added()
    return true
  }

  /** Send a message in fragments: each call one, the last with `final`. RFC 6455 5.4. Whole messages wait until then. */
  sendFragment(payload: string | Uint8Array, isText: boolean, final: boolean): boolean {
    checkMessage(payload)
    if (!this.#isOpen()) return false
    this.#outbox.needSender().send({ payload, isText, transform: true, fragment: true, final })
    this.#outbox.added()
    return true
  }

  /** Whether a message in fragments is under way. RFC 6455 5.4. */
  get isFragmenting(): boolean {
    return this.#outbox.sender?.fragmenting === true
  }

  /** Whether `sendEncoded` may be called: nothing of this connection's own is half sent or being encoded. */
  get takesEncoded(): boolean {
    const { sender } = this.#outbox
    return this.#isOpen() && (sender === undefined || (sender.idle && !sender.fragmenting))
  }

  /** Send bytes that are frames already, not masked, at a server, while `takesEncoded`. RFC 6455 5.4. */
  sendEncoded(frames: Uint8Array): boolean {
    if (!this.#isOpen()) return false
    this.#outbox.writer.encoded(frames)
    this.#outbox.added()
    return true
  }

  /**
   * Send a ping. RFC 6455 5.5.2.
   * @throws RangeError for more than 125 bytes.
   */
  ping(payload: Uint8Array = NO_BYTES): boolean {
    return this.#sendControl(Opcode.Ping, payload)
  }

  /**
   * Send a pong nobody asked for. RFC 6455 5.5.3.
   * @throws RangeError for more than 125 bytes.
   */
  pong(payload: Uint8Array = NO_BYTES): boolean {
    return this.#sendControl(Opcode.Pong, payload)
  }

  /**
   * Begin the closing handshake, behind everything that was sent before. RFC 6455 7.1.2.
   * @throws RangeError for a code that must not be sent or a reason of more than 123 bytes; nothing has changed then.
   */
  close(code?: number, reason: string = '', cause: CloseCause = 'local'): void {
    const payload = encodeClosePayload(code, reason, this.#settings.codec)
    if (!this.#isOpen()) return
    // Who has closed in a handler does not expect it to be called again for what lies in the same chunk.
    this.#receiver.mute()
    this.#ending().blame(cause).apply(ConnectionEvent.LocalClose, payload)
    // Nothing can be answered any more.
    this.stopAwaitingAnswer()
  }

  /** Fail the connection: a Close frame at once, without waiting for an answer. RFC 6455 7.1.7. */
  fail(code: number, reason: string, why: FailureCause): void {
    this.#ending().fail(code, reason, why)
  }

  /** Give up: TCP is dropped. */
  terminate(cause: CloseCause, error?: Error): void {
    this.#ending().blame(cause, error).apply(ConnectionEvent.Timeout)
  }

  /** Let reading rest for a reason, until `resume` is told the same. Nothing more of the current chunk is delivered. */
  pause(reason: Stall = Stall.Application): void {
    this.#receiver.pause(reason)
  }

  /** Take note that output does not leave, and read on: pings are answered as while `Stall.Output` stands. */
  holdPongs(): void {
    this.#holdsPongs = true
  }

  /** Heed a Close frame, and the end, whoever may still work on an answer to what came before. */
  stopAwaitingAnswer(): void {
    this.#receiver.resume(HEEDS_MESSAGES)
  }

  /** Take a reason to rest away, or several at once; when it was the last, what waits is read. */
  resume(reasons: number = Stall.Application): void {
    if ((reasons & Stall.Output) !== 0) this.outputLeft()
    this.#receiver.resume(reasons)
  }

  /** Hand everything that was encoded to the handler's `write`, and end the transport if that is due. */
  flush(): void {
    this.#outbox.flush()
  }

  /**
   * Whether a pong would wait behind output that does not leave: a server's reading rests for it (`Stall.Output`), a client,
   * which must read on, was told `holdPongs`, or the transport says that it `waits`. Without `autoPong` none is owed.
   */
  #isBlocked(): boolean {
    if (!this.#settings.autoPong) return false
    return this.#holdsPongs || (this.#receiver.stalls & Stall.Output) !== 0 || this.#handler.waits?.() === true
  }

  /** Take note that the output has left which the handler said `waits` of: a pong that is owed goes. RFC 6455 5.5.3. */
  outputLeft(): void {
    this.#holdsPongs = false
    this.#inbound.payOwedPong()
  }

  #isOpen(): boolean {
    return this.#closing === undefined || this.#closing.isOpen
  }

  #ending(): ClosingHandshake {
    return (this.#closing ??= new ClosingHandshake({
      handler: this.#handler,
      receiver: this.#receiver,
      outbox: this.#outbox,
      inbound: this.#inbound,
      settings: this.#settings,
    }))
  }

  #sendPong(payload: Uint8Array): void {
    if (!this.#settings.autoPong || this.#closing?.isReading === false) return
    this.#outbox.writer.control(Opcode.Pong, payload)
    this.#outbox.added()
  }

  #sendControl(opcode: number, payload: Uint8Array): boolean {
    checkControlPayload(payload)
    if (!this.#isOpen()) return false
    this.#outbox.writer.control(opcode, payload)
    this.#outbox.added()
    return true
  }
}
