/** What the server of `chat.v1` says by itself: every event with the schema of its `d`. */
import * as v from 'valibot'
import { DeleteBody, EditBody, LeftUser, MsgBody, RoomInfo, Seq, Timestamp, User } from './entities.ts'
import { ErrorBody } from './error-codes.ts'
import { DURABILITY } from './limits.ts'

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))

/** `room` tells whether the envelope names a room, `seq` whether it carries a position of that room's log. */
export const EVENTS = {
  hello: {
    about: 'The first message of every connection.',
    room: false,
    seq: false,
    d: v.object({
      v: v.number(),
      /** This connection. */
      conn: v.string(),
      node: v.string(),
      now: Timestamp,
      /** Milliseconds: ping about this often; give up this long after a ping without anything heard. */
      ping: v.object({ every: count, timeout: count }),
      /** The limits by name. */
      limits: v.record(v.string(), v.number()),
      /** `auth` must come before. */
      authBy: Timestamp,
      /** Who came in with the token of the handshake: `auth` is not needed. */
      user: v.optional(User),
      /** Whether `auth {guest}` is accepted. */
      guests: v.boolean(),
      /** What an ack means. */
      durability: v.enum(DURABILITY),
      /** Where this connection can be looked at, and with which secret; absent when the server has it off. */
      wire: v.optional(v.object({ path: v.string(), secret: v.string() })),
    }),
  },
  msg: { about: 'A new message.', room: true, seq: true, d: MsgBody },
  edit: { about: 'A message has a new text.', room: true, seq: true, d: EditBody },
  delete: { about: 'A message was emptied.', room: true, seq: true, d: DeleteBody },
  presence: {
    about:
      'Who came and who went in the last 250 ms, and the counts after it; in a room of over 500 users the counts alone.',
    room: true,
    seq: false,
    d: v.object({
      /** Also users whose name has changed. */
      join: v.array(User),
      /** With `seen` as members who may come back. */
      leave: v.array(LeftUser),
      users: count,
      conns: count,
      members: count,
    }),
  },
  typing: { about: 'Everybody who types now.', room: true, seq: false, d: v.object({ users: v.array(User) }) },
  read: {
    about: 'The user has read up to here on another connection.',
    room: true,
    seq: false,
    d: v.object({ seq: Seq }),
  },
  reset: {
    about: 'The log of the room has begun anew: join again.',
    room: true,
    seq: false,
    d: v.object({ epoch: v.string(), head: Seq }),
  },
  rooms: {
    about: 'Rooms whose counts have changed, for those who watch.',
    room: false,
    seq: false,
    d: v.object({ rooms: v.array(RoomInfo) }),
  },
  pong: {
    about: 'The answer to a `ping` without `id`.',
    room: false,
    seq: false,
    d: v.object({ ts: v.number(), now: Timestamp }),
  },
  expiring: {
    about: 'The token ends soon: authenticate again.',
    room: false,
    seq: false,
    d: v.object({ expires: Timestamp }),
  },
  bye: {
    about: 'The server will close soon. Come back after this time; it wins over every other delay.',
    room: false,
    seq: false,
    d: v.object({ afterMs: count, reason: v.string() }),
  },
  error: {
    about: 'Something without an `id` to answer to failed, or a close follows.',
    room: false,
    seq: false,
    d: ErrorBody,
  },
} as const

export type EventType = keyof typeof EVENTS
export type EventBody<T extends EventType> = v.InferOutput<(typeof EVENTS)[T]['d']>
