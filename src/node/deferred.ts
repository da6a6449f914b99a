/**
 * A promise that is settled from outside. Nobody has to wait for it: a rejection that nobody sees is no unhandled one.
 */

export class Deferred<T> {
  readonly promise: Promise<T>
  readonly resolve: (value: T) => void
  readonly reject: (error: unknown) => void

  constructor() {
    let settle: { resolve: (value: T) => void; reject: (error: unknown) => void } | undefined
    this.promise = new Promise<T>((resolve, reject) => {
      settle = { resolve, reject }
    })
    this.resolve = settle!.resolve
    this.reject = settle!.reject
    this.promise.catch(() => {})
  }
}
