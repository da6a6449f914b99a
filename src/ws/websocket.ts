/**
 * The socket of `barewire/ws`: an EventEmitter with the names and the behaviour of `ws`, on the same connection as everything
 * else in the house. docs/from-ws.md tells where it differs on purpose.
 */
import { Blob } from 'node:buffer'
import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { dial, type Dialed } from '../node/dial.ts'
import type { BindingListener, BindingOptions } from '../node/binding-options.ts'
import { DuplexBinding } from '../node/duplex-binding.ts'
import type { HandshakeHooks } from '../node/client-options.ts'
import { bufferOf } from '../node/platform.ts'
import { defineConstants } from '../node/ready-state.ts'
import type { CloseOutcome } from '../protocol/close-outcome.ts'
import { ConnectionState } from '../protocol/connection-state.ts'
import { readClientArguments, type ClientOptions } from './client-options.ts'
import { notOpen, rethrow, tell, whyNotOpen, withCode } from './errors.ts'
import { inForm, isBinaryType, type BinaryType } from './binary-type.ts'
import { EventHandlers } from './event-handlers.ts'
import { checkControlLength, readClose, readControl, readPayload, type Data } from './payload.ts'
import { SendOrder } from './send-order.ts'
import type { Adoption, SendCallback, SendOptions } from './socket-parts.ts'

const NOTHING = Buffer.alloc(0)

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
  declare static readonly CONNECTING: 0
  declare static readonly OPEN: 1
  declare static readonly CLOSING: 2
  declare static readonly CLOSED: 3
  declare readonly CONNECTING: 0
  declare readonly OPEN: 1
  declare readonly CLOSING: 2
  declare readonly CLOSED: 3

  readonly #handshake = new AbortController()
  #binding: DuplexBinding<WebSocket> | undefined
  #url: string | undefined
  #protocol = ''
  #extensions = ''
  #binaryType: BinaryType = 'nodebuffer'
  #isClosing = false
  #isClosed = false
  /** Made when a Blob is first sent. */
  #order: SendOrder | undefined

  static {
    defineConstants(WebSocket)
    received = (socket, message, isText) =>
      void socket.emit('message', inForm(message, isText ? 'nodebuffer' : socket.#binaryType), !isText)
    ended = (socket, outcome) => socket.#ended(outcome)
  }

  /** Connect to `address`; `null` makes a socket for a server to adopt. */
  constructor(address: string | URL | null, protocols?: string | string[] | ClientOptions, options?: ClientOptions) {
    super()
    if (address === null) return
    const { url, settings, finishRequest } = readClientArguments(address, protocols, options)
    this.#url = url.href
    const hooks: HandshakeHooks = {
      send: (request, to) => {
        if (to !== url) this.#redirected(to, request)
        if (finishRequest === undefined) request.end()
        else tell(() => finishRequest(request, this))
      },
      refused: (request, response) => {
        if (this.listenerCount('unexpected-response') === 0) return false
        tell(() => this.emit('unexpected-response', request, response))
        return true
      },
    }
    dial(url, { ...settings, hooks }, this.#handshake.signal).then(
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
    if (this.#isClosing) return 2
    const state = this.#binding?.connection.state
    if (state === undefined) return 0
    return state === ConnectionState.Open ? 1 : 2
  }

  get bufferedAmount(): number {
    return (this.#binding?.output.bufferedAmount ?? 0) + (this.#order?.pending ?? 0)
  }

  /** The stream below, once it is open. Applications written for `ws` ask it for the peer's address. */
  get _socket(): Duplex | null {
    return this.#binding?.stream ?? null
  }

  get isPaused(): boolean {
    return this.#binding?.connection.isPaused ?? false
  }

  get binaryType(): BinaryType {
    return this.#binaryType
  }

  set binaryType(type: BinaryType) {
    if (isBinaryType(type)) this.#binaryType = type
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
    if (this.readyState === 0) throw notOpen(0)
    const message = data instanceof Blob ? data : readPayload(data)
    const isText = !(given.binary ?? typeof message !== 'string')
    if (this.readyState !== 1) return this.#callBack(false, done)
    if (!(message instanceof Blob) && this.#isInOrder())
      return this.#sendNow(message, { ...given, binary: !isText }, done)
    this.#inOrder().add(message, {
      send: (payload) => this.#sendNow(payload, { ...given, binary: !isText }, done),
      lost: () => this.#callBack(false, done),
    })
  }

  ping(data?: Data | SendCallback, mask?: boolean | SendCallback, callback?: SendCallback): void {
    this.#control('ping', [data, mask, callback])
  }

  pong(data?: Data | SendCallback, mask?: boolean | SendCallback, callback?: SendCallback): void {
    this.#control('pong', [data, mask, callback])
  }

  close(code?: number, reason?: string | Buffer): void {
    const { readyState } = this
    if (readyState === 0) return this.#abort()
    if (readyState !== 1) return
    const close = readClose(code, reason)
    const { connection, options } = this.#binding!
    if (this.#isInOrder()) return connection.close(close.code, close.reason)
    this.#isClosing = true
    this.#order!.close(() => connection.close(close.code, close.reason), {
      timeout: options.closeTimeout,
      expired: () => connection.terminate('timeout'),
    })
  }

  terminate(): void {
    if (this.#binding === undefined) return this.#abort()
    this.#binding.connection.terminate('local')
  }

  pause(): void {
    if (!this.#isClosed) this.#binding?.connection.pause()
  }

  resume(): void {
    this.#binding?.connection.resume()
  }

  #control(kind: 'ping' | 'pong', args: (Data | boolean | SendCallback | undefined)[]): void {
    const done = args.find((arg) => typeof arg === 'function')
    const [data] = args
    if (this.readyState === 0) throw notOpen(0)
    const isBlob = data instanceof Blob
    const bytes = isBlob ? NOTHING : readControl(typeof data === 'function' ? undefined : (data as Exclude<Data, Blob>))
    if (isBlob) checkControlLength(data.size)
    if (this.readyState !== 1) return this.#callBack(false, done)
    const { connection } = this.#binding!
    if (!isBlob && this.#isInOrder()) return this.#callBack(connection[kind](bytes), done)
    this.#inOrder().add(isBlob ? data : bytes, {
      send: (payload) => this.#callBack(connection[kind](payload as Uint8Array), done),
      lost: () => this.#callBack(false, done),
    })
  }

  #sendNow(
    payload: string | Uint8Array,
    { binary, fin = true, compress = true }: SendOptions,
    done?: SendCallback,
  ): void {
    const { connection } = this.#binding!
    const isText = binary !== true
    const isSent =
      !fin || connection.isFragmenting
        ? connection.sendFragment(payload, isText, fin)
        : connection.send(payload, isText, compress)
    this.#callBack(isSent, done)
  }

  /** Whether nothing that was sent before waits for a Blob. */
  #isInOrder(): boolean {
    return this.#order === undefined || this.#order.isEmpty
  }

  #inOrder(): SendOrder {
    return (this.#order ??= new SendOrder((error) => this.#binding!.connection.terminate('local', error)))
  }

  /** Each callback is called exactly once: when the bytes were handed to the system, or with an error. */
  #callBack(isSent: boolean | undefined, done: SendCallback | undefined): void {
    if (done === undefined) return
    const failed = (): void => done(notOpen(this.readyState))
    if (isSent !== true) return process.nextTick(failed)
    void this.#binding!.output.whenSent().then((isWritten) => (isWritten ? done() : failed()))
  }

  #abort(): void {
    if (this.#isClosed) return
    this.#isClosing = true
    this.#handshake.abort()
  }

  #redirected(url: URL, request: ClientRequest): void {
    this.#url = url.href
    tell(() => this.emit('redirect', url.href, request))
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
    const error = this.#isClosing
      ? new Error('WebSocket was closed before the connection was established', { cause })
      : whyNotOpen(cause)
    this.#isClosing = true
    this.#emitError(error)
    this.#isClosed = true
    this.emit('close', 1006, NOTHING)
  }

  #ended(outcome: CloseOutcome): void {
    this.#isClosing = true
    this.#order?.stop()
    if (outcome.error !== undefined) this.#emitError(withCode(outcome.error))
    this.#isClosed = true
    const code = outcome.cause === 'protocol' ? 1006 : outcome.code
    this.emit('close', code, Buffer.from(outcome.cause === 'protocol' ? '' : outcome.reason))
  }

  /** Nobody has to listen: a peer's fault never ends the process. */
  #emitError(error: Error): void {
    if (this.listenerCount('error') > 0) tell(() => this.emit('error', error))
  }
}

function ignore(): void {
  // `ws` has no event for it.
}
