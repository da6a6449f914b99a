/**
 * The limits of `chat.v1`, each named once. The server enforces them and tells them in `hello.limits`; the page keeps to
 * them before it sends.
 */

/** The version in `hello.v`; it changes only together with the name of the subprotocol. */
export const PROTOCOL_VERSION = 1
/** The subprotocol of the chat socket on `/chat`. */
export const CHAT_PROTOCOL = 'chat.v1'
/** Prefix of an optional second offered subprotocol that carries a JWT. The server never echoes it. */
export const BEARER_PREFIX = 'bearer.'
export const CHAT_PATH = '/chat'

export const LIMITS = {
  /** Bytes of one message from a client. */
  frameBytes: 65_536,
  /** Code points of one chat text. */
  textCodePoints: 4000,
  /** Graphemes of a display name. */
  nameGraphemes: 32,
  /** Characters of a room name. */
  roomChars: 64,
  /** Characters of a room title. */
  titleChars: 80,
  /** Rooms one connection can be in at once. */
  roomsPerConnection: 50,
  /** Rooms that clients can make, besides those the server starts with. */
  rooms: 1000,
  /** `send`, `edit` and `delete` a second, and how many may come at once. */
  sendsPerSecond: 5,
  sendBurst: 20,
  /** Messages of any type from one connection in a window of `framesWindowMs`. */
  frames: 120,
  framesWindowMs: 10_000,
  /** `typing {on:true}` once in this time. */
  typingEveryMs: 3000,
  /** A typing mark goes out by itself after this time. */
  typingTtlMs: 6000,
  connectionsPerUser: 10,
  connectionsPerAddress: 50,
  /** What an unauthenticated connection may send. */
  framesBeforeAuth: 4,
  bytesBeforeAuth: 8192,
  /** Time for `auth`, in milliseconds after `hello`. */
  authTimeoutMs: 10_000,
  /** Unsent bytes of one connection; above it is closed with 4103. */
  sendQueueBytes: 1_048_576,
  /** Malformed messages of one connection; the one that reaches it closes with 4000. */
  malformed: 5,
  /** Messages of one page: `join.limit` and `history.limit`. */
  pageMessages: 200,
  defaultPageMessages: 50,
  /** Users of one page of `presence`. */
  pageUsers: 200,
  /** Members of one page of `absent`, and how many of a room are remembered, the latest. */
  pageAbsent: 50,
  absent: 1000,
  /** Time within which an `ack` must move while messages are pending, and how often they are redelivered. */
  ackTimeoutMs: 10_000,
  redeliveries: 3,
  /** Changes of presence are gathered for this long. */
  presenceBatchMs: 250,
  /** In a room of more users `presence` events carry the counts alone, once in `crowdPresenceMs`. */
  crowdUsers: 500,
  crowdPresenceMs: 1000,
  /** How long a user stays present after a connection was lost without a close. */
  presenceGraceMs: 15_000,
  /** A client pings this often (+-20 %), and gives up this long after a ping without any answer. */
  pingEveryMs: 25_000,
  pingTimeoutMs: 10_000,
  /** Milliseconds before a token ends at which `expiring` is sent. */
  expiringMs: 60_000,
  /** Messages a log keeps at least; what is older may be trimmed. */
  logMessages: 10_000,
} as const

export type Limits = typeof LIMITS

/** What `hello.durability` can say; an `ack` means stored at this level. */
export const DURABILITY = {
  /** In the memory of one process: lost when it ends. */
  memory: 'memory',
  /** Handed to the operating system: survives a killed process, not always a power cut. */
  process: 'process',
  /** Flushed to the disk before the ack. */
  disk: 'disk',
  /** In Redis: as durable as its own `appendfsync` setting. */
  redis: 'redis',
} as const

export type Durability = (typeof DURABILITY)[keyof typeof DURABILITY]
