/**
 * A handshake over HTTP/1.1, as Node's 'upgrade' event gives it: the connection itself becomes the stream.
 * RFC 6455 4.2; RFC 9110 7.8.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { Rejection, renderRejection } from '../handshake/rejection.ts'
import {
  readServerHandshake,
  renderAccept,
  type AcceptAnswer,
  type RequestHead,
  type ServerHandshake,
} from '../handshake/server-handshake.ts'
import { freeOfHttp } from './http-server.ts'
import { defaults } from './limits.ts'
import { Alarm, wheel } from './timer-wheel.ts'
import type { UpgradeTransport } from './upgrade-transport.ts'

export class Http1Upgrade implements UpgradeTransport {
  readonly request: IncomingMessage
  readonly stream: Duplex
  readonly head: Uint8Array
  readonly remoteAddress: string | undefined
  readonly openStatus = 101
  #handshake: ServerHandshake | undefined

  constructor(upgrade: { request: IncomingMessage; stream: Duplex; head: Uint8Array }, remoteAddress?: string) {
    this.request = upgrade.request
    this.stream = upgrade.stream
    this.head = upgrade.head
    this.remoteAddress = remoteAddress
  }

  read(): ServerHandshake | Rejection {
    const handshake = readServerHandshake(headOf(this.request))
    if (!(handshake instanceof Rejection)) this.#handshake = handshake
    return handshake
  }

  accept(answer: AcceptAnswer): () => void {
    const response = renderAccept(this.#handshake!, answer)
    return () => {
      freeOfHttp(this.stream)
      this.stream.write(response)
    }
  }

  refuse(rejection: Rejection): void {
    answerAndEnd(this.stream, rejection)
  }
}

/** Answer with an error and end the connection: what follows a refused handshake must not be read as a request. */
export function answerAndEnd(stream: Duplex, rejection: Rejection): void {
  if (stream.destroyed) return
  stream.on('error', ignore)
  // A client that does not take the answer must not keep the connection.
  const deadline = new Alarm(() => stream.destroy())
  stream.once('close', () => wheel.clear(deadline))
  wheel.set(deadline, defaults.closeTimeout)
  stream.end(renderRejection(rejection), () => stream.destroy())
}

function headOf(request: IncomingMessage): RequestHead {
  return {
    method: request.method ?? '',
    target: request.url ?? '',
    httpVersionMajor: request.httpVersionMajor,
    httpVersionMinor: request.httpVersionMinor,
    rawHeaders: request.rawHeaders,
  }
}

function ignore(): void {
  // The peer of a refused handshake may go as it likes.
}
