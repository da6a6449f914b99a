/**
 * The server of `barewire/ws`: the names and the behaviour of `ws`, on the same handshake and connection as everything else.
 */
import { EventEmitter } from 'node:events'
import type { IncomingMessage, Server as HttpServer } from 'node:http'
import type { AddressInfo, Socket as TcpSocket } from 'node:net'
import type { Duplex } from 'node:stream'
import { permessageDeflateServer, type PerMessageDeflateOptions } from '../extensions/permessage-deflate.ts'
import { isFieldValue } from '../handshake/header-fields.ts'
import { negotiateExtensions, selectProtocol } from '../handshake/negotiation.ts'
import { Rejection, serverClosing, upgradeRequired } from '../handshake/rejection.ts'
import { readServerHandshake, renderAccept, type ServerHandshake } from '../handshake/server-handshake.ts'
import { attach, detach, pathOf, type UpgradeTaker } from '../node/attachment.ts'
import type { BindingOptions } from '../node/binding-options.ts'
import { builtin } from '../node/builtin.ts'
import { answerAndEnd } from '../node/http1-upgrade.ts'
import { checkCount, checkTimeout, defaults } from '../node/limits.ts'
import { isThenable } from '../node/thenable.ts'
import { TurnPace } from '../node/turn-pace.ts'
import type { ServerExtension } from '../protocol/extension.ts'
import { MAX_PAYLOAD } from './client-options.ts'
import { tell } from './errors.ts'
import { WebSocket } from './websocket.ts'

/** What `verifyClient` is told. */
export interface ClientInfo {
  readonly origin: string | undefined
  readonly secure: boolean
  readonly req: IncomingMessage
}

/** Called with `false`, a status, a message and header fields to refuse. */
export type Verdict = (result: boolean, status?: number, message?: string, headers?: Record<string, string>) => void

export interface WebSocketServerOptions {
  readonly port?: number
  readonly host?: string
  readonly backlog?: number
  readonly server?: HttpServer
  readonly noServer?: boolean
  readonly path?: string
  readonly clientTracking?: boolean
  readonly maxPayload?: number
  readonly perMessageDeflate?: boolean | PerMessageDeflateOptions
  readonly handleProtocols?: (protocols: Set<string>, request: IncomingMessage) => string | false | undefined
  /** Sync, with a callback, or — other than in `ws`, where that lets everybody in — a promise. */
  readonly verifyClient?: (info: ClientInfo, done: Verdict) => unknown
  readonly maxFragments?: number
  readonly autoPong?: boolean
  readonly closeTimeout?: number
  readonly WebSocket?: typeof WebSocket
}

type Admit = (socket: WebSocket, request: IncomingMessage) => void

interface Upgrade {
  readonly request: IncomingMessage
  readonly stream: Duplex
  readonly head: Uint8Array
  readonly admit: Admit
}

export class WebSocketServer extends EventEmitter {
  readonly options: WebSocketServerOptions
  readonly clients: Set<WebSocket> | undefined
  readonly #binding: BindingOptions
  readonly #extensions: readonly ServerExtension[]
  readonly #server: HttpServer | undefined
  readonly #taker: UpgradeTaker
  /** Streams that a handshake was begun on: doing that twice would mix two connections. */
  readonly #taken = new WeakSet<Duplex>()
  readonly #pace = new TurnPace()
  /** What is passed on of the events of another's HTTP server. */
  readonly #relays = new Map<string, (...args: unknown[]) => void>()
  #isClosing = false
  #isClosed = false
  /** Called when the last client has gone. */
  #left: (() => void) | undefined

  /** @throws TypeError unless exactly one of `port`, `server` and `noServer` is given. */
  constructor(given: WebSocketServerOptions = {}, listening?: () => void) {
    super()
    const options = complete(given)
    const { port, server, noServer, perMessageDeflate = false } = options
    if ([port !== undefined, server !== undefined, noServer === true].filter(Boolean).length !== 1) {
      throw new TypeError('exactly one of the options port, server and noServer is required')
    }
    this.options = options
    this.clients = options.clientTracking === false ? undefined : new Set()
    this.#extensions =
      perMessageDeflate === false ? [] : [permessageDeflateServer(perMessageDeflate === true ? {} : perMessageDeflate)]
    this.#binding = {
      role: 'server',
      maxPayload: checkCount('maxPayload', options.maxPayload ?? MAX_PAYLOAD),
      maxFragments: checkCount('maxFragments', options.maxFragments ?? defaults.maxFragments, 1),
      highWaterMark: defaults.highWaterMark,
      closeTimeout: checkTimeout('closeTimeout', options.closeTimeout ?? defaults.closeTimeout),
      text: 'bytes',
      autoPong: options.autoPong ?? true,
      echoReason: true,
    }
    this.#taker = {
      path: options.path,
      handleUpgrade: (request, stream, head) =>
        this.handleUpgrade(request, stream, head, (socket) => this.emit('connection', socket, request)),
    }
    this.#server = this.#listen(listening)
  }

  address(): AddressInfo | string | null {
    if (this.options.noServer === true) throw new Error('a server with noServer listens nowhere')
    return this.#server?.address() ?? null
  }

  /** Whether a request is for this server. */
  shouldHandle(request: IncomingMessage): boolean | Promise<boolean> {
    return this.options.path === undefined || pathOf(request.url ?? '') === this.options.path
  }

  /**
   * Take no more clients; those that are there stay. 'close' comes when the HTTP server it made has closed, or, on another's,
   * when the last client has gone; `done` is called then, with an error when that was so already.
   */
  close(done?: (error?: Error) => void): void {
    const { server: given, noServer } = this.options
    const closed = (): void => {
      this.#isClosed = true
      this.emit('close')
    }
    const wasClosed = this.#isClosed
    if (done !== undefined)
      this.once('close', () => done(wasClosed ? new Error('The server is not running') : undefined))
    if (wasClosed) process.nextTick(closed)
    if (this.#isClosing) return
    this.#isClosing = true
    const server = this.#server
    if (server !== undefined) detach(server, this.#taker)
    if (given !== undefined) for (const [name, tell] of this.#relays) given.off(name, tell)
    if (server !== undefined && given === undefined && noServer !== true) server.close(closed)
    else if (this.clients === undefined || this.clients.size === 0) process.nextTick(closed)
    else this.#left = closed
  }

  /** Answer one upgrade; `admit` gets the socket once it is open. */
  handleUpgrade(request: IncomingMessage, stream: Duplex, head: Uint8Array, admit: Admit): void {
    if (this.#taken.has(stream)) {
      throw new Error('handleUpgrade was called more than once with the same socket, by several servers perhaps')
    }
    this.#taken.add(stream)
    stream.on('error', ignore)
    this.#pace.soon(stream, () => this.#begin({ request, stream, head, admit }))
  }

  #begin(upgrade: Upgrade): void {
    const { request, stream } = upgrade
    void this.#decide(request)
      .then((decision) => {
        if (decision instanceof Rejection) this.#refuse(decision, stream, request)
        else this.#admit(decision, upgrade)
      })
      .catch((error: unknown) => {
        this.#refuse(new Rejection(500, 'The server failed.'), stream, request)
        if (this.listenerCount('error') > 0) this.emit('error', error)
      })
  }

  async #decide(request: IncomingMessage): Promise<ServerHandshake | Rejection> {
    const handshake = readServerHandshake({
      method: request.method ?? '',
      target: request.url ?? '',
      httpVersionMajor: request.httpVersionMajor,
      httpVersionMinor: request.httpVersionMinor,
      rawHeaders: request.rawHeaders,
    })
    if (handshake instanceof Rejection) return handshake
    if (this.#isClosing) return serverClosing()
    if (!(await this.shouldHandle(request))) return new Rejection(400, 'This path is not served.')
    const { verifyClient } = this.options
    if (verifyClient === undefined) return handshake
    const secure = 'encrypted' in request.socket
    return (await verify(verifyClient, { origin: handshake.origin, secure, req: request })) ?? handshake
  }

  #admit(handshake: ServerHandshake, { request, stream, head, admit }: Upgrade): void {
    if (stream.destroyed || !stream.writable) return
    const { handleProtocols } = this.options
    const { protocols } = handshake
    const chosen = handleProtocols === undefined ? protocols[0] : handleProtocols(new Set(protocols), request)
    const protocol = protocols.length === 0 ? undefined : selectProtocol(protocols, chosen)
    const { agreed, header } = negotiateExtensions(handshake.extensions, this.#extensions)
    const lines = renderAccept(handshake, { protocol, extensionsHeader: header }).trimEnd().split('\r\n')
    this.emit('headers', lines, request)
    if (!lines.every(isFieldValue)) throw new TypeError('a header line with a line end or a control character in it')
    const tcp = stream as Partial<TcpSocket>
    tcp.setTimeout?.(0)
    tcp.setNoDelay?.(true)
    stream.write(`${lines.join('\r\n')}\r\n\r\n`)
    stream.off('error', ignore)
    const Class = this.options.WebSocket ?? WebSocket
    const socket = new Class(null)
    socket.adopt({
      stream,
      options: this.#binding,
      extension: agreed[0]?.create(),
      protocol: protocol ?? '',
      extensions: agreed[0]?.response.name ?? '',
    })
    this.clients?.add(socket)
    socket.once('close', () => {
      this.clients?.delete(socket)
      if (this.clients?.size === 0) this.#left?.()
    })
    // It is open: nothing that a listener throws can be answered by a refusal any more.
    tell(() => admit(socket, request))
    socket.start(head)
  }

  #refuse(rejection: Rejection, stream: Duplex, request: IncomingMessage): void {
    if (this.listenerCount('wsClientError') > 0) {
      return void this.emit('wsClientError', new Error(rejection.reason), stream, request)
    }
    answerAndEnd(stream, rejection)
  }

  #listen(listening: (() => void) | undefined): HttpServer | undefined {
    const { port, host, backlog, server } = this.options
    if (server !== undefined) {
      attach(server, this.#taker)
      this.#relays.set('listening', () => this.emit('listening'))
      this.#relays.set('error', (error) => {
        // Somebody has to hear of it: as with any EventEmitter, it is thrown when nobody does.
        if (this.listenerCount('error') > 0 || server.listenerCount('error') === 1) this.emit('error', error)
      })
      for (const [name, tell] of this.#relays) server.on(name, tell)
      return server
    }
    if (port === undefined) return undefined
    const own = builtin.http.createServer({
      headersTimeout: defaults.handshakeTimeout,
      requestTimeout: defaults.handshakeTimeout,
    })
    own.on('request', (_request, response) => {
      const { status, body, headers } = upgradeRequired()
      response.writeHead(status, { ...Object.fromEntries(headers), Connection: 'close, Upgrade' }).end(body)
    })
    own.on('error', (error) => this.emit('error', error))
    own.on('listening', () => this.emit('listening'))
    attach(own, this.#taker)
    own.listen(
      { port, ...(host === undefined ? {} : { host }), ...(backlog === undefined ? {} : { backlog }) },
      listening,
    )
    return own
  }
}

/** Fill in the defaults of `ws`, for which `null` is no value. */
function complete(given: WebSocketServerOptions): WebSocketServerOptions {
  const values = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null && value !== undefined))
  return {
    autoPong: true,
    clientTracking: true,
    closeTimeout: defaults.closeTimeout,
    maxFragments: defaults.maxFragments,
    maxPayload: MAX_PAYLOAD,
    noServer: false,
    perMessageDeflate: false,
    WebSocket,
    ...values,
  }
}

/** Ask the application; answers a refusal, or nothing. */
function verify(
  verifyClient: NonNullable<WebSocketServerOptions['verifyClient']>,
  info: ClientInfo,
): Promise<Rejection | undefined> {
  return new Promise((resolve, reject) => {
    const done: Verdict = (result, status = 401, message, headers = {}) =>
      resolve(result ? undefined : new Rejection(status, message ?? 'Unauthorized', { headers }))
    const result = verifyClient(info, done)
    if (isThenable(result)) result.then((answer) => done(answer === true), reject)
    else if (verifyClient.length < 2) done(result === true)
  })
}

function ignore(): void {
  // The client may go while its handshake is decided.
}
