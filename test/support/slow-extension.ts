/**
 * An extension for the tests that claims RSV2 and takes its time: it adds 1 to every byte, and is done when it is told so.
 */
import type { DecodeFailure, ExtensionInstance } from '../../src/protocol/extension.ts'

export const SLOW_RSV = 0x20

/** What marks a payload that cannot be decoded: it begins with this byte. */
export const UNDECODABLE = 0xee
/** What marks a payload that would grow too big. */
export const TOO_BIG = 0xef

export interface SlowOptions {
  /** Default true: `done` waits for `finish`. */
  readonly isSlow?: boolean
  readonly threshold?: number
}

export class SlowExtension implements ExtensionInstance {
  readonly rsv = SLOW_RSV
  readonly threshold: number
  readonly #isSlow: boolean
  /** Work that waits to be finished; a connection has at most one of each kind. */
  #encoding: (() => void) | undefined
  #decoding: (() => void) | undefined
  isDisposed = false

  constructor({ isSlow = true, threshold = 0 }: SlowOptions = {}) {
    this.#isSlow = isSlow
    this.threshold = threshold
  }

  get isEncoding(): boolean {
    return this.#encoding !== undefined
  }

  get isDecoding(): boolean {
    return this.#decoding !== undefined
  }

  encode(bytes: Uint8Array, _final: boolean, done: (payload: Uint8Array, rsv: number) => void): void {
    if (this.#encoding !== undefined) throw new Error('two encodes at once')
    const work = (): void => done(shift(bytes, 1), SLOW_RSV)
    if (this.#isSlow) this.#encoding = work
    else work()
  }

  decode(bytes: Uint8Array, _final: boolean, limit: number, done: (result: Uint8Array | DecodeFailure) => void): void {
    if (this.#decoding !== undefined) throw new Error('two decodes at once')
    const work = (): void => {
      if (bytes[0] === UNDECODABLE) return done({ closeCode: 1007, reason: 'a payload that cannot be decoded' })
      if (bytes[0] === TOO_BIG || bytes.length > limit) return done({ closeCode: 1009, reason: 'a payload that grows' })
      done(shift(bytes, -1))
    }
    if (this.#isSlow) this.#decoding = work
    else work()
  }

  encodeShared(): undefined {
    return undefined
  }

  dispose(): void {
    this.isDisposed = true
    this.#encoding = undefined
    this.#decoding = undefined
  }

  /** Let the message that is being encoded be done. */
  finishEncoding(): void {
    const work = this.#encoding
    this.#encoding = undefined
    work?.()
  }

  /** Let the message that is being decoded be done. */
  finishDecoding(): void {
    const work = this.#decoding
    this.#decoding = undefined
    work?.()
  }
}

export function shift(bytes: Uint8Array, by: number): Uint8Array {
  return bytes.map((byte) => byte + by)
}
