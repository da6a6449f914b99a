/**
 * The second socket of the page: `wire.v1`, which shows the bytes of the first. It follows the chat from connection to
 * connection, each with the secret of its `hello`.
 */
import { connectForever, type ReconnectingSocket } from 'barewire/reconnect'
import {
  decodeRecord,
  readWireEvent,
  WIRE_PROTOCOL,
  type Fault,
  type WireEvent,
  type WireRecord,
} from '../../../protocol/wire.ts'
import { reconnectPolicy } from '../client/reconnect-policy.ts'

export type Tapped = (WireEvent & { t: 'tapped' })['d']
export type Counters = (WireEvent & { t: 'counters' })['d']
export type TapClosed = (WireEvent & { t: 'closed' })['d']

export interface WireTapOptions {
  readonly url: (path: string) => string
  readonly ontapped: (handshake: Tapped) => void
  readonly onrecord: (record: WireRecord) => void
  readonly oncounters: (counters: Counters) => void
  readonly onlost: (records: number) => void
  readonly onclosed: (outcome: TapClosed) => void
  readonly onfault: (kind: Fault, done: boolean) => void
}

export class WireTap {
  readonly #options: WireTapOptions
  #socket: ReconnectingSocket | undefined

  constructor(options: WireTapOptions) {
    this.#options = options
  }

  /** Look at this connection from now on. */
  follow({ path, secret }: { path: string; secret: string }): void {
    this.close()
    this.#socket = connectForever(this.#options.url(path), {
      protocols: WIRE_PROTOCOL,
      open: (send) => send(JSON.stringify({ t: 'tap', d: { secret } })),
      message: (data) => this.#receive(data as string | ArrayBuffer),
      // A fault that was asked for late would hit another connection.
      queueLimit: 0,
      policy: ({ code }) => reconnectPolicy(code),
    })
  }

  /** Ask for a fault on the connection that is looked at; false when that cannot be asked now. */
  fault(kind: Fault, more: { count?: number; ms?: number } = {}): boolean {
    return this.#socket?.send(JSON.stringify({ t: 'fault', d: { kind, ...more } })) === true
  }

  close(): void {
    this.#socket?.close()
    this.#socket = undefined
  }

  #receive(data: string | ArrayBuffer): void {
    if (typeof data === 'string') return this.#event(data)
    const record = decodeRecord(data)
    if (record !== undefined) this.#options.onrecord(record)
  }

  #event(text: string): void {
    const event = readWireEvent(text)
    switch (event?.t) {
      case 'tapped':
        return this.#options.ontapped(event.d)
      case 'counters':
        return this.#options.oncounters(event.d)
      case 'lost':
        return this.#options.onlost(event.d.records)
      case 'closed':
        // There is nothing more to come, and the secret opens nothing any more.
        this.close()
        return this.#options.onclosed(event.d)
      case 'fault':
        return this.#options.onfault(event.d.kind, event.d.done)
      default:
    }
  }
}
