/** Something that is asked for page by page: whether a page is on its way, and why the last one did not come. */
import type { RequestError } from './requests.ts'

export class PageLoad {
  isLoading = false
  /** Why the last page did not come, as the name of an error, until the next one is asked for. */
  problem: string | undefined
  readonly #onchange: () => void

  constructor(onchange: () => void) {
    this.#onchange = onchange
  }

  /** Load one page, unless one is on its way. `load` may reject with a `RequestError`. */
  async run(load: () => Promise<void>): Promise<void> {
    if (this.isLoading) return
    this.isLoading = true
    this.problem = undefined
    this.#onchange()
    try {
      await load()
    } catch (error) {
      this.problem = (error as RequestError).body.name
    }
    this.isLoading = false
    this.#onchange()
  }

  /** The room was entered anew: what went wrong before is over. */
  forgive(): void {
    this.problem = undefined
  }
}
