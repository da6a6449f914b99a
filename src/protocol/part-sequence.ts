/**
 * Where each part of a message that is handed over in parts stands in it. RFC 6455 5.4.
 */
import type { PartPlace } from './connection-options.ts'

export class PartSequence {
  /** Whether a message has begun and not ended. */
  #isWithin = false
  /** Whether the rest of it is held back. */
  #isHeldBack = false

  /**
   * The place of the next part, or `undefined` where it is not to be handed over: a message of which one part was held back
   * is held back to its end, since nobody is to take what has a hole for the whole.
   */
  next(part: { isText: boolean; final: boolean }, isMuted: boolean): PartPlace | undefined {
    const { isText, final } = part
    const first = !this.#isWithin
    const isHeldBack = isMuted || this.#isHeldBack
    this.#isWithin = !final
    this.#isHeldBack = isHeldBack && !final
    return isHeldBack ? undefined : { isText, first, final }
  }
}
