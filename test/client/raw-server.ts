/** A server that answers byte by byte as a test wants, and tells when nobody is connected to it any more. */
import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { acceptKey } from '../../src/handshake/accept-key.ts'

export interface RawRequest {
  readonly head: string
  readonly key: string
  readonly socket: Socket
}

export type Answer = (request: RawRequest) => unknown

/** The answer that opens a connection; `fields` are further lines, each with its CRLF. */
export function accepted(key: string, fields = ''): string {
  return (
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
    `Sec-WebSocket-Accept: ${acceptKey(key)}\r\n${fields}\r\n`
  )
}

export class RawServer {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** Every request head that came, in order. */
  readonly heads: string[] = []
  /** What came from clients after their requests. */
  readonly received: Buffer[] = []
  answer: Answer = () => {}

  constructor() {
    this.#server = createServer((socket) => this.#take(socket))
  }

  async listen(
    where: { path: string } | { port: number; host: string } = { port: 0, host: '127.0.0.1' },
  ): Promise<void> {
    this.#server.listen(where)
    await once(this.#server, 'listening')
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/`
  }

  /** Resolves when every connection is gone: a client that has failed leaves nothing open. */
  async untilAlone(): Promise<void> {
    for (const socket of this.#sockets)
      if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve))
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.heads.length = 0
    this.received.length = 0
    if (!this.#server.listening) return
    this.#server.close()
    await once(this.#server, 'close')
  }

  #take(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => this.#sockets.delete(socket))
    let text = ''
    let isAnswered = false
    socket.on('data', (chunk) => {
      if (isAnswered) return void this.received.push(chunk)
      text += chunk.toString('latin1')
      const end = text.indexOf('\r\n\r\n')
      if (end === -1) return
      isAnswered = true
      const head = text.slice(0, end + 4)
      this.heads.push(head)
      this.answer({ head, key: fieldOf(head, 'sec-websocket-key') ?? '', socket })
    })
  }
}

/** One header field of a request. */
export function fieldOf(head: string, name: string): string | undefined {
  const line = head.split('\r\n').find((one) => one.toLowerCase().startsWith(`${name.toLowerCase()}:`))
  return line?.slice(name.length + 1).trim()
}
