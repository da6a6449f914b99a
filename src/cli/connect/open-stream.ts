/**
 * Asks a server for a WebSocket over HTTP/1.1 and checks its answer; what comes out is the bare stream. RFC 6455 4.1.
 */
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Duplex } from 'node:stream'
import type { ConnectionOptions as TlsOptions } from 'node:tls'
import { generateKey } from '../../handshake/accept-key.ts'
import { checkResponse, requestFields, type ClientAgreement } from '../../handshake/client-handshake.ts'
import type { ClientExtension } from '../../protocol/extension.ts'
import { CommandError, UsageError, describeError, errorCode } from '../command.ts'
import { escapeControls } from '../printable.ts'

export interface OpenOptions {
  /** ws:// or wss:// */
  readonly url: URL
  readonly protocols: readonly string[]
  readonly headers: readonly (readonly [string, string])[]
  readonly origin: string | undefined
  readonly extensions: readonly ClientExtension[]
  /** How the server's certificate is judged. */
  readonly tls: TlsOptions
}

export interface OpenedStream extends ClientAgreement {
  readonly stream: Duplex
  /** Bytes that came in the same segment as the answer. */
  readonly head: Uint8Array
}

/** Milliseconds for TCP, TLS and the answer together. */
const HANDSHAKE_TIMEOUT = 10_000
/** How much of a refusal's body is shown. */
const BODY_SHOWN = 200

/** @throws CommandError when there is no connection, or the answer is not that of a WebSocket server. */
export async function openStream(options: OpenOptions): Promise<OpenedStream> {
  const { url, protocols, extensions, origin, headers } = options
  const key = generateKey()
  const offers = extensions.flatMap((extension) => extension.offers)
  const target = url.pathname + url.search
  const fields = describeMisuse(() =>
    requestFields({ target, host: url.host, key, protocols, extensions: offers, origin, headers }),
  )
  const { response, stream, head } = await request(options, fields.flat())
  const { statusCode = 0, httpVersionMajor, httpVersionMinor, rawHeaders } = response
  const answer = checkResponse(
    { statusCode, httpVersionMajor, httpVersionMinor, rawHeaders },
    { key, protocols, extensions },
  )
  if (!('failure' in answer)) return { ...answer, stream, head }
  stream.destroy()
  throw new CommandError(`the server's answer is refused: ${answer.failure.message} (${answer.failure.section})`)
}

interface Upgraded {
  readonly response: IncomingMessage
  readonly stream: Duplex
  readonly head: Uint8Array
}

function request({ url, tls }: OpenOptions, headers: string[]): Promise<Upgraded> {
  const send = url.protocol === 'wss:' ? httpsRequest : httpRequest
  const outgoing = send({
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port,
    path: url.pathname + url.search,
    headers,
    agent: false,
    signal: AbortSignal.timeout(HANDSHAKE_TIMEOUT),
    ...tls,
  })
  return new Promise((resolve, reject) => {
    outgoing.on('upgrade', (response, stream, head) => resolve({ response, stream, head }))
    outgoing.on('response', (response) => {
      readBody(response).then((body) => reject(refused(response, body)), reject)
    })
    outgoing.on('error', (error) => reject(new CommandError(describeFailure(url, error))))
    outgoing.end()
  })
}

function describeFailure(url: URL, error: Error): string {
  const code = errorCode(error)
  if (error.name === 'TimeoutError' || code === 'ABORT_ERR') {
    return `${url.host} did not finish the handshake within ${HANDSHAKE_TIMEOUT / 1000} seconds`
  }
  // An AggregateError of several addresses has a code and no message.
  return `cannot connect to ${url.host}: ${code ?? describeError(error)}`
}

function refused({ statusCode, statusMessage }: IncomingMessage, body: string): CommandError {
  const text = body === '' ? '' : `: ${escapeControls(body.trim().slice(0, BODY_SHOWN))}`
  return new CommandError(`the server answered ${statusCode} ${escapeControls(statusMessage ?? '')}, not 101${text}`)
}

async function readBody(response: IncomingMessage): Promise<string> {
  let body = ''
  response.setEncoding('utf8')
  for await (const chunk of response) {
    body += String(chunk)
    if (body.length > BODY_SHOWN) break
  }
  response.destroy()
  return body
}

/** What the handshake refuses to send, the user had typed. */
function describeMisuse<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message)
    throw error
  }
}
