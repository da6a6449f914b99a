/**
 * The states of a socket, by the names and numbers of the browser's interface. WHATWG WebSockets 3.1.
 */
export const ReadyState = { Connecting: 0, Open: 1, Closing: 2, Closed: 3 } as const
export type ReadyState = (typeof ReadyState)[keyof typeof ReadyState]
