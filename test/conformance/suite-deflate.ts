/**
 * The suite's own compression, written for clarity: each message is deflated and inflated by itself, and a context that is
 * taken over is given to zlib as a dictionary, cut to the agreed window. RFC 7692 7.2.
 */
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'
import type { ExtensionOffer } from '../../src/protocol/extension.ts'
import type { Role } from './echo.ts'
import { concat } from '../support/hex.ts'

/** RFC 7692 7.2.1: the four bytes that a sender leaves out and a receiver appends. */
const TAIL = Uint8Array.of(0x00, 0x00, 0xff, 0xff)
const MAX_WINDOW_BITS = 15
const MIN_RAW_WINDOW_BITS = 9

/** The suite's end of one connection, by the agreement that the server's answer states. */
export class SuiteDeflate {
  readonly #out: Context
  readonly #in: Context

  /** `role` is the suite's own. */
  constructor(agreement: ExtensionOffer, role: Role) {
    this.#out = new Context(agreement, role)
    this.#in = new Context(agreement, role === 'server' ? 'client' : 'server')
  }

  compress(message: Uint8Array): Uint8Array {
    const { windowBits, dictionary } = this.#out
    const finishFlush = constants.Z_SYNC_FLUSH
    const level = 1
    const deflated = deflateRawSync(message, { windowBits, level, finishFlush, ...dictionary })
    this.#out.append(message)
    return Uint8Array.from(deflated.subarray(0, -TAIL.length))
  }

  decompress(payload: Uint8Array): Uint8Array {
    const { windowBits, dictionary } = this.#in
    const finishFlush = constants.Z_SYNC_FLUSH
    const message = Uint8Array.from(inflateRawSync(concat(payload, TAIL), { windowBits, finishFlush, ...dictionary }))
    this.#in.append(message)
    return message
  }
}

/** What one direction may refer back to. */
class Context {
  readonly windowBits: number
  readonly #size: number
  #history: Uint8Array = new Uint8Array()

  constructor({ parameters }: ExtensionOffer, sender: Role) {
    const value = new Map(parameters)
    const bits = Number(value.get(`${sender}_max_window_bits`) ?? MAX_WINDOW_BITS)
    this.windowBits = Math.max(bits, MIN_RAW_WINDOW_BITS)
    this.#size = value.has(`${sender}_no_context_takeover`) ? 0 : 2 ** bits
  }

  get dictionary(): { dictionary?: Uint8Array } {
    return this.#history.length === 0 ? {} : { dictionary: this.#history }
  }

  append(message: Uint8Array): void {
    const whole = concat(this.#history, message)
    this.#history = whole.subarray(Math.max(0, whole.length - this.#size))
  }
}
