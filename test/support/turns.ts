/** Turns of the event loop, for tests that wait for something which nobody tells: none of them looks at a clock. */

import { onTestFinished } from 'vitest'

/** After so many of these without a change, nothing is going to move any more by itself. */
const STILL_TURNS = 200

/** Let some turns go by. */
export async function turns(count = 5): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}

/** Resolves when a condition holds, looked at each turn. */
export async function turnsUntil(holds: () => boolean): Promise<void> {
  while (!holds()) await turns(1)
}

/** Resolves when something has stayed the same for many turns. */
export async function turnsUntilStill(look: () => number): Promise<void> {
  let seen = look()
  for (let still = 0; still < STILL_TURNS; still++) {
    await turns(1)
    if (look() === seen) continue
    seen = look()
    still = 0
  }
}

/** Notes in which turn things happen, until the test ends; to be made before the first of them. */
export class TurnLog {
  readonly #counts = new Map<number, number>()
  #turn = 0

  constructor() {
    const next = (): void => {
      this.#turn++
      tick = setImmediate(next)
    }
    let tick = setImmediate(next)
    onTestFinished(() => clearImmediate(tick))
  }

  /** Something happens now. */
  note(): void {
    this.#counts.set(this.#turn, (this.#counts.get(this.#turn) ?? 0) + 1)
  }

  /** How many things happened in one turn, at most. */
  get most(): number {
    return Math.max(0, ...this.#counts.values())
  }
}
