/**
 * From a URL to an open stream: the connection, the request of the opening handshake and its answer, redirects and proxies,
 * all in bounded time. RFC 6455 4.1.
 */
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { generateKey } from '../handshake/accept-key.ts'
import { checkResponse, type ClientAgreement } from '../handshake/client-handshake.ts'
import type { ClientSettings } from './client-options.ts'
import { connectFieldsFor, fieldsFor, makeRequest, type Hop } from './client-request.ts'
import { endpointOf } from './client-url.ts'
import { Attempt, readRefusal } from './dial-attempt.ts'
import { fromNodeError, HandshakeError } from './handshake-error.ts'
import { handshakeOverHttp2, type Http2Response } from './http2-dial.ts'
import { proxyFor } from './proxy.ts'
import { isRedirect, isSameHost, redirectTarget } from './redirect.ts'
import { openTunnel } from './tunnel.ts'

/** RFC 9110 15.2.2. */
const SWITCHING_PROTOCOLS = 101

/** An open stream, and what was agreed on. */
export interface Dialed {
  readonly stream: Duplex
  /** What came in the same segment as the answer. */
  readonly head: Uint8Array
  readonly agreement: ClientAgreement
  readonly response: HandshakeResponse
}

/** The server's answer: Node's own object, or over HTTP/2 one of the same names; `httpVersionMajor` tells. */
export type HandshakeResponse = IncomingMessage | Http2Response

/**
 * Dial. Rejects with a HandshakeError for whatever the network and the server do; nothing is left open then.
 * @throws TypeError, synchronously, for options that cannot be sent.
 */
export function dial(url: URL, settings: ClientSettings, signal: AbortSignal): Promise<Dialed> {
  const hop = { url, isTrusted: true, key: generateKey() }
  if (isOverHttp2(settings)) connectFieldsFor(hop, settings)
  else fieldsFor(hop, settings)
  return dialWithin(hop, settings, signal)
}

/** One deadline for all there is to do. */
async function dialWithin(hop: Hop, settings: ClientSettings, signal: AbortSignal): Promise<Dialed> {
  const { handshakeTimeout } = settings
  const limit = new AbortController()
  const abort = (): void =>
    limit.abort(new HandshakeError('aborted', 'the handshake was aborted', { cause: signal.reason }))
  const timer = setTimeout(() => {
    limit.abort(new HandshakeError('timeout', `the handshake took more than ${handshakeTimeout} ms`))
  }, handshakeTimeout)
  if (signal.aborted) abort()
  else signal.addEventListener('abort', abort, { once: true })
  try {
    return await follow(hop, settings, { signal: limit.signal, takenOver: () => clearTimeout(timer) })
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
  }
}

/** Go on until nobody redirects any more. */
async function follow(
  first: Hop,
  settings: ClientSettings,
  limit: Pick<DialOptions, 'signal' | 'takenOver'>,
): Promise<Dialed> {
  let hop = first
  for (let left = settings.maxRedirects; ; left--) {
    const answer = await handshake(hop, settings, { ...limit, mayRedirect: settings.maxRedirects > 0 })
    if ('stream' in answer) return answer
    const { response } = answer
    if (left === 0) {
      throw new HandshakeError('redirect', `more than ${settings.maxRedirects} redirects`, { response })
    }
    const url = redirectTarget(hop.url, response)
    if (url instanceof HandshakeError) throw url
    const isTrusted = hop.isTrusted && isSameHost(hop.url, url)
    if (!isTrusted && url.protocol === 'wss:' && typeof settings.options.agent === 'object') {
      throw new HandshakeError('redirect', 'a redirect to another host is not followed with an agent over wss:', {
        response,
      })
    }
    hop = { url, isTrusted, key: generateKey() }
  }
}

export interface Redirection {
  readonly response: HandshakeResponse
}

export interface DialOptions {
  readonly signal: AbortSignal
  readonly mayRedirect: boolean
  /** Somebody deals with the refusal: from now on only `signal` ends the attempt. */
  readonly takenOver: () => void
}

function isOverHttp2({ options }: ClientSettings): boolean {
  return options.http2 !== undefined && options.http2 !== false
}

async function handshake(
  hop: Hop,
  settings: ClientSettings,
  { signal, mayRedirect, takenOver }: DialOptions,
): Promise<Dialed | Redirection> {
  signal.throwIfAborted()
  const tunnel = await tunnelFor(hop, settings, signal)
  if (signal.aborted) tunnel?.destroy()
  signal.throwIfAborted()
  if (isOverHttp2(settings)) return handshakeOverHttp2({ ...hop, tunnel }, settings, { signal, mayRedirect, takenOver })
  const { hooks } = settings
  const request = makeRequest({ ...hop, tunnel }, settings)
  return new Promise((resolve, reject) => {
    const attempt = new Attempt(request, signal, reject)
    request.on('upgrade', (response, stream, head) => {
      if (!attempt.end()) return void stream.destroy()
      // Until somebody takes it over.
      stream.on('error', () => stream.destroy())
      const agreement = check(response, hop, settings)
      if (!(agreement instanceof HandshakeError)) return resolve({ stream, head, agreement, response })
      stream.destroy()
      reject(agreement)
    })
    request.on('response', (response) => {
      // Without both of Upgrade and Connection, Node takes a 101 for an ordinary answer.
      const isSwitch = response.statusCode === SWITCHING_PROTOCOLS
      if (isSwitch) return attempt.fail(check(response, hop, settings) as HandshakeError)
      if (!mayRedirect || !isRedirect(response.statusCode)) {
        if (hooks?.refused(request, response) === true) return takenOver()
        return void readRefusal(attempt, response, { body: response, required: '101' })
      }
      if (!attempt.end()) return
      request.destroy()
      resolve({ response })
    })
    request.on('error', (error) => attempt.fail(fromNodeError(error)))
    if (hooks === undefined) request.end()
    else hooks.send(request, hop.url)
  })
}

async function tunnelFor(hop: Hop, settings: ClientSettings, signal: AbortSignal): Promise<Socket | undefined> {
  const endpoint = endpointOf(hop.url)
  let proxy
  try {
    proxy = proxyFor(endpoint, settings.proxy)
  } catch (cause) {
    throw new HandshakeError('proxy', (cause as Error).message, { cause })
  }
  return proxy === undefined ? undefined : openTunnel(proxy, endpoint, signal)
}

function check(
  response: IncomingMessage,
  { key }: Hop,
  { protocols, extensions }: ClientSettings,
): ClientAgreement | HandshakeError {
  const { statusCode = 0, httpVersionMajor, httpVersionMinor, rawHeaders } = response
  const answer = { statusCode, httpVersionMajor, httpVersionMinor, rawHeaders }
  const agreement = checkResponse(answer, { key, protocols, extensions })
  if (!('failure' in agreement)) return agreement
  return new HandshakeError(agreement.failure.code, agreement.failure.message, { response })
}
