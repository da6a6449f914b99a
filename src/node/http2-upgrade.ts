/**
 * A handshake over HTTP/2, as the 'stream' event gives it: one stream of a session becomes the connection. RFC 8441 4, 5.
 */
import type { OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import {
  acceptExtendedConnect,
  readExtendedConnect,
  rejectExtendedConnect,
  type ExtendedConnect,
} from '../handshake/extended-connect.ts'
import { Rejection } from '../handshake/rejection.ts'
import type { AcceptAnswer } from '../handshake/server-handshake.ts'
import { CANCEL, makeLikeTcp, stopClientAtEnd } from './http2-stream.ts'
import { defaults } from './limits.ts'
import { makeHttp2Request, type Http2Request, type StreamHead } from './raw-request.ts'
import { Alarm, wheel } from './timer-wheel.ts'
import type { UpgradeTransport } from './upgrade-transport.ts'

export class Http2Upgrade implements UpgradeTransport {
  readonly request: Http2Request
  readonly stream: ServerHttp2Stream
  readonly head = undefined
  readonly remoteAddress: string | undefined
  readonly openStatus = 200
  #handshake: ExtendedConnect | undefined

  constructor(head: StreamHead, addressOf: (request: Http2Request) => string | undefined) {
    this.stream = head.stream
    makeLikeTcp(head.stream)
    this.request = makeHttp2Request(head)
    this.remoteAddress = addressOf(this.request)
  }

  read(): ExtendedConnect | Rejection {
    const { rawHeaders } = this.request
    const handshake = readExtendedConnect({ rawHeaders, endStream: this.stream.endAfterHeaders })
    if (!(handshake instanceof Rejection)) this.#handshake = handshake
    return handshake
  }

  accept(answer: AcceptAnswer): () => void {
    const headers = acceptExtendedConnect(this.#handshake!, answer) as OutgoingHttpHeaders
    return () => {
      const { stream } = this
      stopClientAtEnd(stream)
      if (!stream.destroyed && !stream.closed) stream.respond(headers)
    }
  }

  refuse(rejection: Rejection): void {
    refuseStream(this.stream, rejection)
  }
}

/** Answer with an error, and read no more of this stream; the others of its session go on. */
export function refuseStream(stream: ServerHttp2Stream, rejection: Rejection): void {
  if (stream.destroyed || stream.closed) return
  // A client that takes no body must not keep the stream, and with it the session.
  const deadline = new Alarm(() => stream.close(CANCEL))
  stream.once('close', () => wheel.clear(deadline))
  wheel.set(deadline, defaults.closeTimeout)
  stopClientAtEnd(stream)
  stream.respond(rejectExtendedConnect(rejection) as OutgoingHttpHeaders)
  stream.end(rejection.body)
  // Whatever came meanwhile is nobody's.
  stream.resume()
}
