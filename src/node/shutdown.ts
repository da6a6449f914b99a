/**
 * The end of a server with people on it: closing handshakes spread over some time, so that they do not all come back at
 * once, and a deadline after which TCP is dropped.
 */
import type { Duplex } from 'node:stream'
import { CloseCode } from '../protocol/close-code.ts'
import { encodeClosePayload } from '../protocol/close-payload.ts'
import { checkCount, checkTimeout } from './limits.ts'
import { nodeTextCodec } from './platform.ts'
import { closeSocket, internalsOf, type Socket } from './socket.ts'

export interface ShutdownOptions {
  /** What the Close frames carry. Default 1001, going away; 1012 tells that the service comes back. */
  readonly code?: number
  readonly reason?: string
  /** Milliseconds over which the Close frames are spread. Default 0: all at once. */
  readonly spreadMs?: number
  /** Milliseconds from the call until TCP is dropped for who is still there, not below `spreadMs`. Default 10,000 more than that. */
  readonly deadlineMs?: number
  /** Seconds after which clients that come meanwhile are told to try again, in Retry-After. Default 5. */
  readonly retryAfter?: number
}

/** Options, checked and completed. */
export type ShutdownSettings = Required<ShutdownOptions>

export interface ShutdownResult {
  /** Connections that ended with their closing handshake, or by themselves. */
  readonly closed: number
  /** Connections that had to be dropped. */
  readonly terminated: number
}

/** How often some of them are told, in milliseconds. */
const STEP_MS = 50
const GRACE_MS = 10_000
const RETRY_AFTER = 5

/** @throws TypeError or RangeError that names the option, before anything has changed. */
export function checkShutdown(options: ShutdownOptions): ShutdownSettings {
  const spreadMs = checkTimeout('spreadMs', options.spreadMs ?? 0, 0)
  const deadlineMs = checkTimeout('deadlineMs', options.deadlineMs ?? spreadMs + GRACE_MS, 0)
  if (deadlineMs < spreadMs) {
    throw new RangeError(
      `deadlineMs must not be below spreadMs, or some get no Close frame: ${deadlineMs} and ${spreadMs}`,
    )
  }
  const { code = CloseCode.GoingAway, reason = '' } = options
  encodeClosePayload(code, reason, nodeTextCodec)
  return {
    code,
    reason,
    spreadMs,
    deadlineMs,
    retryAfter: checkCount('retryAfter', options.retryAfter ?? RETRY_AFTER),
  }
}

/**
 * Close all of `sockets`, a set from which they vanish when they are closed. Those that were `refused` have as long to take
 * their answer.
 */
export async function shutDown<Data>(
  sockets: ReadonlySet<Socket<Data>>,
  { code, reason, spreadMs, deadlineMs }: ShutdownSettings,
  refused: ReadonlySet<Duplex>,
): Promise<ShutdownResult> {
  const waiting = [...sockets]
  const total = waiting.length
  const steps = Math.max(1, Math.ceil(spreadMs / STEP_MS))
  const aStep = Math.ceil(total / steps)
  const close = (): void => {
    for (const socket of waiting.splice(0, aStep)) {
      closeSocket(socket, code, { reason, cause: 'shutdown' })
    }
  }
  const end = performance.now() + deadlineMs
  close()
  while (sockets.size + refused.size > 0 && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, Math.min(STEP_MS, end - performance.now())))
    close()
  }
  let terminated = 0
  for (const socket of sockets) {
    terminated++
    internalsOf(socket).binding.connection.terminate('shutdown')
  }
  for (const stream of refused) stream.destroy()
  return { closed: total - terminated, terminated }
}
