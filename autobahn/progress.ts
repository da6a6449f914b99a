/**
 * Tells how far a run is: one line that is rewritten on a terminal, one line now and then elsewhere.
 */
import type { Side } from './cases.ts'

const QUIET_INTERVAL_MS = 30_000

/** The progress of both sides. */
export class Progress {
  readonly #total: number
  readonly #seen = new Map<Side, { count: number; last: string }>()
  readonly #started = Date.now()
  readonly #live: boolean = process.stdout.isTTY
  #printedAt = Date.now()

  constructor(sides: readonly Side[], total: number) {
    this.#total = total
    for (const side of sides) this.#seen.set(side, { count: 0, last: '' })
  }

  /** Count one more case of a side. */
  case(side: Side, id: string): void {
    this.#seen.set(side, { count: (this.#seen.get(side)?.count ?? 0) + 1, last: id })
    if (this.#live) process.stdout.write(`\r${this.#line()}\x1b[K`)
    else if (Date.now() - this.#printedAt >= QUIET_INTERVAL_MS) this.#print()
  }

  /** Print the last state on a line of its own. */
  end(): void {
    if (this.#live) process.stdout.write('\r\x1b[K')
    this.#print()
  }

  #print(): void {
    console.log(this.#line())
    this.#printedAt = Date.now()
  }

  #line(): string {
    const seconds = Math.round((Date.now() - this.#started) / 1000)
    const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
    const sides = [...this.#seen].map(([side, { count, last }]) => `${side} ${count}/${this.#total} (${last})`)
    return [clock, ...sides].join('   ')
  }
}
