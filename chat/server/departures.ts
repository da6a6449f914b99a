/** Users who may come back before anybody notices that they were gone. */
export class Departures {
  readonly #waiting = new Map<NodeJS.Timeout, () => void>()

  /** Do it after a while. */
  later(leave: () => void, ms: number): void {
    const timer = setTimeout(() => {
      this.#waiting.delete(timer)
      leave()
    }, ms)
    this.#waiting.set(timer, leave)
  }

  /** Do everything now: the node ends. */
  runAll(): void {
    for (const [timer, leave] of this.#waiting) {
      clearTimeout(timer)
      leave()
    }
    this.#waiting.clear()
  }
}
