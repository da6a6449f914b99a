/** One message too big to be held: sent in one frame as fast as the server takes it, and answered with its length. */
import { LoadClient } from './client.ts'
import { targetOf } from './exchange.ts'
import type { LoadSpec, PhaseResult, Scenario } from './scenario.ts'

const MIB = 1024 * 1024
/** FIN and binary; masked, with a length of 64 bits; the length; a mask key. RFC 6455 5.2. */
const FIRST_BYTES = [0x82, 0xff]
const MASK_KEY = 0x1b2c3d4e

export class StreamScenario implements Scenario {
  readonly #spec: LoadSpec
  #client: LoadClient | undefined

  constructor(spec: LoadSpec) {
    this.#spec = spec
  }

  async open(): Promise<void> {
    this.#client = await LoadClient.open(targetOf(this.#spec, '/stream'))
  }

  /** Send one message, however long it takes; what is counted is its MiB. */
  async run(): Promise<PhaseResult> {
    const { size } = this.#spec
    const client = this.#client!
    const start = performance.now()
    const answered = this.#answer(client)
    const header = Buffer.alloc(14)
    header.set(FIRST_BYTES)
    header.writeBigUInt64BE(BigInt(size), 2)
    header.writeUInt32BE(MASK_KEY, 10)
    client.socket.write(header)
    // Whole MiB keep the mask key in step: every piece is the same.
    const piece = Buffer.alloc(MIB, 0x61)
    for (let sent = 0; sent < size; sent += MIB) {
      if (!client.socket.write(piece)) await new Promise((resolve) => client.socket.once('drain', resolve))
    }
    const length = await answered
    if (length !== size) throw new Error(`the server read ${length} bytes of ${size}`)
    return { messages: size / MIB, seconds: (performance.now() - start) / 1000 }
  }

  close(): void {
    this.#client?.close()
  }

  /** The server's answer is one short text: the number of bytes it has read. */
  #answer(client: LoadClient): Promise<number> {
    return new Promise((resolve) => {
      client.onBytes = (bytes, length) => resolve(Number(bytes.toString('latin1', 2, length)))
    })
  }
}
