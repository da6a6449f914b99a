/** A peer that is nothing but Node's own HTTP/2: it asks for a stream, sends the bytes it is told to, and waits for what comes. */
import { once } from 'node:events'
import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2'
import { onTestFinished } from 'vitest'
import { Conditions } from './conditions.ts'
import { concat } from './hex.ts'
import { FrameSplitter, type RawFrame } from './raw-client.ts'

/** What `:status` and the fields of an answer are called by. */
export type Answer = Record<string, string | number | string[] | undefined>

/** A session that ends with the test, once the server's SETTINGS are there. */
export async function openRawSession(url: string, options: Parameters<typeof connect>[1] = {}) {
  const session = connect(url, { rejectUnauthorized: false, ...options })
  session.on('error', () => {})
  onTestFinished(() => session.destroy())
  await once(session, 'remoteSettings')
  return session
}

/** The header list of a handshake; `undefined` leaves a field out. */
export function connectFields(fields: Record<string, string | string[] | undefined> = {}): Record<string, string> {
  const all = {
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':scheme': 'https',
    ':path': '/',
    ':authority': '127.0.0.1',
    'sec-websocket-version': '13',
    ...fields,
  }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Record<string, string>
}

export class RawStream {
  readonly stream: ClientHttp2Stream
  readonly #isSocket: boolean
  readonly #received: Buffer[] = []
  readonly #splitter = new FrameSplitter()
  #answer: Answer | undefined
  hasEnded = false
  isClosed = false
  readonly #conditions = new Conditions()

  constructor(session: ClientHttp2Session, fields?: Record<string, string | string[] | undefined>, endStream = false) {
    const all = connectFields(fields)
    this.#isSocket = all[':protocol'] === 'websocket'
    this.stream = session.request(all, { endStream })
    this.#on('response', (answer) => (this.#answer = answer as Answer))
    this.#on('data', (chunk) => this.#receive(chunk as Buffer))
    this.#on('end', () => (this.hasEnded = true))
    this.#on('close', () => (this.isClosed = true))
    this.stream.on('error', () => {})
  }

  static async open(session: ClientHttp2Session, fields?: Record<string, string | string[] | undefined>) {
    const client = new RawStream(session, fields)
    const { ':status': status } = await client.answer()
    if (status !== 200) throw new Error(`the server answered with ${status}`)
    return client
  }

  send(...parts: readonly (Uint8Array | string)[]): this {
    this.stream.write(concat(...parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part))))
    return this
  }

  /** Drop the stream with RST_STREAM. */
  reset(): void {
    this.stream.close(constants.NGHTTP2_CANCEL)
  }

  /** Everything that came with an answer that refuses. */
  get body(): Buffer {
    return Buffer.concat(this.#received)
  }

  get frames(): RawFrame[] {
    return this.#splitter.frames
  }

  /** Resolves when it holds. Rejects when nothing can come any more. */
  until<T>(holds: () => T | undefined | false): Promise<T> {
    return this.#conditions.until(holds, () =>
      this.isClosed
        ? `the stream closed with ${this.stream.rstCode} behind ${JSON.stringify(this.#answer)}`
        : undefined,
    )
  }

  answer(): Promise<Answer> {
    return this.until(() => this.#answer)
  }

  take(count: number): Promise<RawFrame[]> {
    return this.until(() => this.frames.length >= count && this.frames.slice(0, count))
  }

  async closeCode(): Promise<number> {
    const close = await this.until(() => this.frames.find(({ opcode }) => opcode === 8))
    return close.payload.length === 0 ? 1005 : close.payload.readUInt16BE(0)
  }

  /** Resolves, once it is closed, with the code of RST_STREAM, or 0. */
  async closed(): Promise<number> {
    await this.until(() => this.isClosed)
    return this.stream.rstCode ?? 0
  }

  #receive(chunk: Buffer): void {
    if (this.#isSocket && this.#answer?.[':status'] === 200) this.#splitter.push(chunk)
    else this.#received.push(chunk)
  }

  #on(event: string, note: (value: unknown) => void): void {
    this.stream.on(event, (value: unknown) => {
      note(value)
      this.#conditions.look()
    })
  }
}
