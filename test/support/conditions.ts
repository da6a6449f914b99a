/** Conditions that somebody waits for: looked at whenever something has happened, never by the clock. */

export class Conditions {
  readonly #looks = new Set<() => void>()

  /** Something has happened. */
  look(): void {
    for (const look of this.#looks) look()
  }

  /** Resolves when it holds, with what it answers. Rejects when `failure` says why nothing can happen any more. */
  until<T>(holds: () => T | undefined | false, failure: () => string | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const value = holds()
        const isMet = value !== undefined && value !== false
        const reason = isMet ? undefined : failure()
        if (!isMet && reason === undefined) return
        this.#looks.delete(look)
        if (isMet) resolve(value)
        else reject(new Error(reason))
      }
      this.#looks.add(look)
      look()
    })
  }
}
