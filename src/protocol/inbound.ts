/**
 * What a connection does about what comes in: messages go to the handler, control frames to where they belong, and a
 * handler that throws stops nothing. RFC 6455 5.5, 6.2.
 */
import type { ConnectionHandler } from './connection-options.ts'
import type { ReceiverListener } from './message-receiver.ts'
import type { SenderListener } from './message-sender.ts'
import { Opcode } from './opcode.ts'
import type { Violation } from './violation.ts'

/** What only the connection itself can do. `Of` is the connection: the same functions serve all of them. */
export interface InboundActions<Of> {
  pingReceived(connection: Of, payload: Uint8Array): void
  closeReceived(connection: Of, payload: Uint8Array): void
  violated(connection: Of, violation: Violation, seen: string): void
  transportEnded(connection: Of): void
  outputAdded(connection: Of): void
  handlerThrew(connection: Of, error: unknown): void
}

/** One small object for each connection, where closures would take half a KiB. */
export class Inbound<Of> implements ReceiverListener, SenderListener {
  readonly #connection: Of
  readonly #handler: ConnectionHandler
  readonly #actions: InboundActions<Of>

  constructor(connection: Of, handler: ConnectionHandler, actions: InboundActions<Of>) {
    this.#connection = connection
    this.#handler = handler
    this.#actions = actions
  }

  message(message: string | Uint8Array, isText: boolean): void {
    try {
      this.#handler.message(message, isText)
    } catch (error) {
      this.#actions.handlerThrew(this.#connection, error)
    }
  }

  part(bytes: Uint8Array, isText: boolean, final: boolean): void {
    try {
      this.#handler.part!(bytes, isText, final)
    } catch (error) {
      this.#actions.handlerThrew(this.#connection, error)
    }
  }

  control(opcode: number, payload: Uint8Array): void {
    if (opcode === Opcode.Close) return this.#actions.closeReceived(this.#connection, payload)
    if (opcode === Opcode.Ping) this.#actions.pingReceived(this.#connection, payload)
    try {
      if (opcode === Opcode.Ping) this.#handler.ping?.(payload)
      else this.#handler.pong?.(payload)
    } catch (error) {
      this.#actions.handlerThrew(this.#connection, error)
    }
  }

  violation(violation: Violation, seen: string): void {
    this.#actions.violated(this.#connection, violation, seen)
  }

  reading(wanted: boolean): void {
    this.#handler.reading?.(wanted)
  }

  end(): void {
    this.#actions.transportEnded(this.#connection)
  }

  progress(): void {
    this.#actions.outputAdded(this.#connection)
  }
}
