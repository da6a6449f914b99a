/**
 * What the end of a connection asks of a client that wants to be connected. RFC 6455 7.4.1, 7.2.3; the IANA registry.
 */

/** - `stop`: for good. - `backoff`: wait, each time longer. - `soon`: at once but for a little jitter, the first time. */
export type ReconnectPolicy = 'stop' | 'backoff' | 'soon'

/** How a connection, or an attempt at one, ended. */
export interface Loss {
  /** The close code; 1006 when there was none. RFC 6455 7.1.5. */
  readonly code: number
  readonly reason: string
  /** What went wrong, where the platform tells: in Node a HandshakeError has the status of a refusal. */
  readonly error?: unknown
}

/** Coming back would end in the same way: done, or one side does what the other will not have. */
const STOPS: readonly number[] = [1000, 1002, 1003, 1007, 1008, 1009, 1010]
/** Going away and service restart: somebody is there again in a moment. */
const SOONS: readonly number[] = [1001, 1012]

/** The policy unless the application has its own; its own codes, 4000 to 4999, back off. */
export function defaultPolicy({ code }: Loss): ReconnectPolicy {
  if (STOPS.includes(code)) return 'stop'
  return SOONS.includes(code) ? 'soon' : 'backoff'
}
