/** A client of bare TCP for the load: it sends what it is told to as fast as it goes, and counts what comes. */
import { connect, type Socket } from 'node:net'
import { once } from 'node:events'
import { requestHead } from '../support/raw-client.ts'

export class TcpClient {
  readonly socket: Socket
  received = 0

  constructor(port: number, localAddress: string = '127.0.0.1') {
    this.socket = connect({ port, host: '127.0.0.1', localAddress })
    this.socket.on('error', () => {})
  }

  /** Connect and shake hands. */
  static async open(
    port: number,
    { from, extensions }: { from?: string; extensions?: string } = {},
  ): Promise<TcpClient> {
    const client = new TcpClient(port, from)
    const headers = extensions === undefined ? {} : { 'Sec-WebSocket-Extensions': extensions }
    client.socket.write(requestHead({ headers }))
    const [head] = (await Promise.race([once(client.socket, 'data'), once(client.socket, 'close')])) as [
      Buffer | boolean,
    ]
    if (typeof head === 'boolean' || !head.toString('latin1').startsWith('HTTP/1.1 101 ')) {
      throw new Error(`no WebSocket: ${String(head)}`)
    }
    client.socket.on('data', (chunk: Buffer) => (client.received += chunk.length))
    return client
  }

  /** Send, and wait while the system does not take more. */
  async write(bytes: Uint8Array): Promise<boolean> {
    if (this.socket.destroyed) return false
    if (this.socket.write(bytes)) return true
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.socket.off('drain', done)
        this.socket.off('close', done)
        resolve()
      }
      this.socket.on('drain', done)
      this.socket.on('close', done)
    })
    return !this.socket.destroyed
  }

  async closed(): Promise<void> {
    if (!this.socket.closed) await once(this.socket, 'close').catch(() => {})
  }

  destroy(): void {
    this.socket.destroy()
  }
}
