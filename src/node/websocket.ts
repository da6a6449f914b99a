/**
 * The client, with the browser's interface and what Node's applications need beside it. WHATWG WebSockets 3.1; RFC 6455 4.1.
 */
import { Blob } from 'node:buffer'
import { CloseCode } from '../protocol/close-code.ts'
import { inForm, isBinaryType, type BinaryType } from './binary-type.ts'
import { ClientConnection, type ClientEnd } from './client-connection.ts'
import { checkClientOptions, type WebSocketOptions } from './client-options.ts'
import { isProtocols, parseWebSocketUrl, requireProtocols } from './client-url.ts'
import { readCloseArguments } from './close-arguments.ts'
import type { HandshakeResponse } from './dial.ts'
import type { SocketStats } from './binding-options.ts'
import type { DuplexBinding } from './duplex-binding.ts'
import { CloseEvent, ErrorEvent, MessageEvent } from './events.ts'
import { HandshakeError } from './handshake-error.ts'
import { abortable } from './abortable.ts'
import type { MessageWriter } from './message-parts.ts'
import { makeStream, type SocketStream } from './stream.ts'
import { isBytes, toBytes, toPayload, type Sendable } from './payload.ts'
import { defineConstants, ReadyState } from './ready-state.ts'
import type { SendOptions } from './socket-parts.ts'
import { WebSocketEvents } from './websocket-events.ts'
import { feedFor, type WireTap } from './wire-tap.ts'

const NO_OPTIONS: SendOptions = {}

export class WebSocket extends WebSocketEvents {
  declare static readonly CONNECTING: 0
  declare static readonly OPEN: 1
  declare static readonly CLOSING: 2
  declare static readonly CLOSED: 3
  declare readonly CONNECTING: 0
  declare readonly OPEN: 1
  declare readonly CLOSING: 2
  declare readonly CLOSED: 3

  readonly #url: URL
  readonly #origin: string
  readonly #client: ClientConnection
  #binaryType: BinaryType = 'blob'

  static {
    defineConstants(WebSocket)
    Object.defineProperty(WebSocket.prototype, Symbol.toStringTag, { value: 'WebSocket', configurable: true })
  }

  /**
   * Begin to connect.
   * @param url ws:, wss:, http:, https: or ws+unix:, without a fragment.
   * @param options subprotocols, as in a browser, or options.
   * @throws DOMException SyntaxError for such a URL, or subprotocols that are no unique tokens; TypeError or RangeError for
   * an option.
   * @example
   * const socket = new WebSocket('wss://example.org/chat', { protocols: ['chat.v1'], headers: { cookie } })
   * socket.addEventListener('message', ({ data }) => console.log(data))
   */
  constructor(url: string | URL, options: string | Iterable<string> | WebSocketOptions | null = {}) {
    if (arguments.length === 0) throw new TypeError('a URL is required')
    super()
    const given = options ?? {}
    this.#url = parseWebSocketUrl(url)
    this.#origin = this.#url.origin
    const settings = checkClientOptions(isProtocols(given) ? { protocols: given } : given)
    requireProtocols(settings.protocols)
    const dispatch = (event: Event): void => void this.dispatchEvent(event)
    this.#client = new ClientConnection(
      { url: this.#url, settings, socket: this },
      {
        opened: () => dispatch(new Event('open')),
        message: (message) => this.#received(message),
        ping: (data) => dispatch(new MessageEvent('ping', { data, origin: this.#origin })),
        pong: (data) => dispatch(new MessageEvent('pong', { data, origin: this.#origin })),
        drain: () => dispatch(new Event('drain')),
        closed: (end) => this.#closed(end),
      },
    )
  }

  /**
   * Connect and wait until it is open. Messages that come before anybody listens wait: nothing is lost between this call
   * and the first listener, loop or `resume`. Rejects with a HandshakeError, which tells the status, the header fields and
   * the start of the body of a refusal, or with the reason of `options.signal`.
   */
  static connect(url: string | URL, options: WebSocketOptions = {}): Promise<WebSocket> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url, options)
      socket.#client.awaitReader()
      socket.addEventListener('open', () => resolve(socket), { once: true })
      socket.addEventListener('error', ({ error }) => {
        const isAborted = error instanceof HandshakeError && error.code === 'aborted'
        reject(isAborted && options.signal?.aborted === true ? (options.signal.reason as Error) : error)
      })
    })
  }

  /** The URL as it was resolved. */
  get url(): string {
    return this.#url.href
  }

  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  get readyState(): ReadyState {
    return this.#client.readyState
  }

  /** Bytes of messages that were given to `send` and not yet to the system; what was sent after the close counts for ever. */
  get bufferedAmount(): number {
    return this.#client.sending.bufferedAmount
  }

  /** The subprotocol agreed on, or ''. */
  get protocol(): string {
    return this.#client.dialed?.agreement.protocol ?? ''
  }

  /** The extensions agreed on, or ''. */
  get extensions(): string {
    return (this.#client.dialed?.response.headers['sec-websocket-extensions'] as string | undefined) ?? ''
  }

  /** The answer of the server to the handshake, once it is open. */
  get response(): HandshakeResponse | undefined {
    return this.#client.dialed?.response
  }

  /** In which form binary messages are handed over; `blob` to begin with. */
  get binaryType(): BinaryType {
    return this.#binaryType
  }

  set binaryType(type: BinaryType) {
    // Web IDL: what is not in the enumeration is ignored.
    if (isBinaryType(type)) this.#binaryType = type
  }

  /** Whether `pause` was called. */
  get isPaused(): boolean {
    return this.#client.isPaused
  }

  /** Milliseconds from the heartbeat's last ping to its pong, once there was one. */
  get rtt(): number | undefined {
    return this.#client.binding?.rtt
  }

  /** What came and went so far. */
  stats(): SocketStats {
    return this.#client.binding?.stats() ?? { bytesIn: 0, bytesOut: 0, messagesIn: 0, messagesOut: 0 }
  }

  /**
   * Send a message; what is neither bytes nor a Blob goes as text. `true`: go on; `false`: it is queued, but wait for
   * `drain`, or the connection is no longer open and nothing was sent. Bytes from 8 KiB on are not copied: do not write to
   * them afterwards.
   * @throws DOMException InvalidStateError while connecting.
   */
  send(data: Sendable | Blob, options: SendOptions = NO_OPTIONS): boolean {
    if (this.#client.readyState === ReadyState.Connecting) {
      throw new DOMException('the connection is not open yet', 'InvalidStateError')
    }
    if (typeof data === 'string' || data instanceof Blob) return this.#send(data, options)
    // Web IDL: anything else is converted to a string.
    return this.#send(isBytes(data) ? toPayload(data) : String(data), options)
  }

  /**
   * Send a ping with up to 125 bytes; answers `false` unless it is open. RFC 6455 5.5.2.
   * @throws TypeError or RangeError for what cannot be the body of a ping.
   */
  ping(data?: Sendable): boolean {
    const payload = toBytes(data)
    return this.#client.binding?.connection.ping(payload) ?? false
  }

  /** Send a pong nobody asked for. RFC 6455 5.5.3. Pings are answered without it. */
  pong(data?: Sendable): boolean {
    const payload = toBytes(data)
    return this.#client.binding?.connection.pong(payload) ?? false
  }

  /**
   * Begin the closing handshake, or give up connecting.
   * @throws DOMException InvalidAccessError for a code other than 1000 and 3000-4999, SyntaxError for a reason of more than
   * 123 bytes.
   */
  close(...[code, reason]: [code?: number, reason?: string]): void {
    // Web IDL 3.7.7: the length of a function is the number of its required arguments.
    this.#client.close(readCloseArguments(code, reason))
  }

  /** Drop the connection without a closing handshake. */
  terminate(): void {
    this.#client.terminate()
  }

  /** Deliver no further message until `resume`; the server is held back by TCP's own flow control. */
  pause(): void {
    this.#client.pause()
  }

  /** Deliver messages again. */
  resume(): void {
    this.#client.resume()
  }

  /**
   * The messages from now on, one by one, instead of `message` events: strings, and bytes whatever `binaryType` says. While
   * some wait, the server is held back. A Close behind one is heeded when the next is asked for, or after `closeTimeout`: the
   * last can be answered too. The loop ends with a clean close and throws after any other; leaving it early
   * closes the socket with 1000.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<string | Uint8Array, undefined> {
    return this.#client.readMessages(() => this.close(CloseCode.NormalClosure), true)
  }

  /**
   * The open socket as a pair of streams of messages, with back-pressure both ways. WHATWG Streams.
   * @throws DOMException InvalidStateError while connecting.
   */
  stream(): SocketStream {
    this.#requireBinding()
    return makeStream({
      readMessages: (leave) => this.#client.readMessages(leave, true),
      send: (message) => {
        this.#send(toPayload(message), undefined)
        return this.readyState === ReadyState.Open
      },
      ready: () => this.ready(),
      close: (code) => this.#client.close({ code, reason: '' }),
    })
  }

  /**
   * Send one message in fragments, of any length, behind the Blobs that were sent before it begins. Other messages wait
   * until it has ended, and are lost if the connection closes before. RFC 6455 5.4.
   * @throws DOMException InvalidStateError while connecting; Error while another one has not ended.
   */
  startMessage(options: { text?: boolean } = {}): MessageWriter {
    this.#requireBinding()
    return this.#client.sending.startMessage(options.text ?? false)
  }

  /**
   * Wait until it is well to send more. Resolves to `false` when the connection is no longer open.
   * @throws DOMException InvalidStateError while connecting.
   */
  ready(options: { signal?: AbortSignal } = {}): Promise<boolean> {
    this.#requireBinding()
    return this.#client.sending.ready(options.signal)
  }

  /** Send, and resolve when the bytes were handed to the system: to `false` when the connection ended before. */
  sendAsync(data: Sendable, options: SendOptions & { signal?: AbortSignal } = {}): Promise<boolean> {
    this.#requireBinding()
    if (options.signal?.aborted === true) return Promise.reject(options.signal.reason)
    this.send(data, options)
    return abortable(this.#client.sending.whenSent(), options.signal)
  }

  /** Look on: bytes, frames, and payloads before and after permessage-deflate. @throws DOMException InvalidStateError while connecting. */
  tap(tap: WireTap | undefined): void {
    this.#requireBinding().tap = feedFor(this, tap)
  }

  /** Close with 1000 and wait for the end; for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.readyState === ReadyState.Closed) return
    const end = new Promise((resolve) => this.addEventListener('close', resolve, { once: true }))
    this.close(CloseCode.NormalClosure)
    await end
  }

  protected override readerCame(): void {
    this.#client.readerCame()
  }

  #requireBinding(): DuplexBinding<unknown> {
    const { binding } = this.#client
    if (binding !== undefined) return binding as DuplexBinding<unknown>
    throw new DOMException('the connection is not open yet', 'InvalidStateError')
  }

  #send(payload: string | Uint8Array | Blob, options: SendOptions | undefined): boolean {
    const isText = options?.text ?? typeof payload === 'string'
    return this.#client.sending.send(payload, { isText, compress: options?.compress ?? true })
  }

  #received(message: string | Uint8Array): void {
    // WHATWG WebSockets 3.2: once it is closing, messages are heard no more.
    if (this.#client.readyState !== ReadyState.Open) return
    const data = typeof message === 'string' ? message : inForm(message, this.#binaryType)
    this.dispatchEvent(new MessageEvent('message', { data, origin: this.#origin }))
  }

  #closed({ outcome, error }: ClientEnd): void {
    if (error !== undefined) this.dispatchEvent(new ErrorEvent('error', error))
    const { clean: wasClean, code, reason, cause } = outcome
    this.dispatchEvent(new CloseEvent('close', { wasClean, code, reason, cause }))
  }
}
