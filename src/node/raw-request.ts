/**
 * The request of a handshake as Node has it: its own object over HTTP/1.1, and over HTTP/2, where there is none that leaves
 * the stream alone, what the two have in common. RFC 9113 8.3.1.
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import type { Socket as TcpSocket } from 'node:net'

/** An extended CONNECT, with the names of Node's own request object. */
export interface Http2Request {
  readonly method: 'CONNECT'
  /** The `:path`. */
  readonly url: string
  readonly httpVersion: '2.0'
  readonly httpVersionMajor: 2
  readonly httpVersionMinor: 0
  /** Without the pseudo-header fields; `host` is the `:authority`. */
  readonly headers: IncomingHttpHeaders
  /** All that came, name and value in turn. */
  readonly rawHeaders: string[]
  /** The connection below the session, as Node shows it: it cannot be written to, and many streams share it. */
  readonly socket: TcpSocket
  readonly stream: ServerHttp2Stream
}

/** Tell them apart by `httpVersionMajor`. */
export type RawRequest = IncomingMessage | Http2Request

/** The head of a stream, as 'stream' gives it. */
export interface StreamHead {
  readonly stream: ServerHttp2Stream
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly rawHeaders: string[]
}

export function makeHttp2Request({ stream, headers, rawHeaders }: StreamHead): Http2Request {
  return {
    method: 'CONNECT',
    url: headers[':path'] as string,
    httpVersion: '2.0',
    httpVersionMajor: 2,
    httpVersionMinor: 0,
    headers: withoutPseudoFields(headers),
    rawHeaders,
    socket: stream.session!.socket as TcpSocket,
    stream,
  }
}

/** The fields of an application. RFC 9113 8.3.1: who translates to HTTP/1.1 makes Host of :authority. */
export function withoutPseudoFields(headers: StreamHead['headers']): IncomingHttpHeaders {
  const fields = Object.create(null) as IncomingHttpHeaders
  for (const name of Object.keys(headers)) if (!name.startsWith(':')) fields[name] = headers[name]
  const { ':authority': authority } = headers
  if (typeof authority === 'string') fields.host = authority
  return fields
}
