/**
 * Ties a connection to a stream: any Duplex, be it a TCP or TLS socket, an HTTP/2 stream or one end of a pair in memory.
 * It adds what the core cannot have: writes that gather, back-pressure, the end of TCP (RFC 6455 7.1.1) and deadlines.
 */
import { Socket as TcpSocket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { CloseCause, CloseOutcome } from '../protocol/close-outcome.ts'
import { Connection } from '../protocol/connection.ts'
import type { ConnectionHandler, PartPlace } from '../protocol/connection-options.ts'
import { ConnectionState } from '../protocol/connection-state.ts'
import type { ExtensionInstance } from '../protocol/extension.ts'
import { SLAB_SIZE } from '../protocol/slab.ts'
import { Stall } from '../protocol/stall.ts'
import {
  settingsFor,
  type BindingListener,
  type BindingOptions,
  type BindingParts,
  type SocketStats,
} from './binding-options.ts'
import { bindStream, type StreamUser } from './bound-stream.ts'
import { CloseDeadline } from './close-deadline.ts'
import { Heartbeat, type HeartbeatHost } from './heartbeat.ts'
import { Output, type OutputHost } from './output.ts'
import { ownCopy } from './platform.ts'
import { restReads } from './tcp-reads.ts'
import { wheel } from './timer-wheel.ts'
import { flushSoon } from './turn.ts'
import type { TapFeed } from './wire-tap.ts'

export class DuplexBinding<Owner> implements ConnectionHandler, OutputHost, HeartbeatHost, StreamUser {
  readonly connection: Connection
  readonly stream: Duplex
  readonly extension: ExtensionInstance | undefined
  readonly output: Output
  readonly #owner: Owner
  readonly #listener: BindingListener<Owner>
  #options: BindingOptions
  readonly #heartbeat: Heartbeat | undefined
  #tap: TapFeed | undefined
  #bytesIn = 0
  #messagesIn = 0
  /** Messages that were given to `send`, counted by whoever sends them. */
  messagesOut = 0
  /** Whether somebody writes a message in fragments, and has not ended it. RFC 6455 5.4: one at a time. */
  isWriting = false
  /** Whether a stream with nothing left to write has no use for its buffers either: true of TCP alone. */
  readonly #takesAtOnce: boolean
  #isCorked = false
  /** Whether the write that is under way has to wait behind others. */
  #isQueueing = false
  /** Whether a pong waits for the output before it. */
  #awaitsOutput = false
  #closeDeadline: CloseDeadline | undefined

  constructor(stream: Duplex, made: BindingParts<Owner>, listener: BindingListener<Owner>) {
    const { owner, extension, options } = made
    this.stream = stream
    this.extension = extension
    this.#owner = owner
    this.#listener = listener
    this.#options = options
    this.#takesAtOnce = stream instanceof TcpSocket && !('encrypted' in stream)
    this.connection = new Connection({ role: options.role, handler: this, extension }, settingsFor(options, this))
    this.output = new Output(this)
    this.#heartbeat = options.heartbeat === undefined ? undefined : new Heartbeat(this, options.heartbeat)
  }

  /** Begin to read. `head` is what came in the same segment as the handshake. */
  start(head: Uint8Array | undefined): void {
    const { stream } = this
    bindStream(stream, this)
    // A peer that says no more may still read: this side ends when what is on its way has left, not before.
    stream.allowHalfOpen = true
    if (stream.destroyed) return this.connection.transportClosed()
    if (head !== undefined && head.length > 0) this.receive(head)
  }

  get options(): BindingOptions {
    return this.#options
  }

  /** Go on with other limits; only those of messages and of output are looked at again. */
  set options(options: BindingOptions) {
    this.connection.setLimits(options)
    this.#options = options
  }

  /** Let somebody look on; `undefined` takes it back. */
  set tap(tap: TapFeed | undefined) {
    this.#tap = tap
    if (this.extension !== undefined) this.extension.observer = tap
  }

  /** What came and went so far. */
  stats(): SocketStats {
    const { messagesOut } = this
    return { bytesIn: this.#bytesIn, bytesOut: this.output.written, messagesIn: this.#messagesIn, messagesOut }
  }

  /** Milliseconds from the last ping of the heartbeat to its pong, once there was one. */
  get rtt(): number | undefined {
    return this.#heartbeat?.rtt
  }

  /** Take note of a message that was given to `send`. Answers whether it is well to send more. */
  sent(): boolean {
    this.messagesOut++
    return this.output.sent()
  }

  /** Let reading rest while whoever reads the messages one by one has not asked for the next. */
  hold(wanted: boolean): void {
    if (wanted) this.connection.pause(Stall.Reader)
    else this.connection.resume(Stall.Reader)
  }

  /** Let a Close frame, and the end, wait while somebody works on what may have to be answered, as long as it can be. */
  work(reason: typeof Stall.Answer | typeof Stall.PartsAnswer, isUnderWay: boolean): void {
    const { connection } = this
    if (!isUnderWay) connection.resume(reason)
    else if (connection.state === ConnectionState.Open) connection.pause(reason)
  }

  /** Close it behind all that waits for it, here and elsewhere. */
  close(code: number, reason: string, cause: CloseCause): void {
    this.#listener.settle?.(this.#owner)
    this.connection.close(code, reason, cause)
  }

  flush(): void {
    this.connection.flush()
  }

  // What the connection tells:

  message(message: string | Uint8Array, isText: boolean): void {
    this.#messagesIn++
    this.#heartbeat?.spokenTo()
    this.#listener.message(this.#owner, message, isText)
  }

  part(bytes: Uint8Array, part: PartPlace): void {
    if (part.final) this.#messagesIn++
    this.#heartbeat?.spokenTo()
    this.#listener.part?.(this.#owner, bytes, part)
  }

  ping(payload: Uint8Array): void {
    this.#listener.ping(this.#owner, payload)
  }

  pong(payload: Uint8Array): void {
    this.#heartbeat?.pong(payload)
    this.#listener.pong(this.#owner, payload)
  }

  error(error: unknown): void {
    this.#listener.error(this.#owner, error)
  }

  pending(): void {
    flushSoon(this)
  }

  write(bytes: Uint8Array, more: boolean): boolean {
    const { stream } = this
    if (!stream.writable) return this.#cannotWrite(bytes.length)
    this.output.written += bytes.length
    this.#tap?.sent(bytes)
    if (!this.#isCorked) this.#isQueueing = stream.writableLength > 0
    if (more && !this.#isCorked) {
      this.#isCorked = true
      stream.cork()
    }
    // What has to wait is copied out of the slab: a few bytes must not keep all of the memory that connections share.
    stream.write(this.#isQueueing && bytes.buffer.byteLength === SLAB_SIZE ? ownCopy(bytes) : bytes)
    if (more) return false
    if (this.#isCorked) {
      this.#isCorked = false
      stream.uncork()
    }
    const unsent = this.output.wrote(bytes.length)
    return this.#isQueueing || (unsent === 0 && this.#takesAtOnce)
  }

  waits(): boolean {
    const { stream } = this
    if (stream.writableLength === 0) return false
    if (!this.#awaitsOutput && stream.writable) {
      this.#awaitsOutput = true
      stream.write('', () => {
        this.#awaitsOutput = false
        this.connection.outputLeft()
      })
    }
    return true
  }

  reading(wanted: boolean): void {
    if (wanted) this.stream.resume()
    else restReads(this.stream)
  }

  awaitsAnswer(): void {
    this.#setCloseDeadline()
  }

  closing(): void {
    this.#setCloseDeadline()
    this.#listener.closing?.(this.#owner)
  }

  end(): void {
    this.stream.end()
    // A peer that has nothing left to read for us must still be read to its end, or TCP never gets there.
    this.stream.resume()
  }

  destroy(): void {
    if (this.#closeDeadline !== undefined) wheel.clear(this.#closeDeadline)
    this.#heartbeat?.stop()
    this.output.settle()
    this.stream.destroy()
  }

  closed(outcome: CloseOutcome): void {
    this.output.closed()
    try {
      this.#listener.close(this.#owner, outcome)
    } catch (error) {
      this.#listener.error(this.#owner, error)
    }
  }

  // What the output tells:

  blocked(): void {
    this.#listener.blocked(this.#owner)
  }

  unblocked(): void {
    this.#listener.unblocked(this.#owner)
  }

  weigh(): void {
    this.#listener.weigh?.(this.#owner)
  }

  drain(): void {
    try {
      this.#listener.drain(this.#owner)
    } catch (error) {
      this.#listener.error(this.#owner, error)
    }
  }

  receive(chunk: Uint8Array, isLent: boolean = false): void {
    this.#bytesIn += chunk.length
    this.#heartbeat?.heard()
    this.#tap?.received(chunk, this.connection.isBetweenFrames)
    this.connection.receive(chunk, isLent)
    // A message that takes longer than the idle timeout is no silence.
    if (this.#heartbeat !== undefined && this.connection.isWithinMessage) this.#heartbeat.spokenTo()
  }

  /** The peer says no more. */
  ended(): void {
    this.connection.receiveEnd()
    // What it said before may still wait for output to leave, and only a peer that reads lets it.
    if (this.connection.state === ConnectionState.Open) this.#setCloseDeadline()
  }

  #setCloseDeadline(): void {
    this.#closeDeadline ??= new CloseDeadline(this.connection, this.output)
    this.#closeDeadline.set(this.#options.closeTimeout)
  }

  /** Somebody else has ended or dropped the stream: nothing that is sent can leave any more. */
  #cannotWrite(length: number): false {
    this.output.lost(length)
    // An error of the stream's own comes before this.
    process.nextTick(() => this.connection.transportClosed())
    return false
  }
}
