/**
 * When to try again: counts the attempts that failed, and forgets them once a connection has lasted. RFC 6455 7.2.3.
 */
import { backoffDelay, type Backoff } from './backoff.ts'
import type { ReconnectPolicy } from './close-policy.ts'

export interface ScheduleOptions {
  readonly backoff: Backoff
  /** Milliseconds after which a connection counts as good. */
  readonly stableAfter: number
  readonly random: () => number
}

/** Even those who are asked to come back at once do not do so in the same moment: within so many milliseconds. */
const SOON = 1000

export class RetrySchedule {
  readonly #options: ScheduleOptions
  #attempt = 0
  #advised: number | undefined
  #stableTimer: ReturnType<typeof setTimeout> | undefined

  constructor(options: ScheduleOptions) {
    this.#options = options
  }

  /** How many attempts there have been since the last connection that lasted. */
  get attempt(): number {
    return this.#attempt
  }

  /** There is a connection: what was said about coming back to the one before is done with. */
  opened(): void {
    this.#advised = undefined
    this.#stableTimer = setTimeout(() => this.reset(), this.#options.stableAfter)
  }

  /** It is gone; if it has not lasted, the attempts go on counting. */
  lost(): void {
    clearTimeout(this.#stableTimer)
  }

  /** Begin anew. */
  reset(): void {
    this.#attempt = 0
  }

  /** The next wait is so long, in milliseconds, whatever the back-off says. */
  advise(delay: number): void {
    this.#advised = delay
  }

  /** Count one more attempt; answers how long to wait for it, in milliseconds. */
  next(policy: Exclude<ReconnectPolicy, 'stop'>): number {
    const { backoff, random } = this.#options
    const attempt = this.#attempt++
    const isSoon = policy === 'soon' && attempt === 0
    const delay = this.#advised ?? (isSoon ? Math.floor(random() * SOON) : backoffDelay(attempt, backoff, random))
    this.#advised = undefined
    return delay
  }
}
