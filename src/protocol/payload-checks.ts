/**
 * What may be handed over to be sent: mistakes of the caller, told before anything has changed. RFC 6455 5.5, 5.6.
 */
import { MAX_SHORT_LENGTH } from './frame-header.ts'

/** @throws TypeError for anything but a string or bytes. */
export function checkMessage(payload: unknown): void {
  if (typeof payload === 'string' || payload instanceof Uint8Array) return
  throw new TypeError(`a message must be a string or a Uint8Array, got ${payload === null ? 'null' : typeof payload}`)
}

/** RFC 6455 5.5: control frames MUST have a payload of 125 bytes or less. @throws TypeError or RangeError. */
export function checkControlPayload(payload: unknown): void {
  if (!(payload instanceof Uint8Array)) throw new TypeError('the body of a control frame must be bytes')
  if (payload.length <= MAX_SHORT_LENGTH) return
  throw new RangeError(`control frame of ${payload.length} bytes, at most ${MAX_SHORT_LENGTH} allowed (RFC 6455 5.5)`)
}
