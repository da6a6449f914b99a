/**
 * The second socket of the page: `wire.v1`, which shows the bytes of the first. It follows the chat from connection to
 * connection, each with the secret of its `hello`.
 */
import {
  decodeRecord,
  readWireEvent,
  WIRE_PROTOCOL,
  type Fault,
  type WireEvent,
  type WireRecord,
} from '../../../protocol/wire.ts'

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

/** How soon a tap that was cut is opened again, in milliseconds. */
const AGAIN_AFTER = 2000

export class WireTap {
  readonly #options: WireTapOptions
  #socket: WebSocket | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  /** The connection that is looked at has ended. */
  #hasEnded = false

  constructor(options: WireTapOptions) {
    this.#options = options
  }

  /** Look at this connection from now on. */
  follow({ path, secret }: { path: string; secret: string }): void {
    this.close()
    const socket = new WebSocket(this.#options.url(path), WIRE_PROTOCOL)
    this.#socket = socket
    this.#hasEnded = false
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => socket.send(JSON.stringify({ t: 'tap', d: { secret } }))
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (socket !== this.#socket) return
      if (typeof data === 'string') this.#event(data)
      else {
        const record = decodeRecord(data)
        if (record !== undefined) this.#options.onrecord(record)
      }
    }
    socket.onclose = () => {
      if (socket !== this.#socket || this.#hasEnded) return
      this.#timer = setTimeout(() => this.follow({ path, secret }), AGAIN_AFTER)
    }
  }

  /** Ask for a fault on the connection that is looked at. */
  fault(kind: Fault, more: { count?: number; ms?: number } = {}): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false
    this.#socket.send(JSON.stringify({ t: 'fault', d: { kind, ...more } }))
    return true
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#socket?.close(1000)
    this.#socket = undefined
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
        this.#hasEnded = true
        return this.#options.onclosed(event.d)
      case 'fault':
        return this.#options.onfault(event.d.kind, event.d.done)
      default:
    }
  }
}
