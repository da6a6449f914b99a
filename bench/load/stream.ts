/**
 * One message too big to be held: sent as fast as the server takes it, and answered with its length. As it is it takes one
 * frame; compressed, one for each MiB, which inflates by itself.
 */
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'
import type { Socket } from 'node:net'
import type { LoadClient } from './client.ts'
import { encodeFrame } from './frames.ts'
import { OneConnection } from './one-connection.ts'
import { jsonPayload } from './payload.ts'
import type { PhaseResult } from './scenario.ts'

const MIB = 1024 * 1024
/** FIN and binary; masked, with a length of 64 bits; the length; a mask key. RFC 6455 5.2. */
const FIRST_BYTES = [0x82, 0xff]
const MASK_KEY = 0x1b2c3d4e
/** A message without its four last octets ends with no final block. RFC 7692 7.2.2. */
const FLUSHED = { finishFlush: constants.Z_SYNC_FLUSH }
// RFC 6455 5.2; RFC 7692 6: FIN, RSV1 and opcodes as they lie in the first byte.
const FIN = 0x80
const RSV1 = 0x40
const BINARY = 0x02
const CONTINUATION = 0x00

export class StreamScenario extends OneConnection {
  /** Send one message, however long it takes; what is counted is its MiB. */
  override async run(): Promise<PhaseResult> {
    const { size } = this.spec
    const { client } = this
    const start = performance.now()
    const answered = this.#answer(client)
    if (this.spec.deflate === false) await this.#sendPlain(client)
    else await this.#sendCompressed(client)
    const length = await answered
    if (length !== size) throw new Error(`the server read ${length} bytes of ${size}`)
    return { messages: size / MIB, seconds: (performance.now() - start) / 1000 }
  }

  async #sendPlain({ socket }: LoadClient): Promise<void> {
    const { size } = this.spec
    const header = Buffer.alloc(14)
    header.set(FIRST_BYTES)
    header.writeBigUInt64BE(BigInt(size), 2)
    header.writeUInt32BE(MASK_KEY, 10)
    socket.write(header)
    // Whole MiB keep the mask key in step: every piece is the same.
    const piece = Buffer.alloc(MIB, 0x61)
    for (let sent = 0; sent < size; sent += MIB) await write(socket, piece)
  }

  /** RFC 7692 7.2.1: each fragment ends with a flush, and refers to nothing before it; the last is an empty block. */
  async #sendCompressed({ socket }: LoadClient): Promise<void> {
    const block = deflateRawSync(Buffer.from(jsonPayload(MIB, 1)), {
      windowBits: 12,
      finishFlush: constants.Z_SYNC_FLUSH,
    })
    const first = encodeFrame(RSV1 | BINARY, block, MASK_KEY)
    const next = encodeFrame(CONTINUATION, block, MASK_KEY)
    await write(socket, first)
    for (let sent = MIB; sent < this.spec.size; sent += MIB) await write(socket, next)
    await write(socket, encodeFrame(FIN | CONTINUATION, Buffer.from([0]), MASK_KEY))
  }

  /** The server's answer is one short text: the number of bytes it has read; compressed where that was agreed. */
  #answer(client: LoadClient): Promise<number> {
    return new Promise((resolve) => {
      client.onBytes = (bytes, length) => {
        const payload = bytes.subarray(2, length)
        const isPlain = (bytes[0]! & RSV1) === 0
        resolve(Number((isPlain ? payload : inflateRawSync(payload, FLUSHED)).toString()))
      }
    })
  }
}

async function write(socket: Socket, bytes: Uint8Array): Promise<void> {
  if (!socket.write(bytes)) await new Promise((resolve) => socket.once('drain', resolve))
}
