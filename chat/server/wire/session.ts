/** One `wire.v1` socket: it shows its secret, then gets the records of that one chat connection. */
import { createHash } from 'node:crypto'
import { readWireRequest, WIRE_LIMITS, type WireEvent, type WireRequest } from '../../protocol/index.ts'
import type { Tapped, TapRegistry } from './registry.ts'

/** RFC 6455 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const COUNTERS_EVERY_MS = 1000
const PING_EVERY_MS = 5000

/** The part of a socket that a session needs. */
export interface WireSocket {
  readonly bufferedAmount: number
  send(message: string | Uint8Array): unknown
  close(code: number, reason: string): void
}

export class WireSession {
  readonly #socket: WireSocket
  readonly #registry: TapRegistry
  readonly #deadline: NodeJS.Timeout
  #tapped: Tapped | undefined
  #timers: NodeJS.Timeout[] = []
  #dropped = { records: 0, bytes: 0 }
  #lastCounters = ''
  readonly #listener = { record: (record: Uint8Array<ArrayBuffer>): void => this.#record(record) }
  readonly #tellEnd = (): void => this.#ended()

  constructor(socket: WireSocket, registry: TapRegistry) {
    this.#socket = socket
    this.#registry = registry
    this.#deadline = setTimeout(() => socket.close(4004, 'no tap within 5 s'), WIRE_LIMITS.tapTimeoutMs)
  }

  receive(text: string): void {
    const request = readWireRequest(text)
    if (request === undefined) return this.#send({ t: 'error', d: { detail: 'not a message of wire.v1' } })
    if (request.t === 'tap') this.#tap(request.d.secret)
    else this.#fault(request)
  }

  ended(): void {
    clearTimeout(this.#deadline)
    for (const timer of this.#timers) clearInterval(timer)
    this.#timers = []
    this.#tapped?.tap.unlisten(this.#listener)
    this.#tapped?.watchers.delete(this.#tellEnd)
  }

  #tap(secret: string): void {
    const tapped = this.#registry.find(secret)
    if (this.#tapped !== undefined || tapped === undefined) {
      return this.#socket.close(4001, 'no connection with this secret')
    }
    clearTimeout(this.#deadline)
    this.#tapped = tapped
    const { conn, opened, handshake, protocol, extensions, remoteAddress } = tapped
    const key = /^sec-websocket-key:\s*(\S+)/im.exec(handshake.request)?.[1] ?? ''
    const digest = createHash('sha1').update(key + GUID)
    const sha1 = digest.copy().digest('hex')
    const accept = { key, guid: GUID, sha1, accept: digest.digest('base64') }
    const { request, response, secure } = handshake
    const about = { conn, opened, request, response, accept, protocol, extensions, secure, remoteAddress }
    this.#send({ t: 'tapped', d: about })
    if (tapped.tap.lost.records > 0) this.#send({ t: 'lost', d: { ...tapped.tap.lost } })
    tapped.tap.listen(this.#listener)
    this.#counters()
    if (tapped.ended !== undefined) return this.#ended()
    tapped.watchers.add(this.#tellEnd)
    tapped.ping()
    this.#timers = [
      setInterval(() => this.#counters(), COUNTERS_EVERY_MS),
      setInterval(() => tapped.ping(), PING_EVERY_MS),
    ]
  }

  #fault({ d }: Extract<WireRequest, { t: 'fault' }>): void {
    const { kind, count, ms } = d
    this.#send({ t: 'fault', d: { kind, done: this.#tapped?.fault(kind, { count, ms }) ?? false } })
  }

  #record(record: Uint8Array<ArrayBuffer>): void {
    if (this.#socket.bufferedAmount > WIRE_LIMITS.queueBytes) {
      this.#dropped.records += 1
      this.#dropped.bytes += record.length
      return
    }
    if (this.#dropped.records > 0) {
      this.#send({ t: 'lost', d: this.#dropped })
      this.#dropped = { records: 0, bytes: 0 }
    }
    this.#socket.send(record)
  }

  #counters(): void {
    const tapped = this.#tapped!
    const { rtt } = tapped
    const bufferedAmount = tapped.bufferedAmount()
    const d = { ...tapped.tap.counters, bufferedAmount, ...(rtt === undefined ? {} : { rtt }) }
    const text = JSON.stringify(d)
    if (text === this.#lastCounters) return
    this.#lastCounters = text
    this.#send({ t: 'counters', d })
  }

  #ended(): void {
    this.#counters()
    this.#send({ t: 'closed', d: this.#tapped!.ended! })
    this.#socket.close(1000, 'the chat connection has ended')
  }

  #send(event: WireEvent): void {
    this.#socket.send(JSON.stringify(event))
  }
}
