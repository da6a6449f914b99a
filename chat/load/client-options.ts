/** What a client is made with, and how a request of it fails. */
import type { Entry, ErrorBody, ServerEvent } from '../protocol/index.ts'

/** The part of a browser's WebSocket that is used. */
export interface SocketLike {
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  readonly readyState: number
  send(text: string): void
  close(code?: number, reason?: string): void
  terminate?(): void
}
export type SocketMaker = (url: string, protocols: string[]) => SocketLike

export class RequestError extends Error {
  override readonly name = 'RequestError'
  readonly error: ErrorBody

  constructor(type: string, error: ErrorBody) {
    super(`${type}: ${error.name} ${error.detail ?? ''}`)
    this.error = error
  }
}

const TRY_AGAIN_MS = 100

/** After how many milliseconds the same request may succeed; `undefined`: never. */
export function passesAfter(error: unknown): number | undefined {
  // A lost connection, or not in the room yet.
  if (!(error instanceof RequestError) || error.error.name === 'conflict') return TRY_AGAIN_MS
  return error.error.retry ? (error.error.afterMs ?? TRY_AGAIN_MS) : undefined
}

export interface ClientOptions {
  readonly url: string
  readonly make: SocketMaker
  readonly name: string
  /**
   * Check every message against its schema. Default true; thousands of clients in one process leave it, or they measure
   * themselves.
   */
  readonly validate?: boolean
  /** Answer deliveries. Default true. */
  readonly acks?: boolean
  readonly onEntry?: (room: string, entry: Entry) => void
  readonly onEvent?: (event: ServerEvent) => void
}
