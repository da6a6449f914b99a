/** Medians and spreads of a handful of rounds. */

/** The middle of some figures, and the lowest and highest of them. */
export interface Summary {
  readonly median: number
  readonly low: number
  readonly high: number
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  if (sorted.length === 0) return Number.NaN
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export function summarise(values: readonly number[]): Summary {
  return { median: median(values), low: Math.min(...values), high: Math.max(...values) }
}

/** Divide round by round, so that what disturbed one round disturbed both figures. */
export function ratios(above: readonly number[], below: readonly number[]): number[] {
  return above.slice(0, below.length).map((value, round) => value / below[round]!)
}
