/**
 * One client's connection from the first attempt to its end, below both faces that a client can have: events or streams.
 * RFC 6455 4.1 and 7; WHATWG WebSockets 3.1.
 */
import { Blob } from 'node:buffer'
import { encodeClosePayload } from '../protocol/close-payload.ts'
import type { CloseOutcome } from '../protocol/close-outcome.ts'
import { ConnectionState } from '../protocol/connection-state.ts'
import { Stall } from '../protocol/stall.ts'
import { abortable } from './abortable.ts'
import { BlobOrder, type HowToSend } from './blob-order.ts'
import { ClientInbox } from './client-inbox.ts'
import type { ClientSettings } from './client-options.ts'
import type { CloseArguments } from './close-arguments.ts'
import { channels } from './diagnostics.ts'
import { dial, type Dialed } from './dial.ts'
import type { BindingListener } from './binding-options.ts'
import { DuplexBinding } from './duplex-binding.ts'
import { HandshakeError } from './handshake-error.ts'
import type { MessageQueue } from './message-queue.ts'
import { nodeTextCodec } from './platform.ts'
import { ReadyState } from './ready-state.ts'
import { Alarm, wheel } from './timer-wheel.ts'
import { lengthOf, UnsentBytes, withoutHeader } from './unsent-bytes.ts'
import { feedFor } from './wire-tap.ts'

/** How it ended: with an error if it failed, as the standard has it. WHATWG WebSockets 3.2. */
export interface ClientEnd {
  readonly outcome: CloseOutcome
  readonly error: Error | undefined
}

/** What a connection tells; never from inside a call of the application's. */
export interface ClientListener {
  opened(): void
  message(message: string | Uint8Array): void
  ping(payload: Uint8Array): void
  pong(payload: Uint8Array): void
  drain(): void
  closed(end: ClientEnd): void
}

export interface ClientTarget {
  readonly url: URL
  readonly settings: ClientSettings
  /** What stands for this connection in `node:diagnostics_channel`. */
  readonly socket: object
}

const listener: BindingListener<ClientConnection> = {
  message: (client, message) => receive(client, message),
  ping: (client, payload) => client.listener.ping(payload),
  pong: (client, payload) => client.listener.pong(payload),
  drain: (client) => drained(client),
  blocked: ignore,
  unblocked: ignore,
  close: (client, outcome) => ended(client, outcome),
  error: (_client, error) => reportError(error),
}

let receive: (client: ClientConnection, message: string | Uint8Array) => void
let drained: (client: ClientConnection) => void
let ended: (client: ClientConnection, outcome: CloseOutcome) => void

export class ClientConnection {
  readonly listener: ClientListener
  readonly #target: ClientTarget
  readonly #handshake = new AbortController()
  readonly #unsent = new UnsentBytes()
  #binding: DuplexBinding<ClientConnection> | undefined
  #dialed: Pick<Dialed, 'agreement' | 'response'> | undefined
  #blobs: BlobOrder | undefined
  readonly #inbox: ClientInbox
  /** `close` was called: before there is a connection, or while Blobs are still to be sent. */
  #closeArguments: CloseArguments | undefined
  /** Whether somebody was told to wait for the Blobs. */
  #owesDrain = false
  /** For the next Blob to be read once it is closing. */
  #blobDeadline: Alarm | undefined
  #isPaused = false
  #isClosed = false

  static {
    receive = (client, message) => client.#received(message)
    drained = (client) => client.#drained()
    ended = (client, outcome) => client.#ended(outcome)
  }

  /** @throws TypeError for options that cannot be sent. */
  constructor(target: ClientTarget, listener: ClientListener) {
    this.#target = target
    this.listener = listener
    this.#inbox = new ClientInbox({
      hold: (wanted) => this.#hold(wanted),
      deliver: (message) => this.listener.message(message),
      isPaused: () => this.#isPaused,
    })
    const { signal } = target.settings.options
    const handshake = this.#handshake.signal
    const aborted = signal === undefined ? handshake : AbortSignal.any([signal, handshake])
    dial(target.url, target.settings, aborted).then(
      (dialed) => this.#opened(dialed),
      (error: HandshakeError) => this.#failed(error),
    )
  }

  get binding(): DuplexBinding<ClientConnection> | undefined {
    return this.#binding
  }

  get dialed(): Pick<Dialed, 'agreement' | 'response'> | undefined {
    return this.#dialed
  }

  get readyState(): ReadyState {
    if (this.#isClosed) return ReadyState.Closed
    if (this.#closeArguments !== undefined) return ReadyState.Closing
    const state = this.#binding?.connection.state
    if (state === undefined) return ReadyState.Connecting
    return state === ConnectionState.Open ? ReadyState.Open : ReadyState.Closing
  }

  /** Bytes of messages that were given to `send` and not yet to the system; what came too late counts for ever. */
  get bufferedAmount(): number {
    return this.#unsent.count(this.#isClosed ? undefined : this.#binding) + (this.#blobs?.pending ?? 0)
  }

  /** Answers whether it is well to send more. */
  send(data: string | Uint8Array | Blob, how: HowToSend): boolean {
    const binding = this.#binding
    if (binding === undefined || this.readyState !== ReadyState.Open) {
      this.#unsent.drop(lengthOf(data))
      return false
    }
    if (data instanceof Blob || this.#blobs?.isEmpty === false) {
      const length = lengthOf(data)
      if (binding.output.limit(this.#inOrder.pending)) {
        this.#unsent.drop(length)
        return false
      }
      this.#inOrder.add({ message: data, length, how })
      if (binding.output.isReady && !this.#areBlobsOverMark) return true
      this.#owesDrain = true
      return false
    }
    return this.#sendNow(binding, data, how)
  }

  /** Resolves when it is well to send more; to `false` when the connection is no longer open. */
  async ready(signal?: AbortSignal): Promise<boolean> {
    signal?.throwIfAborted()
    if (this.#areBlobsOverMark) await abortable(this.#blobs!.passed(), signal)
    return this.readyState === ReadyState.Open && (await this.#binding!.output.ready(signal))
  }

  /** Resolves when everything sent so far was handed to the system; to `false` when the connection ended before. */
  async whenSent(): Promise<boolean> {
    const hasPassed = this.#blobs === undefined || (await this.#blobs.passed())
    return hasPassed && (await this.#binding!.output.whenSent())
  }

  /** @throws RangeError for a code that must not be sent or a reason of more than 123 bytes; nothing has changed then. */
  close(close: CloseArguments): void {
    if (this.#isClosed || this.#closeArguments !== undefined) return
    encodeClosePayload(close.code, close.reason, nodeTextCodec)
    this.#closeArguments = close
    this.#inbox.stopWaiting()
    if (this.#binding === undefined) this.#handshake.abort()
    else if (this.#blobs === undefined || this.#blobs.isEmpty) this.#sendClose()
    else this.#awaitBlobs()
  }

  terminate(): void {
    if (this.#binding === undefined) return this.close({ code: undefined, reason: '' })
    this.#unsent.keep(this.#binding)
    this.#binding.connection.terminate('local')
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  /** May be called before there is a connection. */
  pause(): void {
    this.#isPaused = true
    this.#binding?.connection.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.readerCame()
    this.#binding?.connection.resume()
  }

  /** Deliver no message before `resume`, or before somebody asks for them one by one. */
  awaitReader(): void {
    this.#inbox.awaitReader()
  }

  /** Somebody is there now. */
  readerCame(): void {
    this.#inbox.readerCame()
  }

  /** The messages from now on, one by one. @throws Error when somebody reads them already. */
  readMessages(leave: () => void): MessageQueue {
    return this.#inbox.readMessages(leave)
  }

  #hold(wanted: boolean): void {
    if (wanted) this.#binding?.connection.pause(Stall.Handler)
    else this.#binding?.connection.resume(Stall.Handler)
  }

  #sendNow(binding: DuplexBinding<ClientConnection>, payload: string | Uint8Array, how: HowToSend): boolean {
    const { connection } = binding
    const before = connection.pendingBytes
    // What waits for a message in fragments to end, or for the extension, has no header yet.
    const isFramed = binding.extension === undefined && !connection.isFragmenting
    if (before === 0 && binding.stream.writableLength === 0) this.#unsent.allSent()
    if (!connection.send(payload, how.isText, how.compress)) {
      this.#unsent.drop(lengthOf(payload))
      return false
    }
    const onWire = isFramed ? connection.pendingBytes - before : 0
    this.#unsent.add(onWire > 0 ? withoutHeader(onWire) : lengthOf(payload))
    return binding.sent()
  }

  get #inOrder(): BlobOrder {
    return (this.#blobs ??= new BlobOrder({
      send: (payload, how) => {
        const isOpen = this.#binding!.connection.state === ConnectionState.Open
        if (this.#closeArguments !== undefined) this.#awaitBlobs()
        this.#sendNow(this.#binding!, payload, how)
        return isOpen
      },
      empty: () => {
        if (this.#closeArguments !== undefined) return this.#sendClose()
        if (this.#owesDrain && this.readyState === ReadyState.Open && this.#binding!.output.isReady) this.#drained()
      },
      error: (error) => reportError(error),
    }))
  }

  get #areBlobsOverMark(): boolean {
    return this.#blobs !== undefined && this.#blobs.pending > this.#target.settings.binding.highWaterMark
  }

  /** It is well to send more, as far as the output goes; when Blobs wait, it will be when they do not. */
  #drained(): void {
    this.#owesDrain = this.#areBlobsOverMark
    if (!this.#owesDrain) this.listener.drain()
  }

  /** Close behind the Blobs, but for one that cannot be read in time: then without what still waits. */
  #awaitBlobs(): void {
    this.#blobDeadline ??= new Alarm(() => {
      this.#blobs!.stop()
      this.#sendClose()
    })
    wheel.set(this.#blobDeadline, this.#target.settings.binding.closeTimeout)
  }

  #sendClose(): void {
    if (this.#blobDeadline !== undefined) wheel.clear(this.#blobDeadline)
    const { code, reason } = this.#closeArguments!
    this.#binding!.connection.close(code, reason)
  }

  #opened({ stream, head, agreement, response }: Dialed): void {
    if (this.#closeArguments !== undefined) {
      stream.destroy()
      return this.#failed(new HandshakeError('aborted', 'the handshake was aborted', { response }))
    }
    const { settings, socket } = this.#target
    const tcp = stream as { setNoDelay?: (on: boolean) => void; setTimeout?: (ms: number) => void }
    tcp.setTimeout?.(0)
    tcp.setNoDelay?.(true)
    this.#dialed = { agreement, response }
    const parts = { options: settings.binding, extension: agreement.agreed[0]?.create(), owner: this }
    const binding = new DuplexBinding<ClientConnection>(stream, parts, listener)
    this.#binding = binding
    binding.tap = feedFor(socket, undefined)
    if (channels.open.hasSubscribers) channels.open.publish({ socket })
    if (this.#isPaused) binding.connection.pause()
    this.listener.opened()
    binding.start(head)
  }

  #received(message: string | Uint8Array): void {
    if (channels.message.hasSubscribers) {
      channels.message.publish({ socket: this.#target.socket, message, isText: typeof message === 'string' })
    }
    this.#inbox.take(message)
  }

  #failed(error: HandshakeError): void {
    const outcome: CloseOutcome = { code: 1006, reason: '', clean: false, cause: causeOf(error), error }
    this.#finish({ outcome, error })
  }

  #ended(outcome: CloseOutcome): void {
    this.#unsent.keep(this.#binding!)
    if (channels.close.hasSubscribers) channels.close.publish({ socket: this.#target.socket, outcome })
    // WHATWG WebSockets 3.2: a connection that was failed, or was full, reports 1006, whatever code was sent.
    const { cause } = outcome
    const hasFailed = cause === 'protocol' || cause === 'backpressure' || outcome.error !== undefined
    const error = hasFailed ? (outcome.error ?? new Error(outcome.reason)) : undefined
    this.#finish({ outcome: hasFailed ? { ...outcome, code: 1006, reason: '' } : outcome, error })
  }

  /** What waits for the end is told so after the call that brought it about. */
  #finish(end: ClientEnd): void {
    this.#isClosed = true
    if (this.#blobDeadline !== undefined) wheel.clear(this.#blobDeadline)
    this.#blobs?.stop()
    this.#inbox.end(end.outcome)
    queueMicrotask(() => this.listener.closed(end))
  }
}

function causeOf({ code }: HandshakeError): CloseOutcome['cause'] {
  if (code === 'aborted') return 'local'
  return code === 'timeout' ? 'timeout' : 'transport'
}

/** What throws in a listener is reported as Node reports it, and stops nothing. */
function reportError(error: unknown): void {
  process.nextTick(() => {
    throw error
  })
}

function ignore(): void {
  // A client has no other sockets to care for.
}
