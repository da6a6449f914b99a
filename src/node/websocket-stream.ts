/**
 * The client as a pair of streams: one message is one chunk, and who does not read holds the server back.
 * WHATWG WebSockets (the WebSocketStream proposal); WHATWG Streams.
 */
import type { ReadableStream, WritableStream, WritableStreamDefaultController } from 'node:stream/web'
import { ClientConnection, type ClientEnd } from './client-connection.ts'
import { checkClientOptions, type WebSocketOptions } from './client-options.ts'
import { parseWebSocketUrl, requireProtocols } from './client-url.ts'
import { isOwnCode, readCloseArguments } from './close-arguments.ts'
import { Deferred } from './deferred.ts'
import { HandshakeError } from './handshake-error.ts'
import { isBytes, toPayload, type Sendable } from './payload.ts'
import { failure, WebSocketError, type WebSocketCloseInfo } from './websocket-error.ts'

/** What is there once the connection is open. */
export interface WebSocketOpenInfo {
  /** The messages: a string for text, bytes for binary. It ends with a clean close and errors after any other. */
  readonly readable: ReadableStream<string | Uint8Array>
  /** Takes messages; a write resolves when more is wanted. Closing it closes the connection. */
  readonly writable: WritableStream<Sendable>
  readonly protocol: string
  readonly extensions: string
}

/** With what it was closed. */
export interface WebSocketClosedInfo {
  /** The server's code; 1005 when it gave none. */
  readonly closeCode: number
  readonly reason: string
}

/**
 * A WebSocket whose messages are read and written at the reader's and the writer's pace.
 * @example
 * const { readable, writable } = await new WebSocketStream('wss://example.org/log').opened
 * for await (const line of readable) console.log(line)
 */
export class WebSocketStream {
  readonly #url: URL
  readonly #client: ClientConnection
  readonly #signal: AbortSignal | undefined
  readonly #opened = new Deferred<WebSocketOpenInfo>()
  readonly #closed = new Deferred<WebSocketClosedInfo>()
  #writing: WritableStreamDefaultController | undefined
  #failReading: ((error: Error) => void) | undefined
  #isWritableDone = false

  /**
   * Begin to connect. `options.signal` gives up while connecting; afterwards it means nothing.
   * @throws DOMException SyntaxError for a URL or subprotocols as `WebSocket` does; TypeError or RangeError for an option.
   */
  constructor(url: string | URL, options: WebSocketOptions = {}) {
    this.#url = parseWebSocketUrl(url)
    const settings = checkClientOptions(options)
    requireProtocols(settings.protocols)
    this.#signal = options.signal
    this.#client = new ClientConnection(
      { url: this.#url, settings, socket: this },
      {
        opened: () => this.#opened.resolve(this.#makeStreams()),
        closed: (end) => this.#ended(end),
        message: ignore,
        ping: ignore,
        pong: ignore,
        drain: ignore,
      },
    )
  }

  /** The URL as it was resolved. */
  get url(): string {
    return this.#url.href
  }

  /** Resolves when it is open; rejects with a WebSocketError, whose `cause` is a HandshakeError, or the signal's reason. */
  get opened(): Promise<WebSocketOpenInfo> {
    return this.#opened.promise
  }

  /** Resolves when it was closed cleanly; rejects with a WebSocketError otherwise. */
  get closed(): Promise<WebSocketClosedInfo> {
    return this.#closed.promise
  }

  /**
   * Begin the closing handshake, or give up connecting. What the server sends until its own Close can still be read.
   * @throws DOMException InvalidAccessError or SyntaxError for a code or a reason that cannot be sent.
   */
  close(info: WebSocketCloseInfo = {}): void {
    this.#client.close(readCloseArguments(info.closeCode, info.reason))
  }

  #makeStreams(): WebSocketOpenInfo {
    const { agreement, response } = this.#client.dialed!
    return {
      readable: this.#makeReadable(),
      writable: this.#makeWritable(),
      protocol: agreement.protocol,
      extensions: (response.headers['sec-websocket-extensions'] as string | undefined) ?? '',
    }
  }

  /** Asks for a message only when the reader does. */
  #makeReadable(): ReadableStream<string | Uint8Array> {
    // `closed` must not wait for somebody who only writes from now on.
    const messages = this.#client.readMessages(ignore, false)
    return new globalThis.ReadableStream<string | Uint8Array>(
      {
        start: (controller) => {
          this.#failReading = (error) => controller.error(error)
        },
        pull: async (controller) => {
          const { done, value } = await messages.next()
          if (done === true) controller.close()
          else controller.enqueue(value)
        },
        cancel: async (reason) => {
          this.#closeWith(reason)
          await messages.return()
        },
      },
      { highWaterMark: 0 },
    )
  }

  #makeWritable(): WritableStream<Sendable> {
    const end = async (): Promise<void> => {
      this.#isWritableDone = true
      await this.#closed.promise
    }
    return new globalThis.WritableStream<Sendable>({
      start: (controller) => {
        this.#writing = controller
      },
      write: async (message) => {
        const payload = isBytes(message) ? toPayload(message) : String(message)
        this.#client.sending.send(payload, { isText: typeof payload === 'string', compress: true })
        await this.#client.binding!.output.ready()
      },
      close: () => {
        this.#client.close({ code: undefined, reason: '' })
        return end()
      },
      abort: (reason) => {
        this.#isWritableDone = true
        this.#closeWith(reason)
      },
    })
  }

  /**
   * A WebSocketError says with what to close; anything else is nobody's business but the application's. One that tells of
   * the end of another connection, as a pipe passes on, has a code that nobody may send.
   */
  #closeWith(reason: unknown): void {
    const code = reason instanceof WebSocketError ? reason.closeCode : null
    const isSendable = code !== null && isOwnCode(code)
    this.#client.close(
      isSendable ? { code, reason: (reason as WebSocketError).reason } : { code: undefined, reason: '' },
    )
  }

  #ended({ outcome, error }: ClientEnd): void {
    const { code: closeCode, reason, clean } = outcome
    if (clean && error === undefined) {
      this.#stopWriting(new DOMException('the connection was closed', 'InvalidStateError'))
      return this.#closed.resolve({ closeCode, reason })
    }
    const failed = this.#failureOf({ outcome, error })
    this.#opened.reject(failed)
    this.#failReading?.(failed)
    this.#stopWriting(failed)
    this.#closed.reject(failed)
  }

  #failureOf({ outcome, error }: ClientEnd): Error {
    const isAborted = error instanceof HandshakeError && error.code === 'aborted'
    if (isAborted && this.#signal?.aborted === true) return this.#signal.reason as Error
    const message = error?.message ?? `the connection ended without a Close frame (${outcome.cause})`
    return failure(message, { closeCode: outcome.code, reason: outcome.reason, cause: error })
  }

  #stopWriting(error: Error): void {
    if (!this.#isWritableDone) this.#writing?.error(error)
  }
}

function ignore(): void {
  // Streams have no use for it.
}
