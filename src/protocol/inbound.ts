/**
 * What a connection does about what comes in: messages go to the handler, control frames to where they belong, a ping is
 * answered as soon as there is room for it, and a handler that throws stops nothing as long as `error` takes it. RFC 6455 5.5, 6.2.
 */
import type { ConnectionHandler, PartPlace } from './connection-options.ts'
import type { ReceiverListener } from './message-receiver.ts'
import { Opcode } from './opcode.ts'
import type { Violation } from './violation.ts'

/** What only the connection itself can do. `Owner` is the connection: the same functions serve all of them. */
export interface InboundActions<Owner> {
  /** Whether a pong would have to wait behind output that does not leave. */
  isBlocked(connection: Owner): boolean
  pong(connection: Owner, payload: Uint8Array): void
  closeReceived(connection: Owner, payload: Uint8Array): void
  violated(connection: Owner, violation: Violation, seen: string): void
  /** The peer's side of the transport has ended, and everything was read. */
  inputEnded(connection: Owner): void
  /** A handler threw, and nobody wanted to hear of it. */
  failed(connection: Owner, error: Error): void
}

/** One small object for each connection, where closures would be several. */
export class Inbound<Owner> implements ReceiverListener {
  readonly #connection: Owner
  readonly #handler: ConnectionHandler
  readonly #actions: InboundActions<Owner>
  /** RFC 6455 5.5.3: of several pings that could not be answered yet, only the latest needs a pong. */
  #owedPong: Uint8Array | undefined

  constructor(connection: Owner, handler: ConnectionHandler, actions: InboundActions<Owner>) {
    this.#connection = connection
    this.#handler = handler
    this.#actions = actions
  }

  message(message: string | Uint8Array, isText: boolean): void {
    try {
      this.#handler.message(message, isText)
    } catch (error) {
      this.threw(error)
    }
  }

  part(bytes: Uint8Array, part: PartPlace): void {
    try {
      this.#handler.part!(bytes, part)
    } catch (error) {
      this.threw(error)
    }
  }

  control(opcode: number, payload: Uint8Array): void {
    if (opcode === Opcode.Close) return this.#actions.closeReceived(this.#connection, payload)
    if (opcode === Opcode.Ping) this.#answer(payload)
    try {
      if (opcode === Opcode.Ping) this.#handler.ping?.(payload)
      else this.#handler.pong?.(payload)
    } catch (error) {
      this.threw(error)
    }
  }

  violation(violation: Violation, seen: string): void {
    this.#actions.violated(this.#connection, violation, seen)
  }

  reading(wanted: boolean): void {
    this.#handler.reading?.(wanted)
  }

  awaitsAnswer(): void {
    this.#handler.awaitsAnswer?.()
  }

  end(): void {
    this.#actions.inputEnded(this.#connection)
  }

  /** Send the pong that is owed: the output before it has left. */
  payOwedPong(): void {
    const payload = this.#owedPong
    this.#owedPong = undefined
    if (payload !== undefined) this.#actions.pong(this.#connection, payload)
  }

  /** Owe nothing any more. */
  forgetOwedPong(): void {
    this.#owedPong = undefined
  }

  /** Tell the handler what one of its own calls threw. */
  threw(error: unknown): void {
    let unheard = error
    if (this.#handler.error !== undefined) {
      try {
        return this.#handler.error(error)
      } catch (thrown) {
        unheard = thrown
      }
    }
    this.#actions.failed(this.#connection, unheard instanceof Error ? unheard : new Error(String(unheard)))
  }

  /** RFC 6455 5.5.2: a Ping MUST be answered with a Pong, as soon as is practical, unless a Close frame came before. */
  #answer(payload: Uint8Array): void {
    if (this.#actions.isBlocked(this.#connection)) this.#owedPong = payload.slice()
    else this.#actions.pong(this.#connection, payload)
  }
}
