/**
 * One message too big to be held, the other way round: asked for, and read as fast as the server writes it. What comes is
 * counted, inflated where it is compressed, and its parts are compared with what was asked for.
 */
import { createInflateRaw } from 'node:zlib'
import type { LoadClient } from './client.ts'
import { HeaderCounter } from './counter.ts'
import { encodeFrame } from './frames.ts'
import { OneConnection } from './one-connection.ts'
import { jsonPayload } from './payload.ts'
import type { PhaseResult } from './scenario.ts'

const MIB = 1024 * 1024
/** What the server writes at a time. */
const PART = 64 * 1024
const MASK_KEY = 0x1b2c3d4e
// RFC 6455 5.2: FIN and text.
const TEXT = 0x81
/** RFC 7692 7.2.1: what a message is sent without; then an empty final block, which ends the stream. */
const TAIL = Uint8Array.of(0x00, 0x00, 0xff, 0xff, 0x01, 0x00, 0x00, 0xff, 0xff)

/** The payload of one message, as it comes. */
class Payload extends HeaderCounter {
  readonly #take: (bytes: Buffer) => void
  constructor(take: (bytes: Buffer) => void) {
    super()
    this.#take = take
  }
  override payload(bytes: Buffer): void {
    this.#take(bytes)
  }
}

export class DownloadScenario extends OneConnection {
  /** Ask for one message, however long it takes; what is counted is its MiB. */
  override async run(): Promise<PhaseResult> {
    const { size, deflate } = this.spec
    const { client } = this
    const text = jsonPayload(PART, 1)
    const expected = Buffer.from(text)
    const start = performance.now()
    let length = 0
    const check = (bytes: Buffer): void => {
      for (let at = 0; at < bytes.length;) {
        const from = length % PART
        const step = Math.min(bytes.length - at, PART - from)
        if (bytes.compare(expected, from, from + step, at, at + step) !== 0) throw new Error(`wrong bytes at ${length}`)
        length += step
        at += step
      }
    }
    const received = deflate === false ? this.#plain(client, check) : this.#compressed(client, check)
    // Sent as it is: a client may choose for each message. RFC 7692 6.
    client.socket.write(encodeFrame(TEXT, Buffer.from(JSON.stringify({ text, repeat: size / PART })), MASK_KEY))
    await received
    if (length !== size) throw new Error(`the server wrote ${length} bytes of ${size}`)
    return { messages: size / MIB, seconds: (performance.now() - start) / 1000 }
  }

  #plain(client: LoadClient, check: (bytes: Buffer) => void): Promise<void> {
    const payload = new Payload(check)
    return new Promise((resolve) => {
      client.onBytes = (bytes, length) => {
        if (payload.take(bytes, length) > 0) resolve()
      }
    })
  }

  #compressed(client: LoadClient, check: (bytes: Buffer) => void): Promise<void> {
    const inflate = createInflateRaw().on('data', check)
    const payload = new Payload((bytes) => {
      // The buffer is read into again.
      if (inflate.write(Buffer.from(bytes)) || client.socket.isPaused()) return
      client.socket.pause()
      inflate.once('drain', () => client.socket.resume())
    })
    return new Promise((resolve, reject) => {
      inflate.on('error', reject).on('end', () => {
        // A stream that was ended says no more that it has drained.
        client.socket.resume()
        resolve()
      })
      client.onBytes = (bytes, length) => {
        if (payload.take(bytes, length) > 0) inflate.end(TAIL)
      }
    })
  }
}
