/** Latencies in buckets 4 % wide: recording one costs a few nanoseconds and no memory. */

const BUCKETS_PER_OCTAVE = 18
const BUCKETS = BUCKETS_PER_OCTAVE * 34
/** The narrowest latency that is told apart, in milliseconds. */
const FLOOR_MS = 0.0005

/** Quantiles in microseconds. */
export interface Latency {
  readonly p50: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

export class Histogram {
  readonly #counts = new Float64Array(BUCKETS)
  #total = 0
  #max = 0

  record(ms: number, count = 1): void {
    const bucket = ms <= FLOOR_MS ? 0 : Math.floor(Math.log2(ms / FLOOR_MS) * BUCKETS_PER_OCTAVE)
    this.#counts[Math.min(bucket, BUCKETS - 1)]! += count
    this.#total += count
    if (ms > this.#max) this.#max = ms
  }

  reset(): void {
    this.#counts.fill(0)
    this.#total = 0
    this.#max = 0
  }

  latency(): Latency {
    return { p50: this.#quantile(0.5), p99: this.#quantile(0.99), p999: this.#quantile(0.999), max: this.#max * 1000 }
  }

  #quantile(quantile: number): number {
    let left = this.#total * quantile
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= this.#counts[bucket]!
      if (left <= 0) return FLOOR_MS * 2 ** ((bucket + 0.5) / BUCKETS_PER_OCTAVE) * 1000
    }
    return this.#max * 1000
  }
}
