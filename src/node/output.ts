/**
 * The output of one connection that the system has not taken yet: how much there is, when it is too much, and who waits for
 * it to leave. What TCP's flow control (RFC 9293 3.8) means for whoever sends.
 */
import type { Duplex } from 'node:stream'
import { CloseCode } from '../protocol/close-code.ts'
import type { Connection } from '../protocol/connection.ts'
import { ConnectionState } from '../protocol/connection-state.ts'
import { Stall } from '../protocol/stall.ts'
import { abortable } from './abortable.ts'
import { Backlog } from './backlog.ts'
import type { BindingOptions } from './binding-options.ts'
import { SentWaiters } from './sent-waiters.ts'

/** Whose output it is. */
export interface OutputHost {
  readonly connection: Connection
  readonly stream: Duplex
  readonly options: BindingOptions
  /** More is unsent than there may be; told again with each write until it is not. */
  blocked(): void
  /** No longer. */
  unblocked(): void
  /** What waits for the peer, below that, has become worth weighing, or is so no longer. */
  weigh(): void
  /** It is well to send again, after `sent` had said to wait. */
  drain(): void
}

export class Output {
  readonly #host: OutputHost
  /** Bytes that were given to the stream. */
  written = 0
  /** For everything sent so far to be handed to the system. */
  #waitingForSystem: SentWaiters | undefined
  #backlog: Backlog | undefined
  /** What was unsent when the connection ended, and stays so. */
  #unsentAtEnd: number | undefined

  constructor(host: OutputHost) {
    this.#host = host
  }

  /** Bytes that were given to `send` and not yet to the system; behind the end of the connection those that never were. */
  get bufferedAmount(): number {
    const { connection, stream } = this.#host
    return this.#unsentAtEnd ?? connection.pendingBytes + stream.writableLength + (this.#backlog?.lost ?? 0)
  }

  /** Those of them that leave by themselves as the peer takes them: all that does not wait for a message in fragments to end. */
  get leavingBytes(): number {
    return this.bufferedAmount - this.#host.connection.unsent.heldBytes
  }

  /** Whether more is on its way to the peer than there may be. */
  get isBlocked(): boolean {
    return this.#backlog?.isBlocked === true
  }

  /** Bytes that wait for the peer in all. */
  get weight(): number {
    return this.bufferedAmount + (this.#backlog?.held ?? 0)
  }

  /** Whether anything waits for the peer that is worth weighing. */
  get isBehind(): boolean {
    const backlog = this.#backlog
    return this.isSlow || (backlog !== undefined && (backlog.isQueued || backlog.held > 0))
  }

  /** Take note of how many bytes of publications wait for it. */
  holds(bytes: number): void {
    this.#needBacklog().held = bytes
    if (this.#host.connection.state !== ConnectionState.Closed) this.#host.weigh()
  }

  /** Whether publications had better wait: more is unsent than there may be, on its way or behind an open message. */
  get isSlow(): boolean {
    const { connection } = this.#host
    return this.isBlocked || (connection.state === ConnectionState.Open && connection.unsent.heldBytes > this.#mark())
  }

  /** A number that changes when the peer takes anything of what is unsent. */
  get progress(): number {
    const { stream } = this.#host
    return this.written - stream.writableLength - inFlight(stream)
  }

  /** Whether it is well to send more; when not, `drain` will follow. */
  get isReady(): boolean {
    if (this.bufferedAmount <= this.#mark()) return true
    this.#needBacklog().owesDrain = true
    // What waits to be compressed is unsent as well: a handler that echoes must not fill the memory with it.
    if (this.#host.connection.unsent.isEncoding && this.leavingBytes > this.#mark()) this.#block()
    return false
  }

  /** Take note of a message that was given to `send`. Answers whether it is well to send more. */
  sent(): boolean {
    if (this.isReady) return true
    const backlog = this.#needBacklog()
    const { connection } = this.#host
    // What waits to be compressed, or behind an open message, is not written yet: it is weighed here. For the latter reading
    // does not rest: what ends that message may be what the peer says.
    if (connection.unsent.isEncoding || connection.unsent.heldBytes > 0) this.#weigh(backlog.unsentAtSend)
    backlog.unsentAtSend = this.bufferedAmount
    return false
  }

  /** Take note of a write, whose last piece had `length` bytes. Answers how many bytes the system has not taken. */
  wrote(length: number): number {
    const { stream } = this.#host
    this.#waitingForSystem?.ask()
    const unsent = stream.writableLength
    if (unsent > 0 && stream.writableNeedDrain) this.#needBacklog().isQueued = true
    if (unsent > this.#mark()) {
      this.#block()
      this.#weigh(unsent - length)
    } else if (this.#backlog?.isQueued === true) this.#host.weigh()
    if (this.#backlog?.owesDrain === true && !stream.writableNeedDrain) process.nextTick(() => this.drained())
    return unsent
  }

  /** Resolves when it is well to send more; to `false` when the connection is no longer open. Who aborts is forgotten. */
  ready(signal?: AbortSignal): Promise<boolean> {
    const isOpen = this.#host.connection.state === ConnectionState.Open
    if (!isOpen || this.isReady) return abortable(Promise.resolve(isOpen), signal)
    return this.#needBacklog().ready(signal)
  }

  /** The same for the next fragment of an open message, which does not wait for what waits for its end. */
  readyToGoOn(): Promise<boolean> {
    const isOpen = this.#host.connection.state === ConnectionState.Open
    if (!isOpen || this.isReady || this.leavingBytes <= this.#mark()) return Promise.resolve(isOpen)
    return this.#needBacklog().readyToGoOn()
  }

  /** Resolves when everything sent so far was handed to the system; to `false` when the connection ended before. */
  whenSent(): Promise<boolean> {
    if (this.#host.connection.state === ConnectionState.Closed) return Promise.resolve(false)
    this.#waitingForSystem ??= new SentWaiters(this.#host)
    return this.#waitingForSystem.wait()
  }

  /** The stream has room again, or what was being compressed has left. */
  drained(): void {
    const backlog = this.#backlog
    const { connection } = this.#host
    // What is being compressed will be written, and will then lead here again.
    if (backlog === undefined || (connection.unsent.isEncoding && this.leavingBytes > this.#mark())) return
    const unsent = this.bufferedAmount
    backlog.unsentAtSend = unsent <= this.#mark() ? 0 : Math.min(backlog.unsentAtSend, unsent)
    const wasQueued = backlog.isQueued
    backlog.isQueued = false
    if (backlog.isBlocked) {
      backlog.isBlocked = false
      connection.resume(Stall.Output)
    }
    if (backlog.owesUnblocked && !this.isSlow) {
      backlog.owesUnblocked = false
      this.#host.unblocked()
    } else if (wasQueued) {
      this.#host.weigh()
    }
    const isOpen = connection.state === ConnectionState.Open
    if (isOpen && this.leavingBytes <= this.#mark()) backlog.tellToGoOn(true)
    if (!backlog.owesDrain || this.bufferedAmount > this.#mark()) return
    backlog.owesDrain = false
    if (!isOpen) return
    backlog.tellReady(true)
    this.#host.drain()
  }

  /** Fail the connection when more was unsent before the last message than there may be. Answers whether it did. */
  limit(before: number): boolean {
    const { maxBufferedAmount = Infinity } = this.#host.options
    if (before <= maxBufferedAmount) return false
    this.#waitingForSystem?.drop()
    this.#host.connection.fail(CloseCode.TryAgainLater, 'does not keep up', { cause: 'backpressure' })
    return true
  }

  /** Drop the connection: the memory of what is unsent is wanted back. */
  giveUp(): void {
    this.#host.connection.terminate('backpressure')
  }

  /** Take note of bytes that the stream could not be given. */
  lost(bytes: number): void {
    this.#needBacklog().lost += bytes
  }

  /** The stream is about to be dropped: what it has not taken by now was not sent. */
  settle(): void {
    this.#unsentAtEnd = this.bufferedAmount
  }

  /** Nothing more leaves. */
  closed(): void {
    this.#waitingForSystem?.end()
    this.#backlog?.tellToGoOn(false)
    this.#backlog?.tellReady(false)
  }

  /** A stream says `drain` only above its own mark; ours cannot lie lower. */
  #mark(): number {
    return Math.max(this.#host.options.highWaterMark, this.#host.stream.writableHighWaterMark)
  }

  #needBacklog(): Backlog {
    return (this.#backlog ??= new Backlog())
  }

  /** More is unsent than there may be; before the last message or write it was `before`. */
  #weigh(before: number): void {
    this.#needBacklog().owesUnblocked = true
    this.#host.blocked()
    this.limit(before)
  }

  #block(): void {
    const backlog = this.#needBacklog()
    if (backlog.isBlocked) return
    backlog.isBlocked = true
    backlog.owesUnblocked = true
    backlog.owesDrain = true
    const { connection, options } = this.#host
    // Two ends whose reading rests until their output is gone wait for each other for ever: a client reads on.
    if (options.role === 'server') connection.pause(Stall.Output)
    else connection.holdPongs()
  }
}

/** Bytes of the write that is under way which the system has not taken: Node's own count of a big write stands still. */
function inFlight(stream: Duplex): number {
  return (stream as { _handle?: { writeQueueSize?: number } | null })._handle?.writeQueueSize ?? 0
}
