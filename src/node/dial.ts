/**
 * From a URL to an open stream: the connection, the request of the opening handshake and its answer, all in bounded time.
 * RFC 6455 4.1.
 */
import { request as httpRequest, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Duplex } from 'node:stream'
import { generateKey } from '../handshake/accept-key.ts'
import { checkResponse, requestFields, type ClientAgreement } from '../handshake/client-handshake.ts'
import type { ClientSettings } from './client-options.ts'
import { defaults } from './limits.ts'

/** How much of the body of a refusal is kept, in bytes. */
const BODY_KEPT = 4096

/** Why a handshake came to nothing. */
export class HandshakeError extends Error {
  /** A stable name: of the rule that the answer broke, or `timeout`, `aborted`, `network`. */
  readonly code: string
  /** The status of the answer, when there was one. */
  readonly status: number | undefined
  readonly headers: IncomingMessage['headers'] | undefined
  /** The first 4 KiB of the body of a refusal. */
  readonly body: string | undefined

  constructor(
    code: string,
    message: string,
    seen: { response?: IncomingMessage; body?: string; cause?: unknown } = {},
  ) {
    super(message, seen.cause === undefined ? {} : { cause: seen.cause })
    this.name = 'HandshakeError'
    this.code = code
    this.status = seen.response?.statusCode
    this.headers = seen.response?.headers
    this.body = seen.body
  }
}

/** An open stream, and what was agreed on. */
export interface Dialed {
  readonly stream: Duplex
  /** What came in the same segment as the answer. */
  readonly head: Uint8Array
  readonly agreement: ClientAgreement
  readonly response: IncomingMessage
}

/**
 * Dial. Rejects with a HandshakeError for whatever the network and the server do; nothing is left open then.
 * @throws TypeError, synchronously, for options that cannot be sent.
 */
export function dial(url: URL, settings: ClientSettings, signal: AbortSignal): Promise<Dialed> {
  const key = generateKey()
  const { options, protocols, extensions } = settings
  const headers = requestFields({
    host: url.host,
    target: url.pathname + url.search,
    key,
    protocols,
    extensions: extensions.flatMap((extension) => extension.offers),
    origin: options.origin,
    headers: options.headers,
  })
  const request = makeRequest(url, settings, headers)
  return new Promise((resolve, reject) => {
    const attempt = new Attempt(request, signal, reject)
    attempt.startTimer(settings.handshakeTimeout)
    request.on('upgrade', (response, stream, head) => {
      const answer = {
        statusCode: response.statusCode ?? 0,
        httpVersionMajor: response.httpVersionMajor,
        httpVersionMinor: response.httpVersionMinor,
        rawHeaders: response.rawHeaders,
      }
      const agreement = checkResponse(answer, { key, protocols, extensions })
      if ('failure' in agreement) {
        stream.destroy()
        return attempt.fail(new HandshakeError(agreement.failure.code, agreement.failure.message, { response }))
      }
      if (attempt.end()) resolve({ stream, head, agreement, response })
      else stream.destroy()
    })
    request.on('response', (response) => void readRefusal(response, attempt))
    request.on('error', (cause) => attempt.fail(new HandshakeError('network', cause.message, { cause })))
    request.end()
  })
}

/** One handshake under way: it ends once, and takes its timer and listeners with it. */
class Attempt {
  readonly #request: ClientRequest
  readonly #signal: AbortSignal
  readonly #reject: (error: HandshakeError) => void
  readonly #abort = (): void =>
    this.fail(new HandshakeError('aborted', 'the handshake was aborted', { cause: this.#signal.reason }))
  #timer: NodeJS.Timeout | undefined
  #isOver = false

  constructor(request: ClientRequest, signal: AbortSignal, reject: (error: HandshakeError) => void) {
    this.#request = request
    this.#signal = signal
    this.#reject = reject
    if (signal.aborted) queueMicrotask(this.#abort)
    else signal.addEventListener('abort', this.#abort, { once: true })
  }

  startTimer(delayMs: number): void {
    this.#timer = setTimeout(() => {
      this.fail(new HandshakeError('timeout', `no answer to the handshake within ${delayMs} ms`))
    }, delayMs)
  }

  /** Answers whether it was still under way. */
  end(): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#signal.removeEventListener('abort', this.#abort)
    return true
  }

  fail(error: HandshakeError): void {
    if (!this.end()) return
    this.#request.destroy()
    this.#reject(error)
  }
}

/** A server that refuses may say why. */
async function readRefusal(response: IncomingMessage, attempt: Attempt): Promise<void> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      length += chunk.length
      if (length >= BODY_KEPT) break
    }
  } catch {
    // What has arrived of the body will do.
  }
  const body = Buffer.concat(chunks).toString('utf8', 0, BODY_KEPT)
  const message = `the server answered with status ${response.statusCode}, 101 is required`
  attempt.fail(new HandshakeError('status', message, { response, body }))
}

function makeRequest(
  url: URL,
  settings: ClientSettings,
  headers: readonly (readonly [string, string])[],
): ClientRequest {
  const { options } = settings
  const isSecure = url.protocol === 'wss:'
  const auth = options.auth ?? authOf(url)
  const request: RequestOptions = {
    method: 'GET',
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? (isSecure ? 443 : 80) : Number(url.port),
    path: url.pathname + url.search,
    // A list of pairs keeps order and spelling, and is not read as properties.
    headers: headers.flat(),
    maxHeaderSize: defaults.maxHeaderSize,
    agent: options.agent ?? false,
    ...(auth === undefined ? {} : { auth }),
    ...(options.createConnection === undefined ? {} : { createConnection: options.createConnection }),
  }
  // RFC 6455 4.1: TLS with the host's own certificate, and ALPN must not end in HTTP/2.
  return isSecure ? httpsRequest({ ALPNProtocols: ['http/1.1'], ...options.tls, ...request }) : httpRequest(request)
}

function authOf(url: URL): string | undefined {
  if (url.username === '' && url.password === '') return undefined
  return `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
}
