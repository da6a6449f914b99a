/**
 * The life of an open connection as a table, and nothing else: what happens in each state, which state comes next, and what
 * is to be done. RFC 6455 7.1; the diagram in docs/ is drawn from here.
 */

export const ConnectionState = {
  /** Messages flow both ways. */
  Open: 'open',
  /**
   * We have sent a Close frame and wait for the peer's; its data is still delivered, but for the
   * rest of the chunk in which we closed, and its pings are answered.
   */
  Closing: 'closing',
  /**
   * Close frames have passed, a rule was broken, or the peer says no more: all that is left is the end of TCP, behind what is on
   * its way; what still comes is discarded.
   */
  Draining: 'draining',
  /** The end. */
  Closed: 'closed',
} as const
export type ConnectionState = (typeof ConnectionState)[keyof typeof ConnectionState]

export const ConnectionEvent = {
  /** The application closes. */
  LocalClose: 'local close',
  /** A Close frame came. */
  RemoteClose: 'remote close',
  /** The peer broke a rule, or this endpoint must fail the connection. RFC 6455 7.1.7. */
  Violation: 'violation',
  /** The peer has ended its side of TCP, and may still read what is on its way to it. RFC 9293 3.6. */
  InputEnd: 'peer ends TCP',
  /** TCP has ended. */
  TransportEnd: 'TCP end',
  /** A deadline has passed, or the application terminates. */
  Timeout: 'timeout',
} as const
export type ConnectionEvent = (typeof ConnectionEvent)[keyof typeof ConnectionEvent]

export const ConnectionAction = {
  /** Send a Close frame behind everything that is queued. RFC 6455 7.1.2. */
  SendClose: 'send Close',
  /** Send a Close frame with the code that came. RFC 6455 5.5.1. */
  EchoClose: 'echo Close',
  /** Send a Close frame at once and drop what is queued. RFC 6455 7.1.7. */
  FailClose: 'send Close(code)',
  /** RFC 6455 5.5.1: the server MUST close TCP at once, a client SHOULD wait for that; 7.1.1 says why. */
  ServerEndsTransport: 'server ends TCP',
  /** End this side of TCP behind everything that is on its way, whoever this is. */
  EndTransport: 'end TCP',
  /** Drop TCP. */
  Destroy: 'destroy',
  /** Tell the application how it ended: 1006 unless an outcome was recorded. RFC 6455 7.1.5. */
  Report: 'report',
} as const
export type ConnectionAction = (typeof ConnectionAction)[keyof typeof ConnectionAction]

export interface Transition {
  readonly next: ConnectionState
  readonly actions: readonly ConnectionAction[]
}

const { Closing, Draining, Closed } = ConnectionState
const { SendClose, EchoClose, FailClose, ServerEndsTransport, EndTransport, Destroy, Report } = ConnectionAction

/** What is not in the table changes nothing. */
export const transitions: Readonly<Record<ConnectionState, Partial<Record<ConnectionEvent, Transition>>>> = {
  open: {
    'local close': { next: Closing, actions: [SendClose] },
    'remote close': { next: Draining, actions: [EchoClose, ServerEndsTransport] },
    violation: { next: Draining, actions: [FailClose, ServerEndsTransport] },
    'peer ends TCP': { next: Draining, actions: [EndTransport] },
    'TCP end': { next: Closed, actions: [Destroy, Report] },
    timeout: { next: Closed, actions: [Destroy, Report] },
  },
  closing: {
    'remote close': { next: Draining, actions: [ServerEndsTransport] },
    // RFC 6455 5.5.1: a Close frame has been sent, another MUST NOT follow.
    violation: { next: Draining, actions: [ServerEndsTransport] },
    'peer ends TCP': { next: Draining, actions: [EndTransport] },
    'TCP end': { next: Closed, actions: [Destroy, Report] },
    timeout: { next: Closed, actions: [Destroy, Report] },
  },
  draining: {
    'peer ends TCP': { next: Draining, actions: [EndTransport] },
    'TCP end': { next: Closed, actions: [Destroy, Report] },
    timeout: { next: Closed, actions: [Destroy, Report] },
  },
  closed: {},
}
