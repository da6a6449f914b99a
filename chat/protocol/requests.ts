/** What a client can ask in `chat.v1`: every type with the schema of its `d` and of the reply's `d`. */
import * as v from 'valibot'
import { AbsentPage, Cid, JoinReply, Page, PresencePage, RoomInfo, Seq, Timestamp, User } from './entities.ts'
import { LIMITS } from './limits.ts'

const pageLimit = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(LIMITS.pageMessages))
const input = v.pipe(v.string(), v.maxLength(LIMITS.textCodePoints * 4))
const stored = v.object({
  cid: v.string(),
  /** The place in the log. */
  seq: Seq,
  ts: Timestamp,
  /** It was stored by an earlier request with the same `cid`. */
  dup: v.boolean(),
})
const nothing = v.object({})

/**
 * `room` tells whether the envelope names a room; `open` marks what is allowed before auth. A request without `id` gets
 * no reply when it succeeds, and an `error` event when it fails.
 */
export const REQUESTS = {
  auth: {
    about:
      'Say who you are, with a token or as a guest; again before the token ends, or to change the name of a guest. Where `hello` has a `user`, neither is needed.',
    room: false,
    open: true,
    d: v.object({
      /** A JWT. */
      token: v.optional(v.pipe(v.string(), v.maxLength(7000))),
      guest: v.optional(
        v.object({
          name: v.pipe(v.string(), v.maxLength(512)),
          /** `session` of an earlier reply: stay the same guest. */
          session: v.optional(v.pipe(v.string(), v.maxLength(512))),
        }),
      ),
      /** `hello.conn` of an earlier connection of the same page: when it is still there, it closes with 4005. */
      replaces: v.optional(v.pipe(v.string(), v.maxLength(64))),
    }),
    reply: v.object({
      user: User,
      /** A guest's proof to be the same user later; keep it as you keep a password. */
      session: v.optional(v.string()),
      /** When the token ends. */
      expires: v.optional(Timestamp),
      /** Rooms the user is a member of. */
      rooms: v.array(RoomInfo),
    }),
  },
  join: {
    about: 'Enter a room: be present, get what was missed, then everything new. Live events begin after the reply.',
    room: true,
    open: false,
    d: v.object({
      since: v.optional(v.object({ epoch: v.pipe(v.string(), v.maxLength(64)), seq: Seq })),
      limit: v.optional(pageLimit),
    }),
    reply: JoinReply,
  },
  leave: {
    about: 'Leave a room. With `forget` the membership ends, too: cursor and read mark are dropped.',
    room: true,
    open: false,
    d: v.object({ forget: v.optional(v.boolean()) }),
    reply: nothing,
  },
  send: {
    about: 'Store a message and deliver it to everybody in the room, the sender too. The reply means stored.',
    room: true,
    open: false,
    d: v.object({ cid: Cid, text: input, replyTo: v.optional(Seq) }),
    reply: stored,
  },
  edit: {
    about: 'Change the text of an own message. The change is an entry of the log.',
    room: true,
    open: false,
    d: v.object({ cid: Cid, seq: Seq, text: input }),
    reply: stored,
  },
  delete: {
    about: 'Empty an own message. The change is an entry of the log.',
    room: true,
    open: false,
    d: v.object({ cid: Cid, seq: Seq }),
    reply: stored,
  },
  ack: {
    about: 'Everything up to `seq` has arrived. Without it the server delivers again, and at last closes with 4204.',
    room: true,
    open: false,
    d: v.object({ seq: Seq }),
    reply: nothing,
  },
  read: {
    about: 'Everything up to `seq` was seen by the user. Told to the other connections of the user.',
    room: true,
    open: false,
    d: v.object({ seq: Seq }),
    reply: nothing,
  },
  history: {
    about: 'A page before or after an entry; without either, the newest.',
    room: true,
    open: false,
    d: v.object({ before: v.optional(Seq), after: v.optional(Seq), limit: v.optional(pageLimit) }),
    reply: Page,
  },
  presence: {
    about: 'Who is in the room, in pages.',
    room: true,
    open: false,
    d: v.object({ cursor: v.optional(v.pipe(v.string(), v.maxLength(128))) }),
    reply: PresencePage,
  },
  absent: {
    about: 'Members who are not in the room, with the time they were last there, in pages.',
    room: true,
    open: false,
    d: v.object({ cursor: v.optional(v.pipe(v.string(), v.maxLength(512))) }),
    reply: AbsentPage,
  },
  typing: {
    about: 'The user types, or has stopped. Goes out by itself after 6 s.',
    room: true,
    open: false,
    d: v.object({ on: v.boolean() }),
    reply: nothing,
  },
  ping: {
    about: 'Answered at once: as a reply when there is an `id`, else as a `pong` event.',
    room: false,
    open: true,
    d: v.object({ ts: v.number() }),
    reply: v.object({ ts: v.number(), now: Timestamp }),
  },
  rooms: {
    about: 'All rooms with their counts. With `watch`, changes follow as `rooms` events; `watch:false` ends them.',
    room: false,
    open: true,
    d: v.object({ watch: v.optional(v.boolean()) }),
    reply: v.object({ rooms: v.array(RoomInfo) }),
  },
  'room.create': {
    about: 'Make a room.',
    room: true,
    open: false,
    d: v.object({ title: v.optional(v.pipe(v.string(), v.maxLength(LIMITS.titleChars))) }),
    reply: RoomInfo,
  },
  wire: {
    about: 'Ask for the secret that opens the tap of this very connection on `/wire` (`wire.v1`).',
    room: false,
    open: true,
    d: v.object({}),
    reply: v.object({ path: v.string(), secret: v.string() }),
  },
} as const

export type RequestType = keyof typeof REQUESTS
export type RequestBody<T extends RequestType> = v.InferOutput<(typeof REQUESTS)[T]['d']>
export type ReplyBody<T extends RequestType> = v.InferOutput<(typeof REQUESTS)[T]['reply']>
