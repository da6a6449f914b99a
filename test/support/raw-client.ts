/** A peer that is nothing but TCP: it sends the bytes it is told to, and waits for those that come. */
import { connect, type Socket } from 'node:net'
import { Conditions } from './conditions.ts'
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

/** Splits what comes into frames, looking at each byte once. */
export class FrameSplitter {
  readonly frames: RawFrame[] = []
  #chunks: Buffer[] = []
  #size = 0
  /** Below this there is no whole frame. */
  #needed = 2

  push(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    if (this.#size < this.#needed) return
    const bytes = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks)
    let at = 0
    for (;;) {
      const length = frameLength(bytes, at)
      this.#needed = length
      if (at + length > bytes.length) break
      this.frames.push(readFrame(bytes.subarray(at, at + length)))
      at += length
    }
    this.#chunks = [bytes.subarray(at)]
    this.#size = bytes.length - at
  }
}

/** The length of the frame that begins here, as far as can be seen. */
function frameLength(bytes: Buffer, at: number): number {
  if (at + 2 > bytes.length) return 2
  const short = bytes[at + 1]! & 0x7f
  if (short < 126) return 2 + short
  const start = short === 126 ? 4 : 10
  if (at + start > bytes.length) return start
  return start + (short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2)))
}

/** All whole frames in these bytes. */
export function serverFrames(bytes: Buffer): RawFrame[] {
  const splitter = new FrameSplitter()
  splitter.push(bytes)
  return splitter.frames
}

function readFrame(frame: Buffer): RawFrame {
  const [first, second] = [frame[0]!, frame[1]!]
  if ((second & 0x80) !== 0) throw new Error('a server masked a frame (RFC 6455 5.1)')
  const start = second === 126 ? 4 : second === 127 ? 10 : 2
  return { fin: first >= 0x80, rsv: (first >> 4) & 7, opcode: first & 15, payload: frame.subarray(start) }
}

export class RawClient {
  readonly socket: Socket
  /** The head of the answer, once it is whole, and what came behind it. */
  #head: string | undefined
  #received: Buffer[] = []
  #splitter = new FrameSplitter()
  hasEnded = false
  isClosed = false
  readonly #conditions = new Conditions()

  constructor(where: number | string, socket?: Socket) {
    this.socket = socket ?? (typeof where === 'number' ? connect(where, '127.0.0.1') : connect(where)).setNoDelay(true)
    this.socket.on('data', (chunk: Buffer) => {
      this.#receive(chunk)
      this.#conditions.look()
    })
    this.socket.on('error', () => {})
    this.socket.on('end', () => {
      this.hasEnded = true
      this.#conditions.look()
    })
    this.socket.on('close', () => {
      this.isClosed = true
      this.#conditions.look()
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

  /** Everything that came behind the head of an answer that refuses. */
  get body(): Buffer {
    return Buffer.concat(this.#received)
  }

  /** Everything that came behind the head of an answer that does not. */
  get frames(): RawFrame[] {
    return this.#splitter.frames
  }

  /** Resolves when it holds; it is asked again whenever something comes. Rejects when nothing can come any more. */
  until<T>(holds: () => T | undefined | false): Promise<T> {
    return this.#conditions.until(holds, () =>
      this.isClosed ? `the connection closed behind ${this.#head ?? this.body.toString()}` : undefined,
    )
  }

  /** The head of the answer, up to its empty line. */
  async head(): Promise<string> {
    return this.until(() => this.#head)
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

  #receive(chunk: Buffer): void {
    if (this.#head?.startsWith('HTTP/1.1 101 ') === true) return this.#splitter.push(chunk)
    this.#received.push(chunk)
    if (this.#head !== undefined) return
    const bytes = this.body
    const end = bytes.indexOf('\r\n\r\n') + 4
    if (end < 4) return
    this.#head = bytes.toString('latin1', 0, end)
    this.#received = []
    if (end < bytes.length) this.#receive(bytes.subarray(end))
  }
}
