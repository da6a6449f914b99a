/**
 * How an HTTP/2 server's streams come to the WebSocket servers that are attached to it, beside whatever else listens.
 * RFC 8441 3, 4; RFC 9110 9.3.6 (a CONNECT that nobody takes).
 */
import type { Http2SecureServer, Http2Server } from 'node:http2'
import { pathNotServed, Rejection } from '../handshake/rejection.ts'
import { tellHandshake } from './diagnostics.ts'
import { makeLikeTcp } from './http2-stream.ts'
import { refuseStream } from './http2-upgrade.ts'
import { makeHttp2Request, type StreamHead } from './raw-request.ts'

export type AnyHttp2Server = Http2Server | Http2SecureServer

/** Node has no class to ask for. */
export function isHttp2Server(server: object): server is AnyHttp2Server {
  return typeof (server as Partial<AnyHttp2Server>).updateSettings === 'function'
}

/**
 * Hand the extended CONNECTs of a server to `take`, which answers whether it was anybody's. Returns what undoes it: the
 * setting stays, for it may not be taken back (RFC 8441 3).
 */
export function takeConnects(server: AnyHttp2Server, take: (head: StreamHead) => boolean): () => void {
  // A client that has not seen it must not even ask.
  server.updateSettings({ enableConnectProtocol: true })
  const streamCame = (
    stream: StreamHead['stream'],
    headers: StreamHead['headers'],
    _flags: number,
    rawHeaders: string[],
  ): void => {
    // It may have been reset, or lost its session, before its turn came.
    if (stream.destroyed || stream.session === undefined || stream.session.destroyed) return
    const head = { stream, headers, rawHeaders }
    if (isForWebSocket(headers) && take(head)) return
    const isConnect = headers[':method'] === 'CONNECT'
    if (othersListen(server, isConnect)) return
    makeLikeTcp(stream)
    const refusal = refusalOf(head)
    if (isConnect) tellHandshake(makeHttp2Request(head), refusal.status, refusal.reason)
    refuseStream(stream, refusal)
  }
  server.on('stream', streamCame as never)
  server.on('connect', keepNodeOut)
  return () => {
    server.off('stream', streamCame as never)
    server.off('connect', keepNodeOut)
  }
}

function isForWebSocket(headers: StreamHead['headers']): boolean {
  return headers[':method'] === 'CONNECT' && headers[':protocol'] === 'websocket'
}

function refusalOf({ headers }: StreamHead): Rejection {
  if (isForWebSocket(headers)) return pathNotServed()
  // RFC 9220 3: 501 for a protocol that is not supported.
  if (headers[':protocol'] !== undefined) return new Rejection(501, 'websocket is the only :protocol that is served.')
  return new Rejection(405, 'This server speaks WebSocket only.', { headers: { Allow: 'CONNECT' } })
}

/** Whether a stream that is not ours may be somebody else's. Node calls a 'request' handler by a 'stream' listener of its own. */
function othersListen(server: AnyHttp2Server, isConnect: boolean): boolean {
  const ofNode = isConnect && server.listenerCount('request') > 0 ? 1 : 0
  return server.listenerCount('stream') > 1 + ofNode || (isConnect && server.listenerCount('connect') > 1)
}

/** With a 'request' handler Node refuses every CONNECT by itself unless somebody listens to 'connect'. */
function keepNodeOut(): void {
  // All of them are answered by the listener to 'stream'.
}
