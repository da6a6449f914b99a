/** A WebSocket without a network: the test plays the server. */
import type { Message } from '../../src/reconnect/send-queue.ts'
import type { SocketLike } from '../../src/reconnect/socket-like.ts'

export class FakeSocket implements SocketLike {
  readonly url: string
  readonly protocols: readonly string[]
  readonly sent: Message[] = []
  readonly protocol = ''
  bufferedAmount = 0
  binaryType = 'blob'
  readyState = 0
  closedWith: { code: number | undefined; reason: string | undefined } | undefined
  onopen: ((event: never) => unknown) | null = null
  onmessage: ((event: never) => unknown) | null = null
  onerror: ((event: never) => unknown) | null = null
  onclose: ((event: never) => unknown) | null = null

  constructor(url: string, protocols: readonly string[]) {
    this.url = url
    this.protocols = protocols
  }

  send(message: Message): void {
    this.sent.push(message)
  }

  /** Throws as a browser does. WHATWG WebSockets 3.1, `close`. */
  close(code?: number, reason?: string): void {
    if (code !== undefined && code !== 1000 && (code < 3000 || code > 4999)) {
      throw new DOMException(`close code ${code}`, 'InvalidAccessError')
    }
    if (new TextEncoder().encode(reason ?? '').length > 123)
      throw new DOMException('close reason too long', 'SyntaxError')
    this.closedWith = { code, reason }
    this.readyState = 2
  }

  /** The server lets the client in. */
  open(): void {
    this.readyState = 1
    this.onopen?.({} as never)
  }

  say(data: unknown): void {
    this.onmessage?.({ data } as never)
  }

  /** The connection ends. */
  end(code: number, reason = '', error?: unknown): void {
    this.readyState = 3
    if (error !== undefined) this.onerror?.({ error } as never)
    this.onclose?.({ code, reason } as never)
  }
}
