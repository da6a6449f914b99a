/** The other side for clients under test: a bare server that shakes hands and sends one message back for each it gets. */
import { createHash } from 'node:crypto'
import { createServer, type Server, type Socket } from 'node:net'
import { BINARY, TEXT, serverCycle, type FrameCycle } from './frames.ts'
import { binaryPayload, textPayload } from './payload.ts'
import type { LoadSpec, PhaseResult, Scenario } from './scenario.ts'

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const MASK_KEY_LENGTH = 4
/** Answers that are laid out one behind another, to be sent in one write. */
const CYCLE = 256

export class ResponderScenario implements Scenario {
  readonly #spec: LoadSpec
  #server: Server | undefined
  #messages = 0
  readonly #sockets = new Set<Socket>()

  constructor(spec: LoadSpec) {
    this.#spec = spec
  }

  get port(): number {
    const address = this.#server?.address()
    if (address === null || typeof address !== 'object') throw new Error('the responder does not listen')
    return address.port
  }

  async open(): Promise<void> {
    const { size, type } = this.#spec
    const payload = type === 'text' ? Buffer.from(textPayload(size, 1)) : binaryPayload(size, 1)
    const answers = serverCycle(type === 'text' ? TEXT : BINARY, Array<Buffer>(CYCLE).fill(payload))
    this.#server = createServer((socket) => this.#serve(socket, answers))
    await new Promise<void>((resolve) => this.#server!.listen(0, '127.0.0.1', resolve))
  }

  /** The client keeps the time; this side says how many messages it has answered since the last question. */
  async run(): Promise<PhaseResult> {
    const messages = this.#messages
    this.#messages = 0
    return { messages, seconds: 0 }
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#server?.close()
  }

  #serve(socket: Socket, { bytes, offsets }: FrameCycle): void {
    this.#sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => socket.destroy())
    // A client's frame is longer than the server's by its mask key.
    const requestLength = offsets[1]! + MASK_KEY_LENGTH
    let open = false
    let partial = 0
    socket.on('data', (chunk) => {
      if (!open) {
        const key = /^sec-websocket-key: *(\S+)/im.exec(chunk.toString('latin1'))?.[1]
        const accept = createHash('sha1').update(`${key}${GUID}`).digest('base64')
        socket.write(
          'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
            `Sec-WebSocket-Accept: ${accept}\r\n\r\n`,
        )
        open = true
        return
      }
      partial += chunk.length
      let count = Math.floor(partial / requestLength)
      partial -= count * requestLength
      this.#messages += count
      for (; count > 0; count -= CYCLE) socket.write(bytes.subarray(0, offsets[Math.min(count, CYCLE)]))
    })
  }
}
