/**
 * Handshakes begin a few in each turn of the event loop, in the order they came: between two turns the sockets that are open
 * are read, so that a storm of newcomers does not stall them. Not a matter of any RFC.
 */
import type { Duplex } from 'node:stream'

/** A handshake of TLS takes about as long as a few upgrades; so many of either begin in one turn. */
export const HANDSHAKES_A_TURN = 4

export class TurnPace {
  /** How many may begin until the next turn. */
  #left = HANDSHAKES_A_TURN
  readonly #waiting: (() => void)[] = []
  #isArmed = false

  /** Begin now if there is room in this turn and nobody waits, otherwise later. */
  soon(stream: Duplex, begin: () => void): void {
    if (this.#left === 0 || this.#waiting.length > 0) return this.later(stream, begin)
    this.#left--
    this.#arm()
    begin()
  }

  /** Begin in a turn to come, unless the stream is gone by then; what it brings meanwhile stays in it. */
  later(stream: Duplex, begin: () => void): void {
    stream.on('error', ignore)
    this.#waiting.push(() => {
      stream.off('error', ignore)
      if (!stream.destroyed) begin()
    })
    this.#arm()
  }

  /** Let nobody wait any more: what comes is the end. */
  hurry(): void {
    for (const begin of this.#waiting.splice(0)) begin()
  }

  /** `setImmediate` comes after the poll phase, where sockets are read. */
  #arm(): void {
    if (this.#isArmed) return
    this.#isArmed = true
    setImmediate(() => this.#turn())
  }

  #turn(): void {
    this.#isArmed = false
    const some = this.#waiting.splice(0, HANDSHAKES_A_TURN)
    this.#left = HANDSHAKES_A_TURN - some.length
    if (some.length > 0) this.#arm()
    for (const begin of some) begin()
  }
}

function ignore(): void {
  // It destroys the stream, which is seen when its turn comes.
}
