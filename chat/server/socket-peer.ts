/** A WebSocket as the room sees it; with a tap, what is sent is told to it, too. */
import type { Socket as TcpSocket } from 'node:net'
import { prepare, type PreparedMessage, type Socket } from 'barewire'
import type { Fault } from '../protocol/index.ts'
import type { ChatConnection } from './connection.ts'
import type { AuthError, Identity } from './identity.ts'
import type { Peer } from './peer.ts'
import type { WireTap } from './wire/tap.ts'

/** FIN, RSV2 and text: a reserved bit that nobody has agreed on. RFC 6455 5.2: the receiver MUST fail the connection. */
const BAD_FRAME = Uint8Array.of(0xa1, 0x02, 0x7b, 0x7d)

/** What a chat socket carries. */
export interface ChatSocketData {
  readonly address: string
  /** Let in only to be told why it cannot stay. */
  readonly refusal: 'overloaded' | 'version' | undefined
  /** What the token of the handshake has proven. */
  readonly proven: Identity | AuthError | undefined
  readonly tcp: TcpSocket
  readonly tap: WireTap | undefined
  readonly handshake: { readonly request: string; response: string; readonly secure: boolean } | undefined
  connection: ChatConnection | undefined
}

let last = ''
let prepared: PreparedMessage | undefined

/** A text that goes to many sockets, one after the other, is encoded and deflated once. */
function shared(text: string): string | PreparedMessage {
  if (text !== last) {
    last = text
    prepared = undefined
    return text
  }
  prepared ??= prepare(text)
  return prepared
}

export class SocketPeer implements Peer {
  readonly address: string
  readonly #socket: Socket<ChatSocketData>
  readonly #tap: WireTap | undefined
  readonly #onSend: (text: string) => void

  constructor(socket: Socket<ChatSocketData>, onSend: (text: string) => void) {
    this.#socket = socket
    this.#onSend = onSend
    this.address = socket.data.address
    this.#tap = socket.data.tap
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount
  }

  send(text: string): void {
    if (this.#socket.readyState !== 1) return
    this.#onSend(text)
    this.#tap?.messageOut(text)
    this.#socket.send(shared(text))
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason)
  }

  terminate(): void {
    this.#socket.terminate()
  }

  /** Do what the page asked for on its own connection; answers whether it could. */
  fault(kind: Fault, { count = 1, ms = 5000 }: { count?: number | undefined; ms?: number | undefined }): boolean {
    const { tcp, connection } = this.#socket.data
    if (this.#socket.readyState !== 1 || connection === undefined) return false
    switch (kind) {
      case 'drop':
        tcp.destroy()
        return true
      case 'freeze':
        this.#socket.pause()
        tcp.cork()
        setTimeout(() => {
          tcp.uncork()
          this.#socket.resume()
        }, ms).unref()
        return true
      case 'badFrame':
        this.#tap?.bytesOut(BAD_FRAME)
        tcp.write(BAD_FRAME)
        return true
      case 'loseAcks':
        connection.faults.loseAcks += count
        return true
      case 'duplicate':
        connection.faults.duplicate += count
        return true
    }
  }
}
