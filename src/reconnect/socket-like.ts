/**
 * The part of the platform's WebSocket that is used here; Node's and the browser's both have it. WHATWG WebSockets 3.1.
 */
import type { Message } from './send-queue.ts'

export interface SocketLike {
  readonly readyState: number
  readonly protocol: string
  readonly bufferedAmount: number
  binaryType: string
  onopen: ((event: never) => unknown) | null
  onmessage: ((event: never) => unknown) | null
  onerror: ((event: never) => unknown) | null
  onclose: ((event: never) => unknown) | null
  send(message: Message): unknown
  close(code?: number, reason?: string): void
  /** Not in a browser. */
  terminate?(): void
}

/** Opens one socket. */
export type Connect = (url: string, protocols: readonly string[]) => SocketLike

/** WHATWG WebSockets 3.1: `readyState` of a socket that may send. */
export const OPEN = 1
