/**
 * How a connection ended, and who ended it. RFC 6455 7.1.4 to 7.1.6.
 */

/** Who, or what, ended a connection. */
export type CloseCause =
  'peer' | 'local' | 'protocol' | 'timeout' | 'backpressure' | 'lifetime' | 'shutdown' | 'transport'

/** How a connection ended. RFC 6455 7.1.4 to 7.1.6. */
export interface CloseOutcome {
  /**
   * The code of the peer's Close frame; 1005 when that had none; the code with which this side failed it; else
   * 1006.
   */
  readonly code: number
  /** What the peer gave as its reason: for those who look for mistakes, never to be shown to a user. RFC 6455 5.5.1. */
  readonly reason: string
  /** Whether Close frames went both ways before TCP ended. */
  readonly clean: boolean
  readonly cause: CloseCause
  /** What went wrong, when something did. */
  readonly error?: Error
}
