/**
 * One client's connection from the first attempt to its end, below both faces that a client can have: events or streams.
 * RFC 6455 4.1 and 7; WHATWG WebSockets 3.1.
 */
import { encodeClosePayload } from '../protocol/close-payload.ts'
import type { CloseOutcome } from '../protocol/close-outcome.ts'
import { ConnectionState } from '../protocol/connection-state.ts'
import { Stall } from '../protocol/stall.ts'
import { ClientInbox } from './client-inbox.ts'
import type { ClientSettings } from './client-options.ts'
import { ClientSending } from './client-sending.ts'
import type { CloseArguments } from './close-arguments.ts'
import { channels } from './diagnostics.ts'
import { dial, type Dialed } from './dial.ts'
import type { BindingListener } from './binding-options.ts'
import { DuplexBinding } from './duplex-binding.ts'
import { HandshakeError } from './handshake-error.ts'
import type { MessageQueue } from './message-queue.ts'
import { nodeTextCodec } from './platform.ts'
import { ReadyState } from './ready-state.ts'
import { reportError } from './report-error.ts'
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
  drain: (client) => client.sending.drained(),
  blocked: ignore,
  unblocked: ignore,
  close: (client, outcome) => ended(client, outcome),
  error: (_client, error) => reportError(error),
}

let receive: (client: ClientConnection, message: string | Uint8Array) => void
let ended: (client: ClientConnection, outcome: CloseOutcome) => void

export class ClientConnection {
  readonly listener: ClientListener
  /** What goes out; what comes in goes to the inbox. */
  readonly sending: ClientSending
  readonly #target: ClientTarget
  readonly #handshake = new AbortController()
  #binding: DuplexBinding<ClientConnection> | undefined
  #dialed: Pick<Dialed, 'agreement' | 'response'> | undefined
  readonly #inbox: ClientInbox
  #isPaused = false
  #isClosed = false

  static {
    receive = (client, message) => client.#received(message)
    ended = (client, outcome) => client.#ended(outcome)
  }

  /** @throws TypeError for options that cannot be sent. */
  constructor(target: ClientTarget, listener: ClientListener) {
    this.#target = target
    this.listener = listener
    this.sending = new ClientSending(target.settings.binding, listener)
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
    if (this.sending.isClosing) return ReadyState.Closing
    const state = this.#binding?.connection.state
    if (state === undefined) return ReadyState.Connecting
    return state === ConnectionState.Open ? ReadyState.Open : ReadyState.Closing
  }

  /** @throws RangeError for a code that must not be sent or a reason of more than 123 bytes; nothing has changed then. */
  close(close: CloseArguments): void {
    if (this.#isClosed || this.sending.isClosing) return
    encodeClosePayload(close.code, close.reason, nodeTextCodec)
    this.sending.stop(close)
    this.#inbox.stopWaiting()
    if (this.#binding === undefined) this.#handshake.abort()
    else this.sending.close()
  }

  terminate(): void {
    if (this.#binding === undefined) return this.close({ code: undefined, reason: '' })
    this.sending.keepUnsent()
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

  /**
   * The messages from now on, one by one. With `answers`, a Close waits until the reader has done with those before it.
   * @throws Error when somebody reads them already.
   */
  readMessages(leave: () => void, answers: boolean): MessageQueue {
    if (!answers) return this.#inbox.readMessages({ leave })
    return this.#inbox.readMessages({
      leave,
      work: (isUnderWay) => this.#binding?.work(Stall.Answer, isUnderWay),
    })
  }

  #hold(wanted: boolean): void {
    if (wanted) this.#binding?.connection.pause(Stall.Handler)
    else this.#binding?.connection.resume(Stall.Handler)
  }

  #opened({ stream, head, agreement, response }: Dialed): void {
    if (this.sending.isClosing) {
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
    this.sending.begin(binding)
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
    this.sending.keepUnsent()
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
    this.sending.end()
    this.#inbox.end(end.outcome)
    queueMicrotask(() => this.listener.closed(end))
  }
}

function causeOf({ code }: HandshakeError): CloseOutcome['cause'] {
  if (code === 'aborted') return 'local'
  return code === 'timeout' ? 'timeout' : 'transport'
}

function ignore(): void {
  // A client has no other sockets to care for.
}
