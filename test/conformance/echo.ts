/**
 * The endpoint under test: a connection that echoes every message, with what it writes read back as answers.
 */
import { createHash } from 'node:crypto'
import { Connection } from '../../src/protocol/connection.ts'
import type { ExtensionInstance } from '../../src/protocol/extension.ts'
import { Opcode } from '../../src/protocol/opcode.ts'
import { concat } from '../support/hex.ts'
import type { Answer } from './case.ts'
import { decodeFrames, type WireFrame } from './wire.ts'

export const ROLES = ['server', 'client'] as const
export type Role = (typeof ROLES)[number]

/** An echoing connection and everything it did. */
export class Echo {
  readonly connection: Connection
  readonly #written: Uint8Array[] = []
  /** Whether it ended the transport from its side. */
  ended = false
  destroyed = false
  /** How often, and with which code, its end was reported. */
  readonly closed: number[] = []
  /** Called whenever something was written. */
  onWrite: () => void = () => {}

  constructor(role: Role, extension?: ExtensionInstance) {
    this.connection = new Connection({
      role,
      ...(role === 'client' ? { randomMask: () => 0x9d3c_51e7 } : {}),
      ...(extension === undefined ? {} : { extension }),
      handler: {
        message: (message, isText) => void this.connection.send(message, isText),
        write: (bytes) => {
          this.#written.push(bytes.slice())
          this.onWrite()
        },
        end: () => {
          this.ended = true
        },
        destroy: () => {
          this.destroyed = true
        },
        closed: ({ code }) => void this.closed.push(code),
      },
    })
  }

  /** Every frame written since the last call. */
  takeFrames(): WireFrame[] {
    return decodeFrames(concat(...this.#written.splice(0)))
  }
}

/** Frames as answers; the frames of a fragmented message make one. Throws for what no echo may send. */
export function toAnswers(frames: readonly WireFrame[], role: Role): Answer[] {
  const answers: Answer[] = []
  let message: { kind: 'text' | 'binary'; parts: Uint8Array[] } | undefined
  for (const { opcode, fin, rsv, masked, payload } of frames) {
    // RFC 6455 5.1: a client masks every frame, a server none.
    if (masked !== (role === 'client')) throw new Error(`frame with masked=${masked} from a ${role}`)
    if (rsv !== 0) throw new Error(`frame with RSV ${rsv}, 0 required`)
    if (opcode === Opcode.Close) answers.push({ kind: 'close', code: closeCode(payload) })
    else if (opcode === Opcode.Pong) answers.push({ kind: 'pong', payload })
    else if (opcode === Opcode.Text || opcode === Opcode.Binary || opcode === Opcode.Continuation) {
      message ??= { kind: opcode === Opcode.Binary ? 'binary' : 'text', parts: [] }
      message.parts.push(payload)
      if (!fin) continue
      answers.push({ kind: message.kind, payload: concat(...message.parts) })
      message = undefined
    } else throw new Error(`frame with opcode ${opcode} from an echo`)
  }
  return answers
}

/** An answer in one line: payloads up to 32 bytes in full, longer ones by their digest. */
export function describeAnswer(answer: Answer): string {
  if (answer.kind === 'close') return `close ${answer.code ?? 'without a code'}`
  const { kind, payload } = answer
  if (payload.length <= 32) return `${kind} ${Buffer.from(payload).toString('hex')}`
  return `${kind} of ${payload.length} bytes, ${createHash('sha1').update(payload).digest('hex')}`
}

function closeCode(payload: Uint8Array): number | undefined {
  return payload.length === 0 ? undefined : (payload[0]! << 8) | payload[1]!
}
