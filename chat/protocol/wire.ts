/**
 * `wire.v1`: the second socket on which a page looks at the bytes of its own chat connection.
 *
 * The page opens `/wire` with the subprotocol `wire.v1` and sends `tap` with the secret from `hello.wire` as its first
 * text message. The server then sends `tapped`, everything it has kept since the connection began, and what comes after
 * it. JSON travels as text, recorded frames as binary messages (`encodeRecord`, `decodeRecord`).
 */
import * as v from 'valibot'

export const WIRE_PROTOCOL = 'wire.v1'
export const WIRE_PATH = '/wire'

export const WIRE_LIMITS = {
  /** Bytes kept of a connection that nobody looks at. */
  keptBytes: 65_536,
  /** Bytes of one recorded payload; what is longer is cut, and its record marked. */
  recordBytes: 65_536,
  /** Time for `tap` to come. */
  tapTimeoutMs: 5000,
  /** Unsent bytes of the tap; above it records are dropped and counted in `lost`. */
  queueBytes: 1_048_576,
} as const

/** The faults a page can ask for on its own connection. */
export const FAULTS = {
  /** Cut the TCP connection without a close frame. */
  drop: 'drop',
  /** Neither read nor write for `ms` (at most 60 s). */
  freeze: 'freeze',
  /** Send a frame that no client may accept: a reserved bit set. */
  badFrame: 'badFrame',
  /** Store the next `count` sends, but swallow their replies and echoes. */
  loseAcks: 'loseAcks',
  /** Send the next `count` log events twice. */
  duplicate: 'duplicate',
} as const
export type Fault = keyof typeof FAULTS

/** What the page says, as text. */
export const WIRE_REQUESTS = {
  tap: v.object({ secret: v.pipe(v.string(), v.maxLength(128)) }),
  fault: v.object({
    kind: v.enum(FAULTS),
    count: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100))),
    ms: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(60_000))),
  }),
} as const

/** What the server says, as text: `{"t":…,"d":…}`. */
export const WIRE_EVENTS = {
  /** The answer to `tap`. */
  tapped: v.object({
    conn: v.string(),
    /** When the chat connection was opened. */
    opened: v.number(),
    /** The upgrade request and the answer, as they crossed the wire; tokens, cookies and credentials are replaced. */
    request: v.string(),
    response: v.string(),
    /** The computation of Sec-WebSocket-Accept. RFC 6455 4.2.2. */
    accept: v.object({ key: v.string(), guid: v.string(), sha1: v.string(), accept: v.string() }),
    protocol: v.string(),
    /** The agreed Sec-WebSocket-Extensions; empty when there is none. */
    extensions: v.string(),
    secure: v.boolean(),
    remoteAddress: v.string(),
  }),
  /** The chat connection has ended; the tap closes with 1000 after it. */
  closed: v.object({ code: v.number(), reason: v.string(), clean: v.boolean(), cause: v.string() }),
  /** Records that are missing, because they are too old or the tap was too slow. */
  lost: v.object({ records: v.number(), bytes: v.number() }),
  /** Once a second while something changes: TCP bytes and frames in both directions, payload before and after deflate. */
  counters: v.object({
    bytesIn: v.number(),
    bytesOut: v.number(),
    framesIn: v.number(),
    framesOut: v.number(),
    payloadIn: v.number(),
    payloadOut: v.number(),
    plainIn: v.number(),
    plainOut: v.number(),
    bufferedAmount: v.number(),
    /** Milliseconds of the last ping the server has sent; absent before the first pong. */
    rtt: v.optional(v.number()),
  }),
  fault: v.object({ kind: v.enum(FAULTS), done: v.boolean() }),
  error: v.object({ detail: v.string() }),
} as const

export type WireRequestType = keyof typeof WIRE_REQUESTS
export type WireEventType = keyof typeof WIRE_EVENTS
export type WireRequest = {
  [T in WireRequestType]: { readonly t: T; readonly d: v.InferOutput<(typeof WIRE_REQUESTS)[T]> }
}[WireRequestType]
export type WireEvent = {
  [T in WireEventType]: { readonly t: T; readonly d: v.InferOutput<(typeof WIRE_EVENTS)[T]> }
}[WireEventType]

/** What a binary message of `wire.v1` records. */
export const RecordKind = {
  /** One frame, header and payload, exactly as it crossed the wire. */
  frame: 0,
  /** The payload of a whole compressed message after inflating; `ref` is the number of its last frame. */
  plain: 1,
} as const
export const RecordDirection = {
  /** From the page to the server. */
  in: 0,
  /** From the server to the page. */
  out: 1,
} as const
/** The payload has lost its secrets: its bytes are replaced by `*` (a frame: after masking with the key it has). */
export const RECORD_REDACTED = 0x01
/** The payload was cut; a frame's header tells how long it was. */
export const RECORD_CUT = 0x02

export interface WireRecord {
  readonly kind: (typeof RecordKind)[keyof typeof RecordKind]
  readonly direction: (typeof RecordDirection)[keyof typeof RecordDirection]
  readonly redacted: boolean
  readonly cut: boolean
  /** Frames are numbered 1, 2, 3 … in the order in which the server saw them, over both directions. */
  readonly number: number
  /** For `plain`: the number of the frame that ended the message; else 0. */
  readonly ref: number
  /** Milliseconds since 1970 on the server's clock, with fractions. */
  readonly time: number
  readonly bytes: Uint8Array
}

/** kind, direction, flags, zero; number; ref; time; bytes. Numbers are big-endian. */
export const RECORD_HEADER_LENGTH = 20

/** Write a record as the payload of one binary message. */
export function encodeRecord(record: WireRecord): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(RECORD_HEADER_LENGTH + record.bytes.length)
  const view = new DataView(out.buffer)
  out[0] = record.kind
  out[1] = record.direction
  out[2] = (record.redacted ? RECORD_REDACTED : 0) | (record.cut ? RECORD_CUT : 0)
  view.setUint32(4, record.number)
  view.setUint32(8, record.ref)
  view.setFloat64(12, record.time)
  out.set(record.bytes, RECORD_HEADER_LENGTH)
  return out
}

/** Read the payload of one binary message; `undefined` when it is no record. */
export function decodeRecord(message: ArrayBuffer | Uint8Array): WireRecord | undefined {
  const bytes = message instanceof Uint8Array ? message : new Uint8Array(message)
  const [kind, direction, flags] = bytes
  if (
    bytes.length < RECORD_HEADER_LENGTH ||
    kind === undefined ||
    kind > 1 ||
    direction === undefined ||
    direction > 1
  ) {
    return undefined
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return {
    kind: kind as WireRecord['kind'],
    direction: direction as WireRecord['direction'],
    redacted: (flags! & RECORD_REDACTED) !== 0,
    cut: (flags! & RECORD_CUT) !== 0,
    number: view.getUint32(4),
    ref: view.getUint32(8),
    time: view.getFloat64(12),
    bytes: bytes.subarray(RECORD_HEADER_LENGTH),
  }
}

function readTable(text: string, table: Record<string, v.GenericSchema>): unknown {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return undefined
  }
  const envelope = v.safeParse(v.object({ t: v.string(), d: v.optional(v.unknown(), {}) }), json)
  if (!envelope.success || !Object.hasOwn(table, envelope.output.t)) return undefined
  const body = v.safeParse(table[envelope.output.t]!, envelope.output.d)
  return body.success ? { t: envelope.output.t, d: body.output } : undefined
}

/** Read a text message from the page; `undefined` when it is not `wire.v1`. */
export function readWireRequest(text: string): WireRequest | undefined {
  return readTable(text, WIRE_REQUESTS) as WireRequest | undefined
}

/** Read a text message from the server; `undefined` when it is not `wire.v1`. */
export function readWireEvent(text: string): WireEvent | undefined {
  return readTable(text, WIRE_EVENTS) as WireEvent | undefined
}
