/**
 * One raw TCP connection of the load generator: it speaks the opening handshake and hands over what comes behind it.
 * All connections read into one buffer, since each chunk is done with before the next is read.
 */
import { createHash, randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'

/** How a server is spoken to: without any protocol, as RFC 6455, or as Socket.IO on top of it. */
export type Dialect = 'raw' | 'websocket' | 'socket.io'

export interface Target {
  readonly port: number
  readonly dialect: Dialect
  readonly path: string
  /** The value of Sec-WebSocket-Extensions to offer, or nothing. */
  readonly offer?: string
}

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const sharedBuffer = Buffer.allocUnsafeSlow(256 * 1024)
/**
 * Source addresses that take turns. A closed connection keeps its port for a minute (TIME-WAIT, RFC 9293 3.6.1): with most
 * ports of one address taken, the search for another would be all that the load generator does. Linux has all of 127/8.
 */
const ADDRESSES = process.platform === 'linux' ? 250 : 1
let opened = 0

export class LoadClient {
  readonly socket: Socket
  /** The server's answer to the offer of extensions, or ''. */
  extensions = ''
  /** What comes behind the handshake. */
  onBytes: (bytes: Buffer, length: number) => void = () => {}
  onEnd: () => void = () => {
    throw new Error('the server hung up')
  }
  #head: Buffer = Buffer.alloc(0)
  /** What came behind a head that was read. */
  #rest: Buffer = Buffer.alloc(0)
  #onHead: ((bytes: Buffer) => boolean) | undefined

  constructor(target: Target) {
    const address = 1 + (opened++ % ADDRESSES)
    const callback = (length: number): boolean => {
      if (this.#onHead === undefined) this.onBytes(sharedBuffer, length)
      else this.#collect(sharedBuffer.subarray(0, length))
      return true
    }
    this.socket = connect({
      port: target.port,
      host: '127.0.0.1',
      localAddress: `127.0.0.${address}`,
      noDelay: true,
      onread: { buffer: sharedBuffer, callback },
    })
    this.socket.on('error', (error) => this.socket.destroy(error))
    this.socket.on('close', () => this.onEnd())
  }

  /** Connect and shake hands. */
  static async open(target: Target): Promise<LoadClient> {
    const client = new LoadClient(target)
    await new Promise<void>((resolve, reject) => {
      client.socket.once('connect', resolve)
      client.socket.once('error', reject)
    })
    if (target.dialect !== 'raw') await client.#shakeHands(target)
    if (target.dialect === 'socket.io') await client.#joinSocketIo()
    return client
  }

  close(): void {
    this.onEnd = () => {}
    this.socket.destroy()
  }

  #collect(bytes: Buffer): void {
    this.#head = Buffer.concat([this.#head, bytes])
    if (this.#onHead?.(this.#head)) this.#head = Buffer.alloc(0)
  }

  /** Wait for a head; `split` answers how long it is, or undefined while it is not whole. What is behind it is kept. */
  #read(split: (bytes: Buffer) => number | undefined): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.onEnd = () => reject(new Error('the server hung up during the handshake'))
      const look = (bytes: Buffer): boolean => {
        const length = split(bytes)
        if (length === undefined) return false
        this.#onHead = undefined
        this.onEnd = () => {
          throw new Error('the server hung up')
        }
        this.#rest = Buffer.from(bytes.subarray(length))
        resolve(Buffer.from(bytes.subarray(0, length)))
        return true
      }
      this.#onHead = look
      const rest = this.#rest
      this.#rest = Buffer.alloc(0)
      if (rest.length > 0) this.#collect(rest)
    })
  }

  async #shakeHands({ path, port, dialect, offer }: Target): Promise<void> {
    const key = randomBytes(16).toString('base64')
    this.socket.write(
      `GET ${dialect === 'socket.io' ? '/socket.io/?EIO=4&transport=websocket' : path} HTTP/1.1\r\n` +
        `Host: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
        `Sec-WebSocket-Key: ${key}\r\n${offer === undefined ? '' : `Sec-WebSocket-Extensions: ${offer}\r\n`}\r\n`,
    )
    const head = await this.#read((bytes) => {
      const end = bytes.indexOf('\r\n\r\n')
      return end < 0 ? undefined : end + 4
    })
    const text = head.toString('latin1')
    const accept = createHash('sha1').update(`${key}${GUID}`).digest('base64')
    if (!text.startsWith('HTTP/1.1 101') || !text.includes(accept))
      throw new Error(`no handshake: ${text.slice(0, 200)}`)
    this.extensions = /^sec-websocket-extensions:(.*)$/im.exec(text)?.[1]?.trim() ?? ''
  }

  /** Socket.IO: the server opens (`0`), the client asks for the main namespace (`40`), the server grants it (`40`). */
  async #joinSocketIo(): Promise<void> {
    const wholeFrame = (bytes: Buffer): number | undefined =>
      bytes.length >= 2 &&
      bytes.length >= 2 + (bytes[1]! & 0x7f) + (bytes[1] === 126 ? 2 + bytes.readUInt16BE(2) - 126 : 0)
        ? 2 + (bytes[1] === 126 ? 2 + bytes.readUInt16BE(2) : bytes[1]!)
        : undefined
    await this.#read(wholeFrame)
    this.socket.write(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x34, 0x30]))
    await this.#read(wholeFrame)
  }
}

/** Open many connections, a few at a time. */
export async function openClients(target: Target, count: number): Promise<LoadClient[]> {
  const clients: LoadClient[] = []
  const worker = async (): Promise<void> => {
    while (opening < count) {
      opening++
      clients.push(await LoadClient.open(target))
    }
  }
  let opening = 0
  await Promise.all(Array.from({ length: Math.min(64, count) }, worker))
  return clients
}
