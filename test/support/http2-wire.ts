/** HTTP/2 written and read by hand, frame by frame: what Node's own client would not send, and exactly what was answered. RFC 9113 4.1. */
import { once } from 'node:events'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { onTestFinished } from 'vitest'
import { Conditions } from './conditions.ts'
import { concat } from './hex.ts'

/** RFC 9113 6. */
export const Frame = { Data: 0, Headers: 1, RstStream: 3, Settings: 4, Ping: 6, GoAway: 7, WindowUpdate: 8 } as const
/** RFC 9113 6.1, 6.2. */
export const END_STREAM = 1
export const END_HEADERS = 4

export interface Http2Frame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

/** RFC 9113 3.4. */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
const HEADER_LENGTH = 9

export function http2Frame(
  type: number,
  stream: number,
  payload: Uint8Array = new Uint8Array(),
  flags = 0,
): Uint8Array {
  const head = Buffer.alloc(HEADER_LENGTH)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return concat(head, payload)
}

/** A number of 32 bits, as the payload of RST_STREAM. */
export function code(value: number): Uint8Array {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** RFC 7541 6.2.2: literal fields without indexing, new names, no Huffman code. */
export function headerBlock(fields: Record<string, string>): Uint8Array {
  const text = (value: string): Buffer => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)])
  return Buffer.concat(Object.entries(fields).flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]))
}

export class Http2Peer {
  readonly frames: Http2Frame[] = []
  readonly #socket: TLSSocket
  #rest: Buffer = Buffer.alloc(0)
  #isClosed = false
  readonly #conditions = new Conditions()

  constructor(port: number) {
    this.#socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] })
    this.#socket.on('error', () => {})
    this.#socket.on('data', (chunk: Buffer) => this.#read(chunk))
    this.#socket.on('close', () => {
      this.#isClosed = true
      this.#conditions.look()
    })
    onTestFinished(() => void this.#socket.destroy())
  }

  /** Connect, exchange the settings and acknowledge those of the server. */
  static async open(port: number): Promise<Http2Peer> {
    const peer = new Http2Peer(port)
    await once(peer.#socket, 'secureConnect')
    peer.send(PREFACE, http2Frame(Frame.Settings, 0))
    await peer.until(() => peer.frames.find(({ type, flags }) => type === Frame.Settings && flags === 0))
    return peer.send(http2Frame(Frame.Settings, 0, new Uint8Array(), 1))
  }

  send(...frames: readonly Uint8Array[]): this {
    if (!this.#socket.destroyed) this.#socket.write(concat(...frames))
    return this
  }

  /** The types of the frames of one stream, with their flags or codes. */
  of(stream: number): Http2Frame[] {
    return this.frames.filter((frame) => frame.stream === stream)
  }

  until<T>(holds: () => T | undefined | false): Promise<T> {
    return this.#conditions.until(holds, () => (this.#isClosed ? 'the connection closed' : undefined))
  }

  #read(chunk: Buffer): void {
    let bytes = Buffer.concat([this.#rest, chunk])
    while (bytes.length >= HEADER_LENGTH) {
      const end = HEADER_LENGTH + bytes.readUIntBE(0, 3)
      if (bytes.length < end) break
      const payload = bytes.subarray(HEADER_LENGTH, end)
      this.frames.push({ type: bytes[3]!, flags: bytes[4]!, stream: bytes.readUInt32BE(5), payload })
      bytes = bytes.subarray(end)
    }
    this.#rest = bytes
    this.#conditions.look()
  }
}
