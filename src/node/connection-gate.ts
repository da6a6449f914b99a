/**
 * What happens to a TCP connection before HTTP or TLS sees it: the header of a trusted proxy is taken off, and TLS
 * handshakes begin a few in each turn of the event loop, so that a storm of them does not stall the sockets that are open.
 */
import type { Socket as TcpSocket } from 'node:net'
import type { AnyHttpServer } from './attachment.ts'
import { readProxyHeader } from './proxy-protocol.ts'
import { Alarm, wheel } from './timer-wheel.ts'
import type { TrustedProxies } from './trusted-proxies.ts'
import { TurnPace } from './turn-pace.ts'

export interface GateOptions {
  /** Who has to begin with a PROXY header; `undefined` for nobody. */
  readonly proxies: TrustedProxies | undefined
  readonly isTls: boolean
  /** Milliseconds until the first bytes must have come. */
  readonly timeout: number
}

type Listener = (socket: TcpSocket) => void

/** Stands in front of the 'connection' listeners of a server. */
export class ConnectionGate {
  readonly #options: GateOptions
  readonly #pass: Listener
  readonly #pace = new TurnPace()
  /** Connections that have not said anything yet, and those whose TLS handshake is to begin. */
  readonly #early = new Set<TcpSocket>()
  /** Those that HTTP did not see from the start and that are not gone; one in its TLS handshake is known to nobody else. */
  readonly #open = new Set<TcpSocket>()
  /** What proxies told: by their socket, and by the port of those that TLS hides behind another object. */
  readonly #told = new WeakMap<object, string>()
  readonly #toldOfTls = new Map<string, { readonly address: string }>()

  constructor(server: AnyHttpServer, options: GateOptions) {
    this.#options = options
    const listeners = server.listeners('connection') as Listener[]
    this.#pass = (socket) => {
      for (const listener of listeners) listener.call(server, socket)
    }
    server.removeAllListeners('connection')
    server.on('connection', (socket) => this.#take(socket))
    if (options.isTls) server.on('secureConnection', (socket) => this.#tellOfTls(socket))
  }

  /** The client's address, where a proxy told it. */
  addressOf(socket: TcpSocket): string | undefined {
    // HTTP/2 shows an object of its own for the socket of a session.
    return this.#told.get(socket) ?? this.#toldOfTls.get(endOf(socket))?.address
  }

  /** Drop who has not said anything yet. */
  close(): void {
    for (const socket of this.#early) socket.destroy()
  }

  /** Drop everybody, whatever they are at. */
  drop(): void {
    for (const socket of this.#open) socket.destroy()
  }

  #take(socket: TcpSocket): void {
    const isProxy = this.#options.proxies?.trusts(socket.remoteAddress) === true
    // The HTTP server knows it from here on.
    if (!isProxy && !this.#options.isTls) return this.#pass(socket)
    this.#open.add(socket)
    socket.once('close', () => {
      this.#open.delete(socket)
      this.#early.delete(socket)
    })
    const give = (): void => void socket.destroy()
    const alarm = new Alarm(give)
    let head: Buffer = Buffer.alloc(0)
    const done = (): void => {
      wheel.clear(alarm)
      socket.off('data', read)
      socket.off('close', done)
      socket.off('error', give)
    }
    const read = (chunk: Buffer): void => {
      head = head.length === 0 ? chunk : Buffer.concat([head, chunk])
      const header = isProxy ? readProxyHeader(head) : { address: undefined, length: 0 }
      if (header === undefined) return
      done()
      if (header === false) return give()
      if (header.address !== undefined) this.#note(socket, header.address)
      this.#hand(socket, head.subarray(header.length))
    }
    this.#early.add(socket)
    wheel.set(alarm, this.#options.timeout)
    socket.on('data', read)
    socket.on('close', done)
    socket.on('error', give)
  }

  #note(socket: TcpSocket, address: string): void {
    this.#told.set(socket, address)
    if (!this.#options.isTls) return
    const key = endOf(socket)
    const told = { address }
    this.#toldOfTls.set(key, told)
    // The same end may be used again before this one's close is told.
    socket.once('close', () => {
      if (this.#toldOfTls.get(key) === told) this.#toldOfTls.delete(key)
    })
  }

  #tellOfTls(socket: TcpSocket): void {
    const address = this.#toldOfTls.get(endOf(socket))?.address
    if (address !== undefined) this.#told.set(socket, address)
  }

  /** Give back what was read too far, and let the connection go on. */
  #hand(socket: TcpSocket, rest: Buffer): void {
    socket.pause()
    if (rest.length > 0) socket.unshift(rest)
    if (this.#options.isTls) {
      socket.on('error', ignore)
      return this.#pace.later(socket, () => this.#begin(socket))
    }
    this.#begin(socket)
    process.nextTick(() => socket.resume())
  }

  #begin(socket: TcpSocket): void {
    this.#early.delete(socket)
    this.#pass(socket)
  }
}

function endOf(socket: TcpSocket): string {
  return `${socket.remoteAddress} ${socket.remotePort} ${socket.localAddress} ${socket.localPort}`
}

function ignore(): void {
  // TLS reports what happens to its own stream.
}
