/**
 * From Node's 'upgrade' event to an open socket, or to a refusal that ends the connection. The decisions are those of
 * handshake/; here they are given their time and rendered to the wire. RFC 6455 4.2.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { negotiateExtensions, selectProtocol, type ExtensionAnswer } from '../handshake/negotiation.ts'
import { checkOrigin } from '../handshake/origin.ts'
import { Rejection, renderRejection, serverClosing } from '../handshake/rejection.ts'
import {
  readServerHandshake,
  renderAccept,
  type RequestHead,
  type ServerHandshake,
} from '../handshake/server-handshake.ts'
import { Alarm, wheel } from './timer-wheel.ts'
import type { Acceptance, ServerSettings, UpgradeRequest } from './server-options.ts'

/** What is known when a client has been let in. */
export interface Admission<Data> {
  readonly data: Data
  readonly protocol: string
  readonly extensions: ExtensionAnswer
  /** The 101 answer, complete. */
  readonly response: string
}

/** One handshake under way: it ends with `admit`, or with a refusal, or with the client's going. */
export class Upgrade<Data> {
  readonly #settings: ServerSettings<Data>
  readonly #request: IncomingMessage
  readonly #stream: Duplex
  readonly #admit: (admission: Admission<Data>) => void
  readonly #failed: (error: unknown) => void
  readonly #deadline: Alarm
  #isOver = false

  constructor(
    settings: ServerSettings<Data>,
    transport: { request: IncomingMessage; stream: Duplex },
    ends: { admit: (admission: Admission<Data>) => void; failed: (error: unknown) => void },
  ) {
    this.#settings = settings
    this.#request = transport.request
    this.#stream = transport.stream
    this.#admit = ends.admit
    this.#failed = ends.failed
    this.#deadline = new Alarm(() => this.refuse(tookTooLong()))
  }

  /** Decide; `isClosing` tells that the server takes nobody any more. */
  run(isClosing: boolean): void {
    const handshake = readServerHandshake(headOf(this.#request))
    if (handshake instanceof Rejection) return this.refuse(handshake)
    if (isClosing) return this.refuse(serverClosing())
    const { upgrade } = this.#settings.options
    try {
      const refusal = checkOrigin(handshake, this.#settings.originCheck)
      if (refusal !== undefined) return this.refuse(refusal)
      if (upgrade === undefined) return this.#accept(handshake, {})
      const answer = upgrade(describe(this.#request, handshake))
      if (answer instanceof Promise) this.#wait(handshake, answer)
      else this.#answer(handshake, answer)
    } catch (error) {
      this.#threw(error)
    }
  }

  /** Answer with an error and end the connection: what follows a refused handshake must not be read as a request. */
  refuse(rejection: Rejection): void {
    if (this.#isOver) return
    this.#end()
    const stream = this.#stream
    stream.on('error', ignore)
    stream.end(renderRejection(rejection), () => stream.destroy())
  }

  #wait(handshake: ServerHandshake, answer: Promise<Acceptance<Data> | Rejection | void>): void {
    wheel.set(this.#deadline, this.#settings.handshakeTimeout)
    const gone = (): void => {
      this.#end()
      this.#stream.destroy()
    }
    this.#stream.once('close', gone)
    this.#stream.once('end', gone)
    this.#stream.on('error', gone)
    answer.then(
      (decision) => {
        this.#stream.off('close', gone)
        this.#stream.off('end', gone)
        this.#stream.off('error', gone)
        try {
          this.#answer(handshake, decision)
        } catch (error) {
          this.#threw(error)
        }
      },
      (error: unknown) => this.#threw(error),
    )
  }

  #answer(handshake: ServerHandshake, decision: Acceptance<Data> | Rejection | void): void {
    if (decision instanceof Rejection) this.refuse(decision)
    else this.#accept(handshake, decision ?? {})
  }

  #accept(handshake: ServerHandshake, acceptance: Acceptance<Data>): void {
    if (this.#isOver) return
    const protocol = selectProtocol(handshake.protocols, acceptance.protocol)
    const extensions = negotiateExtensions(handshake.extensions, this.#settings.extensions)
    const { headers } = acceptance
    const response = renderAccept(handshake, { protocol, extensionsHeader: extensions.header, headers })
    this.#end()
    this.#admit({ data: acceptance.data as Data, protocol: protocol ?? '', extensions, response })
  }

  /** An application's mistake is told to the application; the client learns only that there was one. */
  #threw(error: unknown): void {
    this.refuse(new Rejection(500, 'The server failed.'))
    this.#failed(error)
  }

  #end(): void {
    this.#isOver = true
    wheel.clear(this.#deadline)
  }
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

function describe(request: IncomingMessage, handshake: ServerHandshake): UpgradeRequest {
  return {
    url: request.url ?? '',
    headers: request.headers,
    protocols: handshake.protocols,
    origin: handshake.origin,
    remoteAddress: request.socket.remoteAddress,
    raw: request,
  }
}

function tookTooLong(): Rejection {
  return new Rejection(503, 'The server took too long to decide on the handshake.')
}

function ignore(): void {
  // The peer of a refused handshake may go as it likes.
}
