/**
 * Whether a handler of the application has more to do. A promise is whatever has a `then` (ECMAScript 27.2.1.3.2): those of
 * another realm, or of a library, are no instances of this one's Promise.
 */

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function'
  return isObject && typeof (value as { then?: unknown }).then === 'function'
}
