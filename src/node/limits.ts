/**
 * The limits of a server or client, each with its default. docs/limits.md tells what happens when one is passed.
 */
import { DEFAULT_MAX_FRAGMENTS, DEFAULT_MAX_PAYLOAD } from '../protocol/connection-options.ts'

export const defaults = {
  /** Bytes of a message, as it comes and decoded. */
  maxPayload: DEFAULT_MAX_PAYLOAD,
  /** Frames of a message. */
  maxFragments: DEFAULT_MAX_FRAGMENTS,
  /** Bytes of unsent output from which reading rests and `send` says to wait. */
  highWaterMark: 262_144,
  /** Bytes of unsent output beyond which a connection is closed with 1013, and of all connections together. */
  maxBufferedAmount: 67_108_864,
  maxBufferedTotal: 536_870_912,
  /** Handshakes that may wait for the application's answer. */
  maxHandshakes: 1024,
  /** Bytes of publications that may wait for a subscriber that does not keep up. */
  slowBudget: 1_048_576,
  /** Milliseconds for the request of a handshake to arrive, and as many for the application's answer. */
  handshakeTimeout: 10_000,
  /** Milliseconds for the closing handshake, and for TCP to end. */
  closeTimeout: 10_000,
  /** Milliseconds of silence until a peer is pinged, and from the ping until it is dropped. */
  heartbeatInterval: 30_000,
  heartbeatTimeout: 15_000,
  /** Bytes of the head of a handshake. */
  maxHeaderSize: 16_384,
  /** Streams of one HTTP/2 session at once, and milliseconds that a session may be without any. */
  maxConcurrentStreams: 256,
  sessionIdleTimeout: 60_000,
} as const

const LONGEST_TIMEOUT = 2 ** 31 - 1

/** Check a count of bytes or things. */
export function checkCount(name: string, value: number, least: number = 0): number {
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number, got ${typeof value}`)
  if (!Number.isSafeInteger(value) || value < least) {
    throw new RangeError(`${name} must be a whole number from ${least} to 2^53 - 1, got ${value}`)
  }
  return value
}

/** Check a time in milliseconds. */
export function checkTimeout(name: string, value: number, least: number = 1): number {
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number of milliseconds, got ${typeof value}`)
  if (!(value >= least && value <= LONGEST_TIMEOUT)) {
    throw new RangeError(`${name} must be from ${least} to ${LONGEST_TIMEOUT} milliseconds, got ${value}`)
  }
  return value
}
