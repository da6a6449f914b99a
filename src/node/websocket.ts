/**
 * The client, with the browser's interface. WHATWG WebSockets 3.1; RFC 6455 4.1 and 7.
 */
import { Blob } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { MAX_REASON_LENGTH } from '../protocol/close-payload.ts'
import type { CloseOutcome } from '../protocol/close-outcome.ts'
import { ConnectionState } from '../protocol/connection-state.ts'
import { checkClientOptions, type ClientSettings, type WebSocketOptions } from './client-options.ts'
import { parseWebSocketUrl, requireProtocols } from './client-url.ts'
import { dial, type Dialed, type HandshakeError } from './dial.ts'
import { DuplexBinding, type BindingListener } from './duplex-binding.ts'
import { CloseEvent, ErrorEvent, MessageEvent } from './events.ts'
import { toBytes, toPayload, type Sendable } from './payload.ts'
import { bufferOf, nodeTextCodec } from './platform.ts'
import { ReadyState } from './socket.ts'

/** In which form binary messages are handed over. `blob` and `arraybuffer` are the standard's. */
export type BinaryType = 'blob' | 'arraybuffer' | 'nodebuffer' | 'bytes'

const BINARY_TYPES: readonly string[] = ['blob', 'arraybuffer', 'nodebuffer', 'bytes']

/** The events of a WebSocket by their names. */
export interface WebSocketEventMap {
  open: Event
  message: MessageEvent
  error: ErrorEvent
  close: CloseEvent
}

type EventListener = ((event: Event) => unknown) | { handleEvent(event: Event): unknown }
type ListenerOptions = boolean | { once?: boolean; passive?: boolean; capture?: boolean; signal?: AbortSignal }

type Handler<Name extends keyof WebSocketEventMap> = ((event: WebSocketEventMap[Name]) => unknown) | null

const listener: BindingListener<WebSocket> = {
  message: (socket, message) => receive(socket, message),
  ping: ignore,
  pong: ignore,
  drain: ignore,
  blocked: ignore,
  unblocked: ignore,
  close: (socket, outcome) => closed(socket, outcome),
  error: (_socket, error) => reportError(error),
}

let receive: (socket: WebSocket, message: string | Uint8Array) => void
let closed: (socket: WebSocket, outcome: CloseOutcome) => void

export class WebSocket extends EventTarget {
  static readonly CONNECTING = 0
  static readonly OPEN = 1
  static readonly CLOSING = 2
  static readonly CLOSED = 3
  declare readonly CONNECTING: 0
  declare readonly OPEN: 1
  declare readonly CLOSING: 2
  declare readonly CLOSED: 3

  readonly #url: URL
  readonly #settings: ClientSettings
  readonly #handshake = new AbortController()
  readonly #handlers = new Map<
    string,
    { handler: Handler<keyof WebSocketEventMap>; listener: (event: Event) => void }
  >()
  #binding: DuplexBinding<WebSocket> | undefined
  #dialed: Pick<Dialed, 'agreement' | 'response'> | undefined
  #binaryType: BinaryType = 'blob'
  /** Before there is a connection and after it, these two tell the state. */
  #isClosing = false
  #isClosed = false
  /** Bytes that were given to `send` when they could not be sent any more. WHATWG: they count all the same. */
  #droppedBytes = 0

  static {
    receive = (socket, message) => socket.#received(message)
    closed = (socket, outcome) => socket.#ended(outcome)
    for (const constants of [WebSocket, WebSocket.prototype]) {
      for (const [name, value] of Object.entries({ CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 })) {
        Object.defineProperty(constants, name, { value, enumerable: true, writable: false, configurable: false })
      }
    }
  }

  /**
   * Begin to connect.
   * @param url ws:, wss:, http: or https:, without a fragment.
   * @param options subprotocols, as in a browser, or options.
   * @throws DOMException SyntaxError for such a URL, or subprotocols that are no unique tokens; TypeError or RangeError for
   * an option.
   */
  constructor(url: string | URL, options: string | readonly string[] | WebSocketOptions = {}) {
    super()
    const given = typeof options === 'string' || isList(options) ? { protocols: options } : options
    this.#url = parseWebSocketUrl(url)
    this.#settings = checkClientOptions(given)
    requireProtocols(this.#settings.protocols)
    const { signal } = given
    const aborted = signal === undefined ? this.#handshake.signal : AbortSignal.any([signal, this.#handshake.signal])
    dial(this.#url, this.#settings, aborted).then(
      (dialed) => this.#opened(dialed),
      (error: HandshakeError) => this.#failed(error),
    )
  }

  /** The URL as it was resolved. */
  get url(): string {
    return this.#url.href
  }

  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  get readyState(): ReadyState {
    if (this.#isClosed) return ReadyState.Closed
    const state = this.#binding?.connection.state
    if (state === undefined) return this.#isClosing ? ReadyState.Closing : ReadyState.Connecting
    return state === ConnectionState.Open ? ReadyState.Open : ReadyState.Closing
  }

  /** Bytes given to `send` and not yet to the system; what was sent after the close counts for ever. */
  get bufferedAmount(): number {
    return (this.#binding?.bufferedAmount ?? 0) + this.#droppedBytes
  }

  /** The subprotocol agreed on, or ''. */
  get protocol(): string {
    return this.#dialed?.agreement.protocol ?? ''
  }

  /** The extensions agreed on, or ''. */
  get extensions(): string {
    return (this.#dialed?.response.headers['sec-websocket-extensions'] as string | undefined) ?? ''
  }

  /** The answer of the server to the handshake, once it is open. */
  get response(): IncomingMessage | undefined {
    return this.#dialed?.response
  }

  /** In which form binary messages are handed over; `blob` to begin with. */
  get binaryType(): BinaryType {
    return this.#binaryType
  }

  set binaryType(type: BinaryType) {
    // Web IDL: what is not in the enumeration is ignored.
    if (BINARY_TYPES.includes(type)) this.#binaryType = type
  }

  /**
   * Send a message.
   * @throws DOMException InvalidStateError while connecting; TypeError for what is neither a string, bytes nor a Blob.
   */
  send(data: Sendable | Blob): void {
    if (this.readyState === ReadyState.Connecting) {
      throw new DOMException('the connection is not open yet', 'InvalidStateError')
    }
    if (data instanceof Blob) return void this.#sendBlob(data)
    const payload = toPayload(data)
    if (this.#binding?.connection.send(payload) === true) return
    this.#droppedBytes += typeof payload === 'string' ? nodeTextCodec.byteLength(payload) : payload.length
  }

  /** Send a ping with up to 125 bytes. RFC 6455 5.5.2. */
  ping(data?: Sendable): boolean {
    return this.#binding?.connection.ping(toBytes(data)) ?? false
  }

  /**
   * Begin the closing handshake, or give up connecting.
   * @throws DOMException InvalidAccessError for a code other than 1000 and 3000-4999, SyntaxError for a reason of more than
   * 123 bytes.
   */
  close(code?: number, reason: string = ''): void {
    if (code !== undefined && code !== 1000 && !(Number.isInteger(code) && code >= 3000 && code <= 4999)) {
      throw new DOMException(`close code ${code}, 1000 or 3000-4999 is required`, 'InvalidAccessError')
    }
    const length = nodeTextCodec.byteLength(reason)
    if (length > MAX_REASON_LENGTH) {
      throw new DOMException(`close reason of ${length} bytes, at most ${MAX_REASON_LENGTH} fit`, 'SyntaxError')
    }
    if (this.#binding !== undefined) {
      this.#binding.connection.close(code ?? (reason === '' ? undefined : 1000), reason)
    } else if (!this.#isClosed) {
      this.#isClosing = true
      this.#handshake.abort()
    }
  }

  /** Drop the connection without a closing handshake. */
  terminate(): void {
    if (this.#binding !== undefined) this.#binding.connection.terminate('local')
    else this.close()
  }

  /** Deliver no further message until `resume`. */
  pause(): void {
    this.#binding?.connection.pause()
  }

  /** Deliver messages again. */
  resume(): void {
    this.#binding?.connection.resume()
  }

  get onopen(): Handler<'open'> {
    return this.#handlerOf('open')
  }
  set onopen(handler: Handler<'open'>) {
    this.#setHandler('open', handler)
  }
  get onmessage(): Handler<'message'> {
    return this.#handlerOf('message')
  }
  set onmessage(handler: Handler<'message'>) {
    this.#setHandler('message', handler)
  }
  get onerror(): Handler<'error'> {
    return this.#handlerOf('error')
  }
  set onerror(handler: Handler<'error'>) {
    this.#setHandler('error', handler)
  }
  get onclose(): Handler<'close'> {
    return this.#handlerOf('close')
  }
  set onclose(handler: Handler<'close'>) {
    this.#setHandler('close', handler)
  }

  override addEventListener<Name extends keyof WebSocketEventMap>(
    type: Name,
    listener: (event: WebSocketEventMap[Name]) => unknown,
    options?: ListenerOptions,
  ): void
  override addEventListener(type: string, listener: EventListener | null, options?: ListenerOptions): void
  override addEventListener(type: string, listener: never, options?: ListenerOptions): void {
    super.addEventListener(type, listener, options)
  }

  #handlerOf<Name extends keyof WebSocketEventMap>(type: Name): Handler<Name> {
    return (this.#handlers.get(type)?.handler ?? null) as Handler<Name>
  }

  /** WHATWG HTML 8.1.8.1: an event handler is a listener whose place is that of the first one set. */
  #setHandler<Name extends keyof WebSocketEventMap>(type: Name, handler: Handler<Name>): void {
    const known = this.#handlers.get(type)
    const next = (typeof handler === 'function' ? handler : null) as Handler<keyof WebSocketEventMap>
    if (known !== undefined) {
      if (next !== null) return void (known.handler = next)
      this.#handlers.delete(type)
      return super.removeEventListener(type, known.listener)
    }
    if (next === null) return
    const entry = { handler: next, listener: (event: Event): unknown => entry.handler?.call(this, event as never) }
    this.#handlers.set(type, entry)
    super.addEventListener(type, entry.listener)
  }

  #opened({ stream, head, agreement, response }: Dialed): void {
    this.#dialed = { agreement, response }
    const socket = stream as { setNoDelay?: (on: boolean) => void; setTimeout?: (ms: number) => void }
    socket.setTimeout?.(0)
    socket.setNoDelay?.(true)
    const binding = new DuplexBinding<WebSocket>(
      stream,
      { ...this.#settings.binding, extension: agreement.agreed[0]?.create(), owner: this },
      listener,
    )
    this.#binding = binding
    this.dispatchEvent(new Event('open'))
    binding.start(head)
  }

  #failed(error: HandshakeError): void {
    this.#isClosed = true
    this.dispatchEvent(new ErrorEvent('error', error))
    this.dispatchEvent(new CloseEvent('close', { code: 1006 }))
  }

  #received(message: string | Uint8Array): void {
    const data = typeof message === 'string' ? message : this.#inForm(message)
    this.dispatchEvent(new MessageEvent('message', { data, origin: this.#url.origin }))
  }

  #inForm(bytes: Uint8Array): unknown {
    switch (this.#binaryType) {
      case 'blob':
        return new Blob([bytes])
      case 'arraybuffer':
        return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
      case 'nodebuffer':
        return bufferOf(bytes)
      case 'bytes':
        return bytes
    }
  }

  #ended(outcome: CloseOutcome): void {
    this.#isClosed = true
    // WHATWG WebSockets 3.2: a connection that was failed reports 1006, whatever code was sent.
    const failed = outcome.cause === 'protocol' || outcome.error !== undefined
    if (failed) this.dispatchEvent(new ErrorEvent('error', outcome.error ?? new Error(outcome.reason)))
    const { code, reason } = failed ? { code: 1006, reason: '' } : outcome
    this.dispatchEvent(new CloseEvent('close', { wasClean: outcome.clean, code, reason }))
  }

  async #sendBlob(blob: Blob): Promise<void> {
    this.send(await blob.arrayBuffer())
  }
}

function isList(options: readonly string[] | WebSocketOptions): options is readonly string[] {
  return Symbol.iterator in options
}

/** A listener that throws is reported as Node reports it, and stops nothing. */
function reportError(error: unknown): void {
  process.nextTick(() => {
    throw error
  })
}

function ignore(): void {
  // The browser's interface has no event for it.
}
