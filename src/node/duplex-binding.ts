/**
 * Ties a connection to a stream: any Duplex, be it a TCP or TLS socket, an HTTP/2 stream or one end of a pair in memory.
 * It adds what the core cannot have: writes that gather, back-pressure, the end of TCP (RFC 6455 7.1.1) and deadlines.
 */
import { Socket as TcpSocket } from 'node:net'
import type { Duplex } from 'node:stream'
import { CloseCode } from '../protocol/close-code.ts'
import type { CloseOutcome } from '../protocol/close-outcome.ts'
import { Connection } from '../protocol/connection.ts'
import type { ConnectionHandler } from '../protocol/connection-options.ts'
import { ConnectionState } from '../protocol/connection-state.ts'
import type { ExtensionInstance } from '../protocol/extension.ts'
import { Stall } from '../protocol/message-receiver.ts'
import { SLAB_SIZE } from '../protocol/slab.ts'
import type { WireTap } from './diagnostics.ts'
import {
  settingsFor,
  type BindingListener,
  type BindingOptions,
  type BindingParts,
  type Traffic,
} from './binding-options.ts'
import { Heartbeat } from './heartbeat.ts'
import { ownCopy } from './platform.ts'
import { Alarm, wheel } from './timer-wheel.ts'
import { flushSoon } from './turn.ts'

/** How a stream knows its binding. */
const binding = Symbol('binding')

type BoundStream = Duplex & { [binding]: DuplexBinding<unknown> }

function streamFailed(this: BoundStream, error: Error): void {
  this[binding].connection.transportClosed(error)
}

function streamClosed(this: BoundStream): void {
  this[binding].connection.transportClosed()
}

function streamEnded(this: BoundStream): void {
  this[binding].ended()
}

function streamDrained(this: BoundStream): void {
  this[binding].drained()
}

function streamRead(this: BoundStream, chunk: Uint8Array): void {
  this[binding].receive(chunk)
}

export class DuplexBinding<Owner> implements ConnectionHandler {
  readonly connection: Connection
  readonly stream: Duplex
  readonly extension: ExtensionInstance | undefined
  readonly #owner: Owner
  readonly #listener: BindingListener<Owner>
  #options: BindingOptions
  readonly #heartbeat: Heartbeat | undefined
  #tap: WireTap | undefined
  /** Called when everything sent so far was handed to the system, or never will be. */
  #waiters: ((isSent: boolean) => void)[] | undefined
  /** Called when it is well to send more, or when it never will be. */
  #readyWaiters: ((isOpen: boolean) => void)[] | undefined
  #bytesIn = 0
  #bytesOut = 0
  #messagesIn = 0
  /** Messages that were given to `send`, counted by whoever sends them. */
  messagesOut = 0
  /** Whether a stream with nothing left to write has no use for its buffers either: true of TCP alone. */
  readonly #takesAtOnce: boolean
  /** Bytes that were unsent behind the last message. */
  #unsentAtSend = 0
  #isCorked = false
  /** Whether the write that is under way has to wait behind others. */
  #isQueueing = false
  /** Whether more is unsent than there may be. */
  #isBlocked = false
  /** Whether `send` said to wait. */
  #owesDrain = false
  /** Whether a pong waits for the output before it. */
  #awaitsOutput = false
  /** How far the output was when the deadline was set: a peer that still takes some is not cut off. */
  #progressAtDeadline = 0
  #closeDeadline: Alarm | undefined

  constructor(stream: Duplex, made: BindingParts<Owner>, listener: BindingListener<Owner>) {
    const { owner, extension, options } = made
    this.stream = stream
    this.extension = extension
    this.#owner = owner
    this.#listener = listener
    this.#options = options
    this.#takesAtOnce = stream instanceof TcpSocket && !('encrypted' in stream)
    const connection = { role: options.role, handler: this, ...(extension === undefined ? {} : { extension }) }
    this.connection = new Connection(connection, settingsFor(options, this))
    this.#heartbeat =
      options.heartbeat === undefined ? undefined : new Heartbeat(this.connection, this, options.heartbeat)
  }

  /** Begin to read. `head` is what came in the same segment as the handshake. */
  start(head: Uint8Array | undefined): void {
    const { stream } = this
    // The same five functions for all streams: closures would take 0.4 KiB of each connection.
    const bound = stream as BoundStream
    bound[binding] = this
    stream.on('error', streamFailed)
    stream.on('close', streamClosed)
    stream.on('end', streamEnded)
    stream.on('drain', streamDrained)
    stream.on('data', streamRead)
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

  /** Let somebody see the bytes on the wire; `undefined` takes it back. */
  set tap(tap: WireTap | undefined) {
    this.#tap = tap
  }

  /** What came and went so far. */
  get traffic(): Traffic {
    const { messagesOut } = this
    return { bytesIn: this.#bytesIn, bytesOut: this.#bytesOut, messagesIn: this.#messagesIn, messagesOut }
  }

  /** Milliseconds from the last ping of the heartbeat to its pong, once there was one. */
  get rtt(): number | undefined {
    return this.#heartbeat?.rtt
  }

  /** Resolves when it is well to send more; to `false` when the connection is no longer open. */
  ready(): Promise<boolean> {
    const isOpen = this.connection.state === ConnectionState.Open
    if (!isOpen || this.isReady) return Promise.resolve(isOpen)
    return new Promise((resolve) => {
      this.#readyWaiters ??= []
      this.#readyWaiters.push(resolve)
    })
  }

  /** Resolves when everything sent so far was handed to the system; to `false` when the connection ended before. */
  whenSent(): Promise<boolean> {
    return new Promise((resolve) => {
      if (this.connection.state === ConnectionState.Closed) return resolve(false)
      this.#waiters ??= []
      this.#waiters.push(resolve)
      this.#callWaiters()
      this.connection.flush()
    })
  }

  /** Bytes that were given to `send` and not yet to the system. */
  get bufferedAmount(): number {
    return this.connection.pendingBytes + this.stream.writableLength
  }

  /** Whether more is unsent than there may be. */
  get isBlocked(): boolean {
    return this.#isBlocked
  }

  /** A number that changes when the peer takes anything of what is unsent. */
  get progress(): number {
    return this.#bytesOut - this.stream.writableLength - inFlight(this.stream)
  }

  /** Whether it is well to send more; when not, `drain` will follow. */
  get isReady(): boolean {
    if (this.bufferedAmount <= this.#mark) return true
    this.#owesDrain = true
    // What waits to be compressed is unsent as well: a handler that echoes must not fill the memory with it.
    if (this.connection.isEncoding && !this.#isBlocked) this.#block()
    return false
  }

  /** Take note of a message that was given to `send`. Answers whether it is well to send more. */
  sent(): boolean {
    this.messagesOut++
    if (this.isReady) return true
    // What waits to be compressed is not written yet: it is weighed here.
    if (this.connection.isEncoding) this.#overMark(this.#unsentAtSend)
    this.#unsentAtSend = this.bufferedAmount
    return false
  }

  /** Drop the connection: the memory of its output is wanted back. */
  giveUp(): void {
    this.connection.terminate('backpressure')
  }

  /** Let reading rest while whoever reads the messages one by one has not asked for the next. */
  hold(wanted: boolean): void {
    if (wanted) this.connection.pause(Stall.Reader)
    else this.connection.resume(Stall.Reader)
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

  part(bytes: Uint8Array, isText: boolean, final: boolean): void {
    if (final) this.#messagesIn++
    this.#heartbeat?.spokenTo()
    this.#listener.part?.(this.#owner, bytes, { isText, final })
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
    if (!stream.writable) return false
    this.#bytesOut += bytes.length
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
    if (this.#waiters !== undefined) this.#callWaiters()
    const unsent = stream.writableLength
    if (unsent > this.#mark) this.#overMark(unsent - bytes.length)
    if (this.#owesDrain && !stream.writableNeedDrain) process.nextTick(() => this.drained())
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
    else this.stream.pause()
  }

  closing(): void {
    this.#closeDeadline ??= new Alarm(() => this.#closeTimedOut())
    this.#progressAtDeadline = this.progress
    wheel.set(this.#closeDeadline, this.#options.closeTimeout)
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
    this.stream.destroy()
  }

  closed(outcome: CloseOutcome): void {
    for (const resolve of this.#waiters ?? []) resolve(false)
    this.#waiters = undefined
    this.#tellReady(false)
    try {
      this.#listener.close(this.#owner, outcome)
    } catch (error) {
      this.#listener.error(this.#owner, error)
    }
  }

  /** A stream says `drain` only above its own mark; ours cannot lie lower. */
  get #mark(): number {
    return Math.max(this.#options.highWaterMark, this.stream.writableHighWaterMark)
  }

  receive(chunk: Uint8Array): void {
    this.#bytesIn += chunk.length
    this.#heartbeat?.heard()
    // Unmasking happens in place: who looks on gets a copy.
    this.#tap?.received(Uint8Array.from(chunk))
    this.connection.receive(chunk)
  }

  /** A stream calls back in order: when an empty write is through, so is all that came before. */
  #callWaiters(): void {
    if (this.connection.pendingBytes > 0) return
    const waiters = this.#waiters ?? []
    this.#waiters = undefined
    this.stream.write('', (error) => {
      for (const resolve of waiters) resolve(error === undefined || error === null)
    })
  }

  #tellReady(isOpen: boolean): void {
    const waiters = this.#readyWaiters ?? []
    this.#readyWaiters = undefined
    for (const resolve of waiters) resolve(isOpen)
  }

  /** More is unsent than there may be; before the last write it was `before`. */
  #overMark(before: number): void {
    if (!this.#isBlocked) this.#block()
    this.#listener.blocked(this.#owner)
    const { maxBufferedAmount = Infinity } = this.#options
    if (before <= maxBufferedAmount) return
    const reason = 'does not keep up'
    this.connection.fail(CloseCode.TryAgainLater, reason, { cause: 'backpressure' })
  }

  #block(): void {
    this.#isBlocked = true
    this.#owesDrain = true
    // Two ends whose reading rests until their output is gone wait for each other for ever: a client reads on.
    if (this.#options.role === 'server') this.connection.pause(Stall.Output)
    else this.connection.holdPongs()
  }

  drained(): void {
    // What is being compressed will be written, and will then lead here again.
    if (this.connection.isEncoding && this.bufferedAmount > this.#mark) return
    this.#unsentAtSend = 0
    if (this.#isBlocked) {
      this.#isBlocked = false
      this.connection.resume(Stall.Output)
      this.#listener.unblocked(this.#owner)
    }
    if (!this.#owesDrain || this.bufferedAmount > this.#mark) return
    this.#owesDrain = false
    if (this.connection.state !== ConnectionState.Open) return
    this.#tellReady(true)
    try {
      this.#listener.drain(this.#owner)
    } catch (error) {
      this.#listener.error(this.#owner, error)
    }
  }

  /** The peer says no more, but may still read: what was sent goes out before TCP is dropped, unless it takes too long. */
  ended(): void {
    const { connection, stream } = this
    connection.flush()
    if (stream.writableLength === 0) return connection.receiveEnd()
    if (this.#closeDeadline === undefined) this.closing()
    stream.end()
    stream.once('finish', () => connection.receiveEnd())
  }

  /** Queued data is never truncated while the peer takes it; a peer that takes nothing is cut off. */
  #closeTimedOut(): void {
    if (this.bufferedAmount > 0 && this.progress !== this.#progressAtDeadline) return this.closing()
    this.connection.terminate('timeout')
  }
}

/** Bytes of the write that is under way which the system has not taken: Node's own count of a big write stands still. */
function inFlight(stream: Duplex): number {
  return (stream as { _handle?: { writeQueueSize?: number } | null })._handle?.writeQueueSize ?? 0
}
