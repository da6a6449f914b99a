/**
 * One attempt to connect and, if it succeeds, the connection, up to its end. Whoever lets it go hears nothing of it any more:
 * that is how there is one socket at any time. RFC 6455 7.1.5.
 */
import type { Loss } from './close-policy.ts'
import type { Message } from './send-queue.ts'
import { OPEN, type Connect, type SocketLike } from './socket-like.ts'

/** A URL, or what gives a fresh one for each attempt: with a token, say. */
export type UrlSource = string | URL | (() => string | URL | Promise<string | URL>)

export interface AttemptOptions {
  readonly url: UrlSource
  readonly connect: Connect
  readonly protocols: readonly string[]
  readonly binaryType: string
  /** Milliseconds until the socket must be open. */
  readonly timeout: number
  /** Open. Messages may go out when this has returned, or its promise resolved; when it fails, the attempt has. */
  opened(send: (message: Message) => void, protocol: string): unknown
  /** What `opened` had to say is said. */
  ready(): void
  message(data: unknown): void
  /** It is over, by the peer, the network or the time. Called once. */
  ended(loss: Loss): void
  /** The platform cannot take the URL, and never will. Called once. */
  impossible(loss: Loss): void
}

/** RFC 6455 7.4.1: what is reported when there was no Close frame. */
export const ABNORMAL_CLOSURE = 1006

export class Attempt {
  readonly #options: AttemptOptions
  #socket: SocketLike | undefined
  #isOver = false
  #isReady = false
  readonly #timer: ReturnType<typeof setTimeout>

  constructor(options: AttemptOptions) {
    this.#options = options
    this.#timer = setTimeout(() => this.#fail(new Error('connecting took too long')), options.timeout)
  }

  /** Messages may go out. */
  get isReady(): boolean {
    return this.#isReady && this.#socket?.readyState === OPEN
  }

  /** Bytes that the socket has not sent yet. */
  get bufferedAmount(): number {
    return this.#socket?.bufferedAmount ?? 0
  }

  /** Get the URL and open the socket. */
  begin(): void {
    const { url } = this.#options
    if (typeof url !== 'function') return this.#open(url)
    Promise.resolve()
      .then(url)
      .then((fresh) => this.#open(fresh))
      .catch((error: unknown) => this.#fail(error))
  }

  send(message: Message): void {
    this.#socket?.send(message)
  }

  /**
   * Begin the closing handshake; nothing is heard of it any more.
   * @throws what the platform throws for the code or the reason; then nothing has changed.
   */
  close(code: number, reason: string): void {
    const wasOver = this.#isOver
    // What the platform says meanwhile is not heard either.
    this.#isOver = true
    try {
      this.#socket?.close(code, reason)
    } catch (error) {
      this.#isOver = wasOver
      throw error
    }
    this.#leave()
  }

  /** The socket is dropped as it stands; nothing is heard of it any more. */
  letGo(): void {
    const socket = this.#leave()
    if (socket?.terminate === undefined) socket?.close()
    else socket.terminate()
  }

  #open(url: string | URL): void {
    if (this.#isOver) return
    let socket
    try {
      socket = this.#options.connect(String(url), this.#options.protocols)
    } catch (error) {
      this.#finish()
      return this.#options.impossible({ code: ABNORMAL_CLOSURE, reason: String(error), error })
    }
    this.#socket = socket
    socket.binaryType = this.#options.binaryType
    this.#listen(socket)
  }

  #listen(socket: SocketLike): void {
    let seen: unknown
    socket.onopen = () => !this.#isOver && this.#opened(socket)
    socket.onmessage = ({ data }: { data: unknown }) => {
      if (!this.#isOver) this.#options.message(data)
    }
    socket.onerror = ({ error }: { error?: unknown }) => {
      seen = error
    }
    socket.onclose = ({ code, reason }: { code: number; reason: string }) => {
      if (this.#isOver) return
      this.#finish()
      this.#socket = undefined
      this.#options.ended(seen === undefined ? { code, reason } : { code, reason, error: seen })
    }
  }

  #opened(socket: SocketLike): void {
    clearTimeout(this.#timer)
    const send = (message: Message): void => {
      if (!this.#isOver) socket.send(message)
    }
    const ready = (): void => {
      if (this.#isOver) return
      this.#isReady = true
      this.#options.ready()
    }
    try {
      const opening = this.#options.opened(send, socket.protocol)
      if (!isPromise(opening)) return ready()
      opening.then(ready, (error: unknown) => this.#fail(error))
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    if (this.#isOver) return
    this.letGo()
    this.#options.ended({ code: ABNORMAL_CLOSURE, reason: '', error })
  }

  #leave(): SocketLike | undefined {
    this.#finish()
    const socket = this.#socket
    this.#socket = undefined
    if (socket !== undefined) socket.onopen = socket.onmessage = socket.onclose = socket.onerror = null
    return socket
  }

  #finish(): void {
    this.#isOver = true
    this.#isReady = false
    clearTimeout(this.#timer)
  }
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as { then?: unknown } | undefined)?.then === 'function'
}
