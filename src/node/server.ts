/**
 * The WebSocket server of the application: it listens by itself, or is attached to an HTTP server, lets clients in, and
 * calls the handlers. RFC 6455 4.2 for the entry, 7 for the end.
 */
import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket as TcpSocket } from 'node:net'
import type { Duplex } from 'node:stream'
import { CloseCode } from '../protocol/close-code.ts'
import { attach, detach, type UpgradeTaker } from './attachment.ts'
import { channels, makeFrameTap } from './diagnostics.ts'
import { Dispatcher } from './dispatcher.ts'
import { defaults } from './limits.ts'
import { checkServerOptions, type ServerOptions, type ServerSettings } from './server-options.ts'
import { shutDown, type ShutdownOptions, type ShutdownResult } from './shutdown.ts'
import type { PublishOptions, PublishResult } from '../pubsub/topics.ts'
import type { Sendable } from './payload.ts'
import { internalsOf, ReadyState, Socket } from './socket.ts'
import { prepare, TopicHub, type PreparedMessage } from './topic-hub.ts'
import { Upgrade, type Admission } from './upgrade.ts'

/** How often Node looks for requests that take too long, in milliseconds. */
const CHECK_INTERVAL = 500

export class WebSocketServer<Data = undefined> {
  readonly #settings: ServerSettings<Data>
  readonly #dispatcher: Dispatcher<Data>
  readonly #taker: UpgradeTaker
  readonly #hub: TopicHub<Data>
  readonly #clients = new Set<Socket<Data>>()
  /** The HTTP servers it is attached to; `#own` is the one it made. */
  readonly #attached = new Set<HttpServer>()
  #own: HttpServer | undefined
  #isClosing = false

  /** @throws TypeError or RangeError for an option out of its range, naming it. */
  constructor(options: ServerOptions<Data> = {}) {
    this.#settings = checkServerOptions(options)
    this.#dispatcher = new Dispatcher(this.#settings, {
      hub: () => this.#hub,
      gone: (socket) => this.#clients.delete(socket),
    })
    this.#hub = new TopicHub(this.#settings, (socket, handler) => this.#dispatcher.call(socket, handler))
    this.#taker = {
      path: options.path,
      handleUpgrade: (request, stream, head) => this.handleUpgrade(request, stream, head),
    }
  }

  /** The open sockets, and those that are closing. */
  get clients(): ReadonlySet<Socket<Data>> {
    return this.#clients
  }

  /** Where it listens, once `listen` has resolved; as Node tells it. */
  address(): AddressInfo | string | null {
    return this.#own?.address() ?? null
  }

  /**
   * Listen on a port of this host, or on what Node's own `listen` takes as options: `{ path }` of a Unix socket, `{ fd }`.
   * Resolves when it does; rejects when it cannot.
   */
  async listen(where: number | { path: string } | { fd: number } = 0, host?: string): Promise<void> {
    if (this.#own !== undefined) throw new Error('listen was called already')
    const server = this.#createHttpServer()
    this.#own = server
    this.attach(server)
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        const at = typeof where === 'number' ? { port: where, ...(host === undefined ? {} : { host }) } : where
        server.listen(at, () => {
          server.off('error', reject)
          resolve()
        })
      })
    } catch (error) {
      this.detach(server)
      this.#own = undefined
      throw error
    }
    server.on('error', (error) => this.#dispatcher.error(undefined, error))
  }

  /** Take the upgrades of an HTTP or HTTPS server; on one path, when the server was made with one. */
  attach(server: HttpServer): void {
    attach(server, this.#taker)
    this.#attached.add(server)
  }

  /** Leave an HTTP server; what is open stays open. */
  detach(server: HttpServer): void {
    detach(server, this.#taker)
    this.#attached.delete(server)
  }

  /** Answer one upgrade by hand, as Node's 'upgrade' event gives it. */
  handleUpgrade(request: IncomingMessage, stream: Duplex, head: Uint8Array): void {
    const upgrade = new Upgrade(
      this.#settings,
      { request, stream },
      {
        admit: (admission) => this.#admit(admission, { stream, head, remoteAddress: request.socket.remoteAddress }),
        failed: (error) => this.#dispatcher.error(undefined, error),
      },
    )
    upgrade.run(this.#isClosing)
  }

  /** Publish to everybody on a topic. It leaves at the end of this turn of the event loop, in one write a socket. */
  publish(topic: string, message: Sendable | PreparedMessage, options: PublishOptions = {}): PublishResult {
    return this.#hub.publish(topic, message, options)
  }

  /** How many sockets subscribe to a topic. */
  subscribers(topic: string): number {
    return this.#hub.topics.count(topic)
  }

  /** Send a message to every open socket: encoded once, deflated once. Answers how many it was sent to. */
  broadcast(message: Sendable | PreparedMessage): number {
    const prepared = prepare(message)
    let count = 0
    for (const socket of this.#clients) {
      if (socket.readyState !== ReadyState.Open) continue
      socket.send(prepared)
      count++
    }
    return count
  }

  /**
   * End everything: no new clients, a closing handshake with those that are there, spread over `spreadMs`, and TCP dropped
   * for who is not done by `deadlineMs`. Resolves with how many ended by themselves and how many were dropped.
   */
  async shutdown(options: ShutdownOptions = {}): Promise<ShutdownResult> {
    this.#isClosing = true
    const own = this.#own
    const ownClosed = own === undefined ? undefined : new Promise((resolve) => own.close(resolve))
    const result = await shutDown(this.#clients, options)
    own?.closeAllConnections()
    await ownClosed
    for (const server of this.#attached) this.detach(server)
    return result
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown()
  }

  #createHttpServer(): HttpServer {
    const options = {
      headersTimeout: this.#settings.handshakeTimeout,
      requestTimeout: this.#settings.handshakeTimeout,
      connectionsCheckingInterval: Math.min(CHECK_INTERVAL, this.#settings.handshakeTimeout),
      maxHeaderSize: defaults.maxHeaderSize,
    }
    const { tls } = this.#settings.options
    return tls === undefined
      ? createServer(options, answerPlainRequest)
      : createTlsServer({ ...tls, ...options }, answerPlainRequest)
  }

  #admit(
    admission: Admission<Data>,
    transport: { stream: Duplex; head: Uint8Array; remoteAddress: string | undefined },
  ): void {
    const { stream, head, remoteAddress } = transport
    freeOfHttp(stream)
    stream.write(admission.response)
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
    })
    this.#clients.add(socket)
    const { binding } = internalsOf(socket)
    if (channels.frame.hasSubscribers) binding.tap = makeFrameTap(socket)
    if (channels.open.hasSubscribers) channels.open.publish({ socket })
    this.#dispatcher.call(socket, () => this.#settings.options.open?.(socket))
    if (this.#isClosing) binding.connection.close(CloseCode.GoingAway, '', 'shutdown')
    binding.start(head)
  }
}

/** After the 101 nothing of HTTP's limits touches the socket. */
function freeOfHttp(stream: Duplex): void {
  const socket = stream as Partial<TcpSocket>
  socket.setTimeout?.(0)
  socket.setNoDelay?.(true)
}

/** RFC 9110 15.5.22: what is not an upgrade is told that it must be one. */
function answerPlainRequest(_request: IncomingMessage, response: ServerResponse): void {
  const body = 'This server speaks WebSocket only.\n'
  response.writeHead(426, {
    Connection: 'close, Upgrade',
    Upgrade: 'websocket',
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
  })
  response.end(body)
}
