/**
 * The states of a socket, by the names and numbers of the browser's interface. WHATWG WebSockets 3.1.
 */
export const ReadyState = { Connecting: 0, Open: 1, Closing: 2, Closed: 3 } as const
export type ReadyState = (typeof ReadyState)[keyof typeof ReadyState]

const CONSTANTS = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 } as const

/** Give a class the constants of the interface, on itself and on its prototype. Web IDL 3.7.3. */
export function defineConstants(target: { readonly prototype: object }): void {
  for (const holder of [target, target.prototype]) {
    for (const [name, value] of Object.entries(CONSTANTS)) {
      Object.defineProperty(holder, name, { value, enumerable: true, writable: false, configurable: false })
    }
  }
}
