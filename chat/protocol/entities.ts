/** The things that `chat.v1` messages are made of: users, log entries, positions, presence, rooms. */
import * as v from 'valibot'
import { CID_PATTERN, ROOM_PATTERN } from './names.ts'

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))

/** A position in a log: 1, 2, 3 … without holes; 0 stands before the first entry. */
export const Seq = count
/** Milliseconds since 1970 on the server's clock. */
export const Timestamp = v.pipe(v.number(), v.safeInteger())
export const RoomName = v.pipe(v.string(), v.regex(ROOM_PATTERN, 'a room name is 1-64 of a-z 0-9 _ -'))
export const Cid = v.pipe(v.string(), v.regex(CID_PATTERN, 'a cid is 16 bytes in base64url, 22 characters'))

export const User = v.object({ id: v.string(), name: v.string() })
export type User = v.InferOutput<typeof User>

/** What every entry of a log has. */
const entry = {
  /** Unique over all logs. */
  id: v.string(),
  /** The client's own id of the request that made it: how a sender finds its own. */
  cid: v.string(),
  from: User,
  ts: Timestamp,
  /** Set when the server sends it again because no ack came. */
  redelivered: v.optional(v.boolean()),
}

/** A message, as it is now: an edited or deleted one carries its marks wherever it is read. */
export const MsgBody = v.object({
  ...entry,
  /** Empty when the message was deleted. */
  text: v.string(),
  replyTo: v.optional(Seq),
  /** When it was last edited. */
  edited: v.optional(Timestamp),
  /** When it was deleted. */
  deleted: v.optional(Timestamp),
})
/** A change of an earlier message: an entry of the log with its own `seq`. */
export const EditBody = v.object({ ...entry, target: Seq, text: v.string() })
export const DeleteBody = v.object({ ...entry, target: Seq })
export type MsgBody = v.InferOutput<typeof MsgBody>
export type EditBody = v.InferOutput<typeof EditBody>
export type DeleteBody = v.InferOutput<typeof DeleteBody>

/** An entry of a log as pages carry it: the body of the event with its `seq` and, as `kind`, its type. */
export const Entry = v.variant('kind', [
  v.object({ kind: v.literal('msg'), seq: Seq, ...MsgBody.entries }),
  v.object({ kind: v.literal('edit'), seq: Seq, ...EditBody.entries }),
  v.object({ kind: v.literal('delete'), seq: Seq, ...DeleteBody.entries }),
])
export type Entry = v.InferOutput<typeof Entry>

/** A part of a log. */
const page = {
  /** Names the log; a `seq` means something only together with it. */
  epoch: v.string(),
  /** The last entry there is. */
  head: Seq,
  /** The oldest entry still kept; 1 above `head` when there is none. */
  first: Seq,
  /** Ascending by `seq`, without holes. */
  msgs: v.array(Entry),
  /** No more entries in the direction that was asked for. */
  complete: v.boolean(),
}
export const Page = v.object(page)
export type Page = v.InferOutput<typeof Page>

export const PresentUser = v.object({ ...User.entries, conns: count })
export type PresentUser = v.InferOutput<typeof PresentUser>

export const PresencePage = v.object({
  /** Up to 200; each user stands on one page. */
  list: v.array(PresentUser),
  /** How many users and connections are in the room now. */
  users: count,
  conns: count,
  /** How many have joined it and not left it with `forget`, present or not. */
  members: count,
  /** Give it back in `presence` for the next page. */
  cursor: v.optional(v.string()),
})
export type PresencePage = v.InferOutput<typeof PresencePage>

/** A member who is not in the room now. */
export const AbsentUser = v.object({
  ...User.entries,
  /** When the user was last there. */
  seen: Timestamp,
})
export type AbsentUser = v.InferOutput<typeof AbsentUser>

export const AbsentPage = v.object({
  /** Up to 50, who was there last stands first. */
  list: v.array(AbsentUser),
  /** Give it back in `absent` for the next page. */
  cursor: v.optional(v.string()),
})
export type AbsentPage = v.InferOutput<typeof AbsentPage>

/** Somebody who left: with `seen` as a member who may come back, without it for good. */
export const LeftUser = v.object({ ...User.entries, seen: v.optional(Timestamp) })
export type LeftUser = v.InferOutput<typeof LeftUser>

export const JoinReply = v.object({
  ...page,
  /** `since` could not be followed (other epoch, ahead of the head, trimmed): drop what is shown and take this page. */
  reset: v.boolean(),
  /** Entries after `since` (or, on a reset, after the user's cursor) that are not in `msgs`; 0 otherwise. */
  missed: count,
  presence: PresencePage,
  /** The user's own marks: read up to here, and delivered (acknowledged) up to here. */
  read: Seq,
  cursor: Seq,
})
export type JoinReply = v.InferOutput<typeof JoinReply>

export const RoomInfo = v.object({
  room: RoomName,
  title: v.string(),
  users: count,
  conns: count,
  members: count,
  head: Seq,
  /** The user's own read mark, where the user is a member. */
  read: v.optional(Seq),
})
export type RoomInfo = v.InferOutput<typeof RoomInfo>
