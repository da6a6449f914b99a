/**
 * A client's handshake over HTTP/2: one stream of a session is asked for, and answered with a 2xx. RFC 8441 5.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2'
import { checkExtendedConnect } from '../handshake/extended-connect.ts'
import type { ClientSettings } from './client-options.ts'
import { connectFieldsFor, type Hop } from './client-request.ts'
import { Attempt, readRefusal } from './dial-attempt.ts'
import type { Dialed, DialOptions, Redirection } from './dial.ts'
import { HandshakeError } from './handshake-error.ts'
import { makeLikeTcp } from './http2-stream.ts'
import { fromSessionError, openSession, whenEnabled } from './http2-session.ts'
import { withoutPseudoFields } from './raw-request.ts'
import { isRedirect } from './redirect.ts'

/** The answer to an extended CONNECT, with the names of Node's own object. */
export interface Http2Response {
  readonly statusCode: number
  readonly httpVersion: '2.0'
  readonly httpVersionMajor: 2
  readonly httpVersionMinor: 0
  /** Without the pseudo-header fields. */
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: string[]
  readonly stream: ClientHttp2Stream
}

/** Ask for a stream. A session of our own ends with it. */
export function handshakeOverHttp2(
  hop: Hop,
  settings: ClientSettings,
  { signal, mayRedirect }: DialOptions,
): Promise<Dialed | Redirection> {
  const { http2 } = settings.options
  const headers = connectFieldsFor(hop, settings) as OutgoingHttpHeaders
  const isOwn = typeof http2 !== 'object'
  const session: ClientHttp2Session = isOwn ? openSession(hop, settings) : http2
  return new Promise((resolve, reject) => {
    let stream: ClientHttp2Stream | undefined
    const destroy = (): void => {
      stream?.destroy()
      if (isOwn) session.destroy()
    }
    const attempt = new Attempt({ destroy }, signal, reject)
    const failed = (error: Error): void => attempt.fail(fromSessionError(error))
    const closed = (): void => attempt.fail(new HandshakeError('network', 'the stream was closed before an answer'))
    const answered = (fields: IncomingHttpHeaders & { ':status': number }, _flags: number, raw: string[]): void => {
      const response = makeResponse(stream!, fields, raw)
      const { statusCode } = response
      if (statusCode < 200 || statusCode > 299) {
        if (!mayRedirect || !isRedirect(statusCode)) {
          // The end of the answer is no failure.
          stream!.off('error', failed).off('close', closed)
          return void readRefusal(attempt, response, { body: stream!, required: '2xx' })
        }
        if (attempt.end()) destroy()
        return resolve({ response })
      }
      const agreement = checkExtendedConnect(response.rawHeaders, settings)
      if ('failure' in agreement) {
        return attempt.fail(new HandshakeError(agreement.failure.code, agreement.failure.message, { response }))
      }
      if (!attempt.end()) return
      if (isOwn) stream!.once('close', () => session.close())
      resolve({ stream: stream!, head: new Uint8Array(), agreement, response })
    }
    const ask = (): void => {
      if (attempt.isOver) return
      try {
        stream = session.request(headers, { endStream: false })
      } catch (cause) {
        return failed(cause as Error)
      }
      makeLikeTcp(stream)
      stream.on('error', failed)
      stream.on('close', closed)
      stream.once('response', answered as never)
    }
    whenEnabled(session).then(ask, failed)
  })
}

function makeResponse(stream: ClientHttp2Stream, fields: IncomingHttpHeaders, rawHeaders: string[]): Http2Response {
  return {
    statusCode: Number(fields[':status']),
    httpVersion: '2.0',
    httpVersionMajor: 2,
    httpVersionMinor: 0,
    headers: withoutPseudoFields(fields),
    rawHeaders,
    stream,
  }
}
