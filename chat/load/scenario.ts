/** What a scenario is, and what it is given. */
export interface Settings {
  /** The short form: seconds, for CI. */
  readonly short: boolean
  readonly seed: number
  /** Overrides of the scenario's own numbers. */
  readonly clients: number | undefined
  readonly seconds: number | undefined
}

export interface Context extends Settings {
  /** A number from 0 to 1, the same for the same seed. */
  random(): number
  /** Show where the run stands. */
  progress(text: string): void
  /** Remember something to take down at the end, whatever happens. */
  cleanup(work: () => unknown): void
}

/** A line of the table at the end. */
export type Row = readonly [what: string, value: string]

export interface Scenario {
  readonly name: string
  readonly about: string
  /** What must hold; the run fails when it does not. */
  readonly invariant: string
  run(context: Context): Promise<Row[]>
}

/** The invariant does not hold. */
export class Broken extends Error {
  override readonly name = 'Broken'
}

export function must(holds: boolean, what: string): void {
  if (!holds) throw new Broken(what)
}

/** A small generator of numbers from 0 to 1 (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Wait until something holds; fail when it does not in time. */
export async function eventually(
  what: string,
  holds: () => boolean | Promise<boolean>,
  deadlineMs: number,
): Promise<number> {
  const started = performance.now()
  while (!(await holds())) {
    if (performance.now() - started > deadlineMs) throw new Broken(`${what}: not within ${deadlineMs / 1000} s`)
    // Slow enough for a client that asks the node itself: it may send 120 messages in ten seconds.
    await sleep(200)
  }
  return performance.now() - started
}

/** The p-th percentile, in whatever unit the numbers have. */
export function percentile(sorted: readonly number[], p: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * p) / 100))] ?? 0
}
