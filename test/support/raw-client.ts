/** A peer that is nothing but TCP: it sends the bytes it is told to, and waits for those that come. */
import { connect, type Socket } from 'node:net'
import { concat, hex } from './hex.ts'
import { naiveMask } from './naive.ts'

const KEY = hex('37 fa 21 3d')

/** RFC 6455 1.3: the key of the standard's own example, and what a server makes of it. */
export const SAMPLE_KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
export const SAMPLE_ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='

export interface RawFrame {
  readonly fin: boolean
  readonly rsv: number
  readonly opcode: number
  readonly payload: Buffer
}

/** The head of a handshake. `undefined` leaves a field out, a list sends it several times. */
export function requestHead({
  method = 'GET',
  target = '/',
  version = '1.1',
  headers = {},
}: {
  method?: string
  target?: string
  version?: string
  headers?: Record<string, string | string[] | undefined>
} = {}): string {
  const fields = {
    Host: '127.0.0.1',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': SAMPLE_KEY,
    'Sec-WebSocket-Version': '13',
    ...headers,
  }
  const lines = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map((one) => `${name}: ${one}\r\n`),
  )
  return `${method} ${target} HTTP/${version}\r\n${lines.join('')}\r\n`
}

/** A masked frame, as clients send them; the mask is skipped for big ones, to save the time. */
export function clientFrame(
  opcode: number,
  payload: Uint8Array | string = '',
  { fin = true, rsv = 0 } = {},
): Uint8Array {
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload
  const { length } = bytes
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode
  const head =
    length <= 125
      ? [first, 0x80 | length]
      : length <= 65_535
        ? [first, 0xfe, length >> 8, length & 255]
        : [first, 0xff, 0, 0, 0, 0, length >>> 24, (length >> 16) & 255, (length >> 8) & 255, length & 255]
  if (length > 1000) return concat(Uint8Array.from(head), new Uint8Array(4), bytes)
  return concat(Uint8Array.from(head), KEY, naiveMask(Uint8Array.from(bytes), KEY))
}

/** All whole frames at the beginning of these bytes. */
export function serverFrames(bytes: Buffer): RawFrame[] {
  const frames: RawFrame[] = []
  for (let at = 0; at + 2 <= bytes.length;) {
    const [first, second] = [bytes[at]!, bytes[at + 1]!]
    if ((second & 0x80) !== 0) throw new Error('a server masked a frame (RFC 6455 5.1)')
    const short = second & 0x7f
    const start = at + (short === 126 ? 4 : short === 127 ? 10 : 2)
    if (start > bytes.length) break
    const length =
      short === 126 ? bytes.readUInt16BE(at + 2) : short === 127 ? Number(bytes.readBigUInt64BE(at + 2)) : short
    if (start + length > bytes.length) break
    const payload = bytes.subarray(start, start + length)
    frames.push({ fin: first >= 0x80, rsv: (first >> 4) & 7, opcode: first & 15, payload })
    at = start + length
  }
  return frames
}

export class RawClient {
  readonly socket: Socket
  #received: Buffer = Buffer.alloc(0)
  /** Where the answer to the handshake ends. */
  #headEnd = 0
  hasEnded = false
  isClosed = false
  #checks = new Set<() => void>()

  constructor(where: number | string, socket?: Socket) {
    this.socket = socket ?? (typeof where === 'number' ? connect(where, '127.0.0.1') : connect(where)).setNoDelay(true)
    this.socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.#check()
    })
    this.socket.on('error', () => {})
    this.socket.on('end', () => {
      this.hasEnded = true
      this.#check()
    })
    this.socket.on('close', () => {
      this.isClosed = true
      this.#check()
    })
  }

  /** Connect and shake hands; frames in `early` travel with the request. */
  static async open(
    where: number | string,
    { early = new Uint8Array(), ...request }: Parameters<typeof requestHead>[0] & { early?: Uint8Array } = {},
  ): Promise<RawClient> {
    const client = new RawClient(where)
    client.send(concat(Buffer.from(requestHead(request)), early))
    const head = await client.head()
    if (!head.startsWith('HTTP/1.1 101 ')) throw new Error(`the server answered: ${head}`)
    return client
  }

  send(...parts: readonly (Uint8Array | string)[]): this {
    this.socket.write(concat(...parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part))))
    return this
  }

  /** Everything that came behind the handshake's answer. */
  get body(): Buffer {
    return this.#received.subarray(this.#headEnd)
  }

  get frames(): RawFrame[] {
    return serverFrames(this.body)
  }

  /** Resolves when it holds; it is asked again whenever something comes. Rejects when nothing can come any more. */
  until<T>(holds: () => T | undefined | false): Promise<T> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        const value = holds()
        if (value === undefined || value === false) {
          if (!this.isClosed) return
          this.#checks.delete(check)
          return reject(new Error(`the connection closed behind ${this.#received.toString('latin1').slice(0, 400)}`))
        }
        this.#checks.delete(check)
        resolve(value)
      }
      this.#checks.add(check)
      check()
    })
  }

  /** The head of the answer, up to its empty line. */
  async head(): Promise<string> {
    const end = await this.until(() => {
      const at = this.#received.indexOf('\r\n\r\n')
      return at === -1 ? undefined : at + 4
    })
    this.#headEnd = end
    return this.#received.toString('latin1', 0, end)
  }

  /** The first `count` frames. */
  async take(count: number): Promise<RawFrame[]> {
    return this.until(() => this.frames.length >= count && this.frames.slice(0, count))
  }

  /** The code of the Close frame that comes, or 1005. */
  async closeCode(): Promise<number> {
    const close = await this.until(() => this.frames.find(({ opcode }) => opcode === 8))
    return close.payload.length === 0 ? 1005 : close.payload.readUInt16BE(0)
  }

  /** Resolves when the server has ended its side. */
  async ended(): Promise<void> {
    await this.until(() => this.hasEnded || this.isClosed)
  }

  async closed(): Promise<void> {
    await this.until(() => this.isClosed)
  }

  /** Drop the connection with a RST. */
  reset(): void {
    this.socket.resetAndDestroy()
  }

  destroy(): void {
    this.socket.destroy()
  }

  #check(): void {
    for (const check of this.#checks) check()
  }
}
