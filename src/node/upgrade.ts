/**
 * From the request of a handshake to an open socket, or to a refusal that ends the stream. The decisions are those of
 * handshake/; here they are given their time. RFC 6455 4.2; RFC 8441 5.
 */
import type { Duplex } from 'node:stream'
import type { Acceptance } from '../handshake/acceptance.ts'
import { negotiateExtensions, selectProtocol, type ExtensionAnswer } from '../handshake/negotiation.ts'
import { checkOrigin } from '../handshake/origin.ts'
import { Rejection } from '../handshake/rejection.ts'
import { isThenable } from './thenable.ts'
import { Alarm, wheel } from './timer-wheel.ts'
import type { ServerSettings, UpgradeRequest } from './server-options.ts'
import type { Handshake, UpgradeTransport } from './upgrade-transport.ts'

/** What is known when a client has been let in. */
export interface Admission<Data> {
  readonly data: Data
  readonly protocol: string
  readonly extensions: ExtensionAnswer
  /** Sends the answer that lets it in. */
  readonly respond: () => void
}

/**
 * How a handshake ends: once with `decided`, before one of `admit` and `refused`; when the client has gone, once the
 * application has decided or its time is over.
 */
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
  readonly #stream: Duplex
  readonly #ends: UpgradeEnds<Data>
  readonly #deadline: Alarm
  /** It was answered, or its client has gone. */
  #isOver = false
  #isDecided = false

  constructor(settings: ServerSettings<Data>, transport: UpgradeTransport, ends: UpgradeEnds<Data>) {
    this.#settings = settings
    this.#transport = transport
    this.#stream = transport.stream
    this.#ends = ends
    this.#deadline = new Alarm(() => {
      this.refuse(tookTooLong())
      this.#decided()
    })
  }

  /** Decide. */
  run(): void {
    const handshake = this.#transport.read()
    if (handshake instanceof Rejection) return this.refuse(handshake)
    const { originCheck } = this.#settings
    const { requireOrigin, upgrade } = this.#settings.options
    try {
      const refusal = checkOrigin(handshake, originCheck, requireOrigin)
      if (refusal !== undefined) return this.refuse(refusal)
      if (upgrade === undefined) return this.#accept(handshake, {})
      const answer: unknown = upgrade(describe(this.#transport, handshake))
      if (isThenable(answer)) this.#wait(handshake, Promise.resolve(answer))
      else this.#answer(handshake, answer)
    } catch (error) {
      this.#threw(error)
    }
  }

  refuse(rejection: Rejection): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#decided()
    this.#ends.refused(rejection)
    this.#transport.refuse(rejection)
  }

  #wait(handshake: Handshake, answer: Promise<unknown>): void {
    wheel.set(this.#deadline, this.#settings.handshakeTimeout)
    const gone = (): void => {
      // The application is still at work for it: who comes and goes quickly counts for as long.
      this.#isOver = true
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
        this.#decided()
        try {
          this.#answer(handshake, decision)
        } catch (error) {
          this.#threw(error)
        }
      },
      (error: unknown) => {
        this.#decided()
        this.#threw(error)
      },
    )
  }

  #answer(handshake: Handshake, decision: unknown): void {
    if (decision instanceof Rejection) this.refuse(decision)
    else this.#accept(handshake, requireAcceptance<Data>(decision))
  }

  #accept(handshake: Handshake, acceptance: Acceptance<Data>): void {
    if (this.#isOver) return
    const protocol = selectProtocol(handshake.protocols, acceptance.protocol)
    const extensions = negotiateExtensions(handshake.extensions, this.#settings.extensions)
    const { headers } = acceptance
    const respond = this.#transport.accept({ protocol, extensionsHeader: extensions.header, headers })
    this.#isOver = true
    this.#decided()
    try {
      this.#ends.admit({ data: acceptance.data as Data, protocol: protocol ?? '', extensions, respond })
    } catch (error) {
      this.#stream.destroy()
      this.#ends.failed(error)
    }
  }

  /** An application's mistake is told to the application; the client learns only that there was one. */
  #threw(error: unknown): void {
    this.refuse(new Rejection(500, 'The server failed.'))
    this.#ends.failed(error)
  }

  /** It counts as under way no longer. */
  #decided(): void {
    if (this.#isDecided) return
    this.#isDecided = true
    this.#ends.decided()
    wheel.clear(this.#deadline)
  }
}

function describe({ request, remoteAddress }: UpgradeTransport, handshake: Handshake): UpgradeRequest {
  return {
    url: request.url ?? '',
    headers: request.headers,
    protocols: handshake.protocols,
    origin: handshake.origin,
    remoteAddress,
    raw: request,
  }
}

/** Whoever answers `false` means no: only what says yes lets anybody in. */
function requireAcceptance<Data>(decision: unknown): Acceptance<Data> {
  if (decision === undefined) return {}
  if (typeof decision === 'object' && decision !== null) return decision as Acceptance<Data>
  const seen = decision === null ? 'null' : typeof decision
  throw new TypeError(`upgrade answered ${seen}: an object or nothing lets in, a Rejection refuses`)
}

function tookTooLong(): Rejection {
  return new Rejection(503, 'The server took too long to decide on the handshake.')
}
