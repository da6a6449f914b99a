/**
 * From Node's 'upgrade' event to an open socket, or to a refusal that ends the connection. The decisions are those of
 * handshake/; here they are given their time and rendered to the wire. RFC 6455 4.2.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { negotiateExtensions, selectProtocol, type ExtensionAnswer } from '../handshake/negotiation.ts'
import { checkOrigin } from '../handshake/origin.ts'
import { Rejection, renderRejection } from '../handshake/rejection.ts'
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

/** Who wants to come in, and over what. */
export interface UpgradeTransport {
  readonly request: IncomingMessage
  readonly stream: Duplex
  /** The client's address, be it behind proxies. */
  readonly remoteAddress: string | undefined
}

/** How a handshake ends: once with `decided`, before one of `admit` and `refused`, or when the client has gone. */
export interface UpgradeEnds<Data> {
  decided(): void
  admit(admission: Admission<Data>): void
  refused(rejection: Rejection): void
  /** The application has thrown. */
  failed(error: unknown): void
}

/** One handshake under way. */
export class Upgrade<Data> {
  readonly #settings: ServerSettings<Data>
  readonly #transport: UpgradeTransport
  readonly #request: IncomingMessage
  readonly #stream: Duplex
  readonly #ends: UpgradeEnds<Data>
  readonly #deadline: Alarm
  #isOver = false

  constructor(settings: ServerSettings<Data>, transport: UpgradeTransport, ends: UpgradeEnds<Data>) {
    this.#settings = settings
    this.#transport = transport
    this.#request = transport.request
    this.#stream = transport.stream
    this.#ends = ends
    this.#deadline = new Alarm(() => this.refuse(tookTooLong()))
  }

  /** Decide. */
  run(): void {
    const handshake = readServerHandshake(headOf(this.#request))
    if (handshake instanceof Rejection) return this.refuse(handshake)
    const { upgrade } = this.#settings.options
    try {
      const refusal = checkOrigin(handshake, this.#settings.originCheck)
      if (refusal !== undefined) return this.refuse(refusal)
      if (upgrade === undefined) return this.#accept(handshake, {})
      const answer = upgrade(describe(this.#transport, handshake))
      if (answer instanceof Promise) this.#wait(handshake, answer)
      else this.#answer(handshake, answer)
    } catch (error) {
      this.#threw(error)
    }
  }

  refuse(rejection: Rejection): void {
    if (this.#isOver) return
    this.#end()
    this.#ends.refused(rejection)
    answerAndEnd(this.#stream, rejection)
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
    this.#ends.admit({ data: acceptance.data as Data, protocol: protocol ?? '', extensions, response })
  }

  /** An application's mistake is told to the application; the client learns only that there was one. */
  #threw(error: unknown): void {
    this.refuse(new Rejection(500, 'The server failed.'))
    this.#ends.failed(error)
  }

  #end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#ends.decided()
    wheel.clear(this.#deadline)
  }
}

/** Answer with an error and end the connection: what follows a refused handshake must not be read as a request. */
export function answerAndEnd(stream: Duplex, rejection: Rejection): void {
  stream.on('error', ignore)
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

function describe({ request, remoteAddress }: UpgradeTransport, handshake: ServerHandshake): UpgradeRequest {
  return {
    url: request.url ?? '',
    headers: request.headers,
    protocols: handshake.protocols,
    origin: handshake.origin,
    remoteAddress,
    raw: request,
  }
}

function tookTooLong(): Rejection {
  return new Rejection(503, 'The server took too long to decide on the handshake.')
}

function ignore(): void {
  // The peer of a refused handshake may go as it likes.
}
