/**
 * The socket of `barewire/ws`: an EventEmitter with the names and the behaviour of `ws`, on the same connection as everything
 * else in the house. docs/from-ws.md tells where it differs on purpose.
 */
import { Blob } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { dial, type Dialed } from '../node/dial.ts'
import type { BindingListener, BindingOptions } from '../node/binding-options.ts'
import { DuplexBinding } from '../node/duplex-binding.ts'
import { bufferOf } from '../node/platform.ts'
import type { CloseOutcome } from '../protocol/close-outcome.ts'
import { ConnectionState } from '../protocol/connection-state.ts'
import type { ExtensionInstance } from '../protocol/extension.ts'
import { readClientArguments, type ClientOptions } from './client-options.ts'
import { inNodeWords, rethrow, tell, withCode } from './errors.ts'
import { EventHandlers } from './event-handlers.ts'
import { readCloseReason, readPayload, type Data } from './payload.ts'

export type BinaryType = 'nodebuffer' | 'arraybuffer' | 'blob' | 'fragments'
export type SendCallback = (error?: Error) => void

export interface SendOptions {
  /** Default: what is no string is binary. */
  binary?: boolean
  /** Default true. */
  compress?: boolean
  /** The last fragment of its message. Default true. */
  fin?: boolean
  /** Taken for the sake of `ws`; a client masks, a server does not (RFC 6455 5.1). */
  mask?: boolean
}

const BINARY_TYPES: readonly string[] = ['nodebuffer', 'arraybuffer', 'blob', 'fragments']

/** What a server hands to a socket it has let in. */
export interface Adoption {
  readonly stream: Duplex
  readonly options: BindingOptions
  readonly extension: ExtensionInstance | undefined
  readonly protocol: string
  readonly extensions: string
}

const listener: BindingListener<WebSocket> = {
  message: (socket, message, isText) => received(socket, message as Uint8Array, isText),
  ping: (socket, payload) => socket.emit('ping', bufferOf(payload)),
  pong: (socket, payload) => socket.emit('pong', bufferOf(payload)),
  drain: (socket) => socket.emit('drain'),
  blocked: ignore,
  unblocked: ignore,
  // Who terminates listens afterwards, as with `ws`.
  close: (socket, outcome) => process.nextTick(() => ended(socket, outcome)),
  error: (_socket, error) => rethrow(error),
}

let received: (socket: WebSocket, message: Uint8Array, isText: boolean) => void
let ended: (socket: WebSocket, outcome: CloseOutcome) => void

export class WebSocket extends EventHandlers {
  static readonly CONNECTING = 0
  static readonly OPEN = 1
  static readonly CLOSING = 2
  static readonly CLOSED = 3
  readonly CONNECTING = 0
  readonly OPEN = 1
  readonly CLOSING = 2
  readonly CLOSED = 3

  readonly #handshake = new AbortController()
  #binding: DuplexBinding<WebSocket> | undefined
  #url: string | undefined
  #protocol = ''
  #extensions = ''
  #binaryType: BinaryType = 'nodebuffer'
  #isClosing = false
  #isClosed = false

  static {
    received = (socket, message, isText) => void socket.emit('message', socket.#inForm(message, isText), !isText)
    ended = (socket, outcome) => socket.#ended(outcome)
  }

  /** Connect to `address`; `null` makes a socket for a server to adopt. */
  constructor(address: string | URL | null, protocols?: string | string[] | ClientOptions, options?: ClientOptions) {
    super()
    if (address === null) return
    const { url, settings } = readClientArguments(address, protocols, options)
    this.#url = url.href
    dial(url, settings, this.#handshake.signal).then(
      (dialed) => this.#opened(dialed, settings.binding),
      (error: Error) => this.#failed(error),
    )
  }

  get url(): string | undefined {
    return this.#url
  }

  get protocol(): string {
    return this.#protocol
  }

  /** The names of the extensions agreed on. */
  get extensions(): string {
    return this.#extensions
  }

  get readyState(): 0 | 1 | 2 | 3 {
    if (this.#isClosed) return 3
    const state = this.#binding?.connection.state
    if (state === undefined) return this.#isClosing ? 2 : 0
    return state === ConnectionState.Open ? 1 : 2
  }

  get bufferedAmount(): number {
    return this.#binding?.output.bufferedAmount ?? 0
  }

  get isPaused(): boolean {
    return this.#binding?.connection.isPaused ?? false
  }

  get binaryType(): BinaryType {
    return this.#binaryType
  }

  set binaryType(type: BinaryType) {
    if (BINARY_TYPES.includes(type)) this.#binaryType = type
  }

  /** Take over a stream that a server has finished the handshake on; `start` begins to read. */
  adopt({ stream, options, extension, protocol, extensions }: Adoption): void {
    this.#protocol = protocol
    this.#extensions = extensions
    this.#binding = new DuplexBinding<WebSocket>(stream, { owner: this, extension, options }, listener)
  }

  /** Begin to read; `head` came with the handshake. */
  start(head: Uint8Array): void {
    this.#binding?.start(head)
  }

  send(data: Data, options?: SendOptions | SendCallback, callback?: SendCallback): void {
    const [given, done] = typeof options === 'function' ? [{}, options] : [options ?? {}, callback]
    this.#requireConnected()
    const payload = readPayload(data)
    const isText = !(given.binary ?? typeof payload !== 'string')
    const connection = this.#binding?.connection
    const isFragment = given.fin === false || connection?.isFragmenting === true
    const isSent = isFragment
      ? connection?.sendFragment(payload, isText, given.fin ?? true)
      : connection?.send(payload, isText, given.compress ?? true)
    this.#callBack(isSent, done)
  }

  ping(data?: Data | SendCallback, mask?: boolean | SendCallback, callback?: SendCallback): void {
    this.#control('ping', [data, mask, callback])
  }

  pong(data?: Data | SendCallback, mask?: boolean | SendCallback, callback?: SendCallback): void {
    this.#control('pong', [data, mask, callback])
  }

  close(code?: number, reason?: string | Buffer): void {
    if (this.#binding !== undefined) return this.#binding.connection.close(code, readCloseReason(reason))
    this.#abort()
  }

  terminate(): void {
    if (this.#binding !== undefined) return this.#binding.connection.terminate('local')
    this.#abort()
  }

  pause(): void {
    this.#binding?.connection.pause()
  }

  resume(): void {
    this.#binding?.connection.resume()
  }

  #control(kind: 'ping' | 'pong', args: (Data | boolean | SendCallback | undefined)[]): void {
    const done = args.find((arg) => typeof arg === 'function')
    const [data] = args
    this.#requireConnected()
    const payload = typeof data === 'function' || data === undefined ? '' : readPayload(data as Data)
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload
    this.#callBack(this.#binding?.connection[kind](bytes), done)
  }

  #requireConnected(): void {
    if (this.readyState === 0) throw new Error('WebSocket is not open: readyState 0 (CONNECTING)')
  }

  /** Each callback is called exactly once: when the bytes were handed to the system, or with an error. */
  #callBack(isSent: boolean | undefined, done: SendCallback | undefined): void {
    if (done === undefined) return
    const failed = (): void => done(new Error('WebSocket is not open'))
    if (isSent !== true) return process.nextTick(failed)
    void this.#binding!.output.whenSent().then((isWritten) => (isWritten ? done() : failed()))
  }

  #abort(): void {
    if (this.#isClosed) return
    this.#isClosing = true
    this.#handshake.abort()
  }

  #opened({ stream, head, agreement, response }: Dialed, options: BindingOptions): void {
    const [extension] = agreement.agreed
    if (!this.#isClosing) tell(() => this.emit('upgrade', response as IncomingMessage))
    // It may have been given up by a listener, or since the answer came.
    if (this.#isClosing) {
      stream.destroy()
      return this.#failed(new Error('the handshake was aborted'))
    }
    this.adopt({
      stream,
      options,
      extension: extension?.create(),
      protocol: agreement.protocol,
      extensions: extension?.response.name ?? '',
    })
    tell(() => this.emit('open'))
    this.start(head)
  }

  #failed(cause: Error): void {
    this.#isClosed = true
    const error = this.#isClosing
      ? new Error('WebSocket was closed before the connection was established', { cause })
      : inNodeWords(cause)
    this.#emitError(error)
    this.emit('close', 1006, Buffer.alloc(0))
  }

  #ended(outcome: CloseOutcome): void {
    this.#isClosed = true
    if (outcome.error !== undefined) this.#emitError(withCode(outcome.error))
    const code = outcome.cause === 'protocol' ? 1006 : outcome.code
    this.emit('close', code, Buffer.from(outcome.cause === 'protocol' ? '' : outcome.reason))
  }

  /** Nobody has to listen: a peer's fault never ends the process. */
  #emitError(error: Error): void {
    if (this.listenerCount('error') > 0) this.emit('error', error)
  }

  #inForm(message: Uint8Array, isText: boolean): Buffer | Buffer[] | ArrayBuffer | Blob {
    const buffer = bufferOf(message)
    if (isText) return buffer
    switch (this.#binaryType) {
      case 'nodebuffer':
        return buffer
      case 'arraybuffer':
        return new Uint8Array(message).buffer
      case 'blob':
        return new Blob([new Uint8Array(message)])
      case 'fragments':
        return [buffer]
    }
  }
}

function ignore(): void {
  // `ws` has no event for it.
}
