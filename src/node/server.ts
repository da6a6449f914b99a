/**
 * The WebSocket server of the application: it listens by itself, or is attached to an HTTP server, lets clients in, and
 * calls the handlers. RFC 6455 4.2 for the entry, 7 for the end.
 */
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { serverClosing, type Rejection } from '../handshake/rejection.ts'
import { CloseCode } from '../protocol/close-code.ts'
import { attach, detach, type AnyHttpServer, type UpgradeTaker } from './attachment.ts'
import { channels, tellHandshake } from './diagnostics.ts'
import { Dispatcher } from './dispatcher.ts'
import { claimStream } from './bound-stream.ts'
import { HandshakeLimits } from './handshake-limits.ts'
import { listenOn, type ListenTarget } from './http-server.ts'
import { Http1Upgrade } from './http1-upgrade.ts'
import { Http2Upgrade } from './http2-upgrade.ts'
import { RateLimiter } from './rate-limit.ts'
import { checkServerOptions, type ServerOptions, type ServerSettings } from './server-options.ts'
import { ServerCounters, type ServerStats } from './server-stats.ts'
import { checkShutdown, shutDown, type ShutdownOptions, type ShutdownResult } from './shutdown.ts'
import type { PublishOptions, PublishResult } from '../pubsub/topics.ts'
import type { Sendable } from './payload.ts'
import { ReadyState } from './ready-state.ts'
import { internalsOf, Socket } from './socket.ts'
import { TopicHub, type PreparedMessage } from './topic-hub.ts'
import { OwnServer } from './own-server.ts'
import type { RawRequest } from './raw-request.ts'
import { TurnPace } from './turn-pace.ts'
import { Upgrade, type Admission } from './upgrade.ts'
import { feedFor } from './wire-tap.ts'
import type { UpgradeTransport } from './upgrade-transport.ts'

export class WebSocketServer<Data = undefined> {
  readonly #settings: ServerSettings<Data>
  readonly #dispatcher: Dispatcher<Data>
  readonly #hub: TopicHub<Data>
  readonly #clients = new Set<Socket<Data>>()
  /** The HTTP servers it is attached to; `#own` is the one it made. */
  readonly #attached = new Map<AnyHttpServer, UpgradeTaker>()
  #own: OwnServer | undefined
  readonly #limits: HandshakeLimits
  readonly #pace = new TurnPace()
  /** The handshakes that are not decided yet. */
  readonly #upgrades = new Set<Upgrade<Data>>()
  /** The streams of those that were refused, until they have taken their answer. */
  readonly #refused = new Set<Duplex>()
  readonly #counters = new ServerCounters()
  /** How it ends, once it does, and when clients may come again. */
  #end: Promise<ShutdownResult> | undefined
  #retryAfter: number | undefined

  /** @throws TypeError or RangeError for an option out of its range, naming it. */
  constructor(options: ServerOptions<Data> = {}) {
    this.#settings = checkServerOptions(options)
    this.#limits = new HandshakeLimits(options)
    this.#dispatcher = new Dispatcher(this.#settings, {
      hub: () => this.#hub,
      gone: (socket, outcome) => {
        this.#clients.delete(socket)
        this.#limits.closed(socket.remoteAddress)
        this.#counters.gone(socket, outcome)
      },
    })
    this.#hub = new TopicHub(this.#settings, {
      call: (socket, handler) => this.#dispatcher.call(socket, handler),
      error: (error) => this.#dispatcher.error(undefined, error),
      sendToAll: (message) => this.#sendToAll(message),
    })
  }

  /** The open sockets, and those that are closing. */
  get clients(): ReadonlySet<Socket<Data>> {
    return this.#clients
  }

  /** Where it listens, once `listen` has resolved; as Node tells it. */
  address(): AddressInfo | string | null {
    return this.#own?.server.address() ?? null
  }

  /**
   * Listen on a port of this host, or on what Node's own `listen` takes as options: `{ path }` of a Unix socket, `{ fd }`,
   * `{ reusePort: true }`. Resolves when it does; rejects when it cannot.
   */
  async listen(where: number | ListenTarget = 0, host?: string): Promise<void> {
    if (this.#own !== undefined) throw new Error('listen was called already')
    const own = new OwnServer(this.#settings)
    const { server } = own
    this.#own = own
    this.attach(server)
    try {
      const target = typeof where === 'number' ? { port: where, ...(host === undefined ? {} : { host }) } : where
      await listenOn(server, target)
    } catch (error) {
      this.detach(server)
      this.#own = undefined
      throw error
    }
    server.on('error', (error) => this.#dispatcher.error(undefined, error))
  }

  /**
   * Take the handshakes of an HTTP, HTTPS or HTTP/2 server on one path. Default: the one the server was made with, or every
   * path. A server of HTTP/2 tells its clients from then on that they may ask for WebSockets (RFC 8441 3), and browsers will.
   * @throws Error when that path of it is taken already; TypeError for a path that does not begin with '/'.
   */
  attach(server: AnyHttpServer, path: string | undefined = this.#settings.options.path): void {
    if (path !== undefined && !path.startsWith('/')) throw new TypeError(`path must begin with '/', got '${path}'`)
    if (this.#attached.has(server)) throw new Error('it is attached to this HTTP server already')
    const taker: UpgradeTaker = {
      path,
      handleUpgrade: (request, stream, head) => this.handleUpgrade(request, stream, head),
      handleConnect: (head) => this.#take(new Http2Upgrade(head, (request) => this.#addressOf(request))),
    }
    attach(server, taker)
    this.#attached.set(server, taker)
  }

  /** Leave an HTTP server; what is open stays open. */
  detach(server: AnyHttpServer): void {
    const taker = this.#attached.get(server)
    if (taker !== undefined) detach(server, taker)
    this.#attached.delete(server)
  }

  /**
   * Answer one upgrade by hand, as Node's 'upgrade' event gives it.
   * @throws Error when the stream was handed over before, here or to another server.
   */
  handleUpgrade(request: IncomingMessage, stream: Duplex, head: Uint8Array): void {
    claimStream(stream)
    this.#take(new Http1Upgrade({ request, stream, head }, this.#addressOf(request)))
  }

  #take(transport: UpgradeTransport): void {
    this.#pace.soon(transport.stream, () => this.#begin(transport))
  }

  #begin(transport: UpgradeTransport): void {
    const { request, stream, remoteAddress } = transport
    const refused = (rejection: Rejection): void => {
      this.#counters.refused++
      if (!stream.destroyed) this.#refused.add(stream)
      stream.once('close', () => this.#refused.delete(stream))
      tellHandshake(request, rejection.status, rejection.reason)
    }
    const busy = this.#retryAfter === undefined ? this.#limits.begin(remoteAddress) : serverClosing(this.#retryAfter)
    if (busy !== undefined) {
      refused(busy)
      return transport.refuse(busy)
    }
    const upgrade: Upgrade<Data> = new Upgrade(this.#settings, transport, {
      decided: () => {
        this.#limits.decided(remoteAddress)
        this.#upgrades.delete(upgrade)
      },
      admit: (admission) => this.#admit(admission, transport),
      refused,
      failed: (error) => this.#dispatcher.error(undefined, error),
    })
    this.#upgrades.add(upgrade)
    upgrade.run()
  }

  /**
   * Publish to everybody on a topic. It leaves at the end of this turn of the event loop, in one write a socket.
   * @throws TypeError for what is no topic, no message, or no policy as `slowConsumer`.
   */
  publish(topic: string, message: Sendable | PreparedMessage, options: PublishOptions = {}): PublishResult {
    return this.#hub.publish(topic, message, options)
  }

  /** How many sockets subscribe to a topic. */
  subscribers(topic: string): number {
    return this.#hub.topics.count(topic)
  }

  /**
   * Send a message to every open socket, those of other servers on the bus too: encoded once, deflated once. Answers how many
   * of this server's it was sent to.
   */
  broadcast(message: Sendable | PreparedMessage): number {
    return this.#hub.broadcast(message)
  }

  /** What has happened since the server was made. */
  stats(): ServerStats {
    const { dropped, heldBytes: heldAmount } = this.#hub.topics
    const controlsOut = this.#settings.binding.controlsOut!
    return this.#counters.sum(this.#clients, { handshakes: this.#limits.underWay, dropped, heldAmount, controlsOut })
  }

  /**
   * End everything: no new clients, a closing handshake with those that are there, spread over `spreadMs`, and TCP dropped
   * for who is not done by `deadlineMs`. Resolves with how many ended by themselves and how many were dropped. A second
   * call changes nothing and resolves as the first.
   * @throws TypeError or RangeError for an option out of its range.
   */
  shutdown(options: ShutdownOptions = {}): Promise<ShutdownResult> {
    this.#end ??= this.#shutDown(options)
    return this.#end
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown()
  }

  #sendToAll(message: PreparedMessage): number {
    let count = 0
    for (const socket of this.#clients) {
      if (socket.readyState !== ReadyState.Open) continue
      socket.send(message)
      count++
    }
    return count
  }

  #shutDown(options: ShutdownOptions): Promise<ShutdownResult> {
    const settings = checkShutdown(options)
    this.#retryAfter = settings.retryAfter
    const own = this.#own
    const ownClosed = own?.close()
    this.#pace.hurry()
    for (const upgrade of this.#upgrades) upgrade.refuse(serverClosing(settings.retryAfter))
    return shutDown(this.#clients, settings, this.#refused).then(async (result) => {
      own?.drop()
      await ownClosed
      for (const server of [...this.#attached.keys()]) this.detach(server)
      this.#hub.leaveBus()
      return result
    })
  }

  /** Where a request comes from, as far as proxies are believed. */
  #addressOf(request: RawRequest): string | undefined {
    const peer = this.#own?.addressOf(request.socket) ?? request.socket.remoteAddress
    const { proxies } = this.#settings
    return proxies === undefined
      ? peer
      : proxies.clientOf(peer, request.headers['x-forwarded-for'] as string | undefined)
  }

  #admit(admission: Admission<Data>, { request, stream, head, remoteAddress, openStatus }: UpgradeTransport): void {
    admission.respond()
    tellHandshake(request, openStatus, '')
    const { rates } = this.#settings
    const socket = new Socket<Data>({
      stream,
      binding: this.#settings.binding,
      extension: admission.extensions.agreed[0]?.create(),
      listener: this.#dispatcher,
      hub: this.#hub,
      data: admission.data,
      protocol: admission.protocol,
      extensions: admission.extensions.header ?? '',
      remoteAddress,
      limiter: rates === undefined ? undefined : new RateLimiter(rates),
    })
    this.#counters.accepted++
    this.#limits.opened(remoteAddress)
    this.#clients.add(socket)
    const { binding } = internalsOf(socket)
    binding.tap = feedFor(socket, undefined)
    if (channels.open.hasSubscribers) channels.open.publish({ socket })
    this.#dispatcher.open(socket)
    if (this.#retryAfter !== undefined) binding.connection.close(CloseCode.GoingAway, '', 'shutdown')
    binding.start(head)
  }
}
