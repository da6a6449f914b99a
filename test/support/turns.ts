/** Turns of the event loop, for tests that wait for something which nobody tells: none of them looks at a clock. */

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
