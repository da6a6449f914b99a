/**
 * What applications written for `ws` hand to `send`, turned into what the core takes.
 */
import { toPayload, type Sendable } from '../node/payload.ts'

/** A string, bytes in any form, a list of Buffers, or a number, which stands for its digits. */
export type Data = Sendable | number | readonly Uint8Array[]

/** @throws TypeError for anything else: an object or `null` is a mistake. */
export function readPayload(data: Data): string | Uint8Array {
  if (typeof data === 'number') return String(data)
  if (Array.isArray(data)) return Buffer.concat(data)
  return toPayload(data as Sendable)
}

export function readCloseReason(reason: string | Uint8Array | undefined): string {
  return typeof reason === 'string' || reason === undefined ? (reason ?? '') : Buffer.from(reason).toString()
}
