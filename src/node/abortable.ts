/**
 * A wait that can be given up. What is waited for goes on; only the waiting ends.
 */

/** Settle as `promise` does, or reject with the signal's reason when that comes first; then `forget` is called. */
export function abortable<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
  forget: () => void = () => {},
): Promise<T> {
  if (signal === undefined) return promise
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      forget()
      reject(signal.reason)
    }
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
