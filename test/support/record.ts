/** Turns the calls of a connection's handler into a list of lines, and keeps the bytes it writes. */
import { Connection } from '../../src/protocol/connection.ts'
import type { ConnectionHandler, ConnectionOptions } from '../../src/protocol/connection-options.ts'
import { concat, toHex } from './hex.ts'

/** The key of every frame that a recorded client sends: that of RFC 6455 5.7. */
export const MASK_KEY = 0x37fa213d

export interface Recording {
  /** What was called, without the writes: `text Hello`, `binary 00 ff`, `closed 1000 bye, clean, peer`. */
  readonly calls: string[]
  /** Every write, copied when it came. */
  readonly writes: Uint8Array[]
  readonly handler: ConnectionHandler
}

/** A handler that writes everything down; what is in `overrides` is called behind that. */
export function record(overrides: Partial<ConnectionHandler> = {}): Recording {
  const calls: string[] = []
  const writes: Uint8Array[] = []
  const handler: ConnectionHandler = {
    message(message, isText) {
      calls.push(`${isText ? 'text' : 'binary'} ${typeof message === 'string' ? message : toHex(message)}`.trim())
      overrides.message?.(message, isText)
    },
    ping(payload) {
      calls.push(`ping ${toHex(payload)}`.trim())
      overrides.ping?.(payload)
    },
    pong(payload) {
      calls.push(`pong ${toHex(payload)}`.trim())
      overrides.pong?.(payload)
    },
    write(bytes, more) {
      writes.push(bytes.slice())
      return overrides.write?.(bytes, more)
    },
    reading(wanted) {
      calls.push(wanted ? 'go on reading' : 'stop reading')
      overrides.reading?.(wanted)
    },
    closing() {
      calls.push('closing')
      overrides.closing?.()
    },
    end() {
      calls.push('end')
      overrides.end?.()
    },
    destroy() {
      calls.push('destroy')
      overrides.destroy?.()
    },
    closed(outcome) {
      const { code, reason, clean, cause } = outcome
      calls.push(`closed ${code} ${reason === '' ? '-' : reason}, ${clean ? 'clean' : 'not clean'}, ${cause}`)
      overrides.closed?.(outcome)
    },
  }
  if (overrides.part !== undefined) {
    handler.part = (bytes, part) => {
      const { isText, final } = part
      calls.push(`part ${isText ? 'of text' : 'of binary'}${final ? ', last,' : ''} ${toHex(bytes)}`.trim())
      overrides.part!(bytes, part)
    }
  }
  for (const name of ['error', 'pending', 'waits'] as const) {
    const given = overrides[name]
    if (given !== undefined) Object.assign(handler, { [name]: given })
  }
  return { calls, writes, handler }
}

/** A connection that is being written down. */
export class Recorded implements Recording {
  readonly connection: Connection
  readonly calls: string[]
  readonly writes: Uint8Array[]
  readonly handler: ConnectionHandler

  constructor(
    role: 'server' | 'client',
    options: Partial<Omit<ConnectionOptions, 'role' | 'handler'>> = {},
    overrides: Partial<ConnectionHandler> = {},
  ) {
    const { calls, writes, handler } = record(overrides)
    this.calls = calls
    this.writes = writes
    this.handler = handler
    const randomMask = role === 'client' ? { randomMask: () => MASK_KEY } : {}
    this.connection = new Connection({ role, handler, ...randomMask, ...options })
  }

  /** Everything written so far, in hexadecimal digits. */
  get output(): string {
    return toHex(concat(...this.writes))
  }

  /** The calls since this was asked last. */
  take(): string[] {
    return this.calls.splice(0)
  }

  /** What was written since this was asked last. */
  takeOutput(): string {
    return toHex(concat(...this.writes.splice(0)))
  }
}
