/**
 * Why reading may rest: each a bit, so that several can stand at once, and each taken away by whoever has set it.
 * RFC 6455 says nothing of flow control; what is heard nevertheless are the control frames of 5.5.
 */
export const Stall = {
  /** The application has paused. */
  Application: 1,
  /** The extension decodes a message. */
  Decoding: 2,
  /** The transport does not take what is written: answering more would fill the memory. */
  Output: 4,
  /** A handler's promise is not settled yet. */
  Handler: 8,
  /** The peer sends faster than it may. */
  Rate: 16,
  /** Whoever reads messages one by one, or in parts, has not asked for the next. */
  Reader: 32,
  /** Whoever reads messages one by one works on one that may have to be answered: only a Close and the end wait for that. */
  Answer: 64,
  /** So does who has taken a message in parts. */
  PartsAnswer: 128,
} as const
export type Stall = (typeof Stall)[keyof typeof Stall]

/** Messages are delivered while it is only these. */
export const HEEDS_MESSAGES: number = Stall.Answer | Stall.PartsAnswer

/**
 * While it is only the application that is not ready for more, pings are still answered and pongs heard, up to the next
 * message. A Close and the end of TCP wait: what is being worked on may still have to be answered. RFC 6455 5.5.1 to 5.5.3.
 */
export const HEEDS_PINGS: number = Stall.Handler | Stall.Reader | HEEDS_MESSAGES
