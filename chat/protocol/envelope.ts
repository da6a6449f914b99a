/** The three envelopes of `chat.v1` (request, reply, event), read and written. */
import * as v from 'valibot'
import { RoomName, Seq } from './entities.ts'
import { type ChatErrorName, ErrorBody } from './error-codes.ts'
import { type EventBody, type EventType, EVENTS } from './events.ts'
import { type ReplyBody, type RequestBody, type RequestType, REQUESTS } from './requests.ts'

/** A client's own number of a request; the reply carries it as `re`. */
export const RequestId = v.pipe(v.number(), v.safeInteger(), v.minValue(1))

const RequestEnvelope = v.object({
  t: v.pipe(v.string(), v.maxLength(32)),
  id: v.optional(RequestId),
  room: v.optional(v.string()),
  d: v.optional(v.unknown(), {}),
})

export type Request = {
  [T in RequestType]: {
    readonly t: T
    readonly id: number | undefined
    /** The empty string for the types that name no room. */
    readonly room: string
    readonly d: RequestBody<T>
  }
}[RequestType]

export interface Refusal {
  readonly id: number | undefined
  readonly error: ChatErrorName
  readonly detail: string
}

export type ReadRequest =
  { readonly ok: true; readonly request: Request } | { readonly ok: false; readonly refusal: Refusal }

const firstIssue = (issues: readonly v.BaseIssue<unknown>[]): string => {
  const issue = issues[0]!
  const path = v.getDotPath(issue)
  return path === null ? issue.message : `${path}: ${issue.message}`
}

const refuse = (error: ChatErrorName, detail: string, id?: number): ReadRequest => ({
  ok: false,
  refusal: { id, error, detail },
})

/** Read what a client has sent. Never throws; unknown fields are dropped. */
export function readRequest(text: string): ReadRequest {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return refuse('bad_request', 'not JSON')
  }
  const envelope = v.safeParse(RequestEnvelope, json)
  if (!envelope.success) return refuse('bad_request', firstIssue(envelope.issues))
  const { t, id, room = '', d } = envelope.output
  if (!Object.hasOwn(REQUESTS, t)) return refuse('unknown_type', 'no such type', id)
  const type = t as RequestType
  if (REQUESTS[type].room) {
    const name = v.safeParse(RoomName, room)
    if (!name.success) return refuse('bad_request', `room: ${firstIssue(name.issues)}`, id)
  }
  const body = v.safeParse(REQUESTS[type].d, d)
  if (!body.success) return refuse('bad_request', `d.${firstIssue(body.issues)}`, id)
  return { ok: true, request: { t: type, id, room, d: body.output } as Request }
}

/** Write a request. */
export function writeRequest<T extends RequestType>(
  t: T,
  d: RequestBody<T>,
  more: { id?: number; room?: string } = {},
): string {
  return JSON.stringify({ t, ...more, d })
}

/** Write the reply to a request that succeeded. */
export function writeReply<T extends RequestType>(_t: T, re: number, d: ReplyBody<T>): string {
  return JSON.stringify({ re, ok: true, d })
}

/** Write the reply to a request that failed. */
export function writeFailure(re: number, err: ErrorBody): string {
  return JSON.stringify({ re, ok: false, err })
}

/** Write an event. */
export function writeEvent<T extends EventType>(
  t: T,
  d: EventBody<T>,
  more: { room?: string; seq?: number } = {},
): string {
  return JSON.stringify({ t, ...more, d })
}

export type Reply =
  | { readonly re: number; readonly ok: true; readonly d: unknown }
  | { readonly re: number; readonly ok: false; readonly err: ErrorBody }

export type ServerEvent = {
  [T in EventType]: {
    readonly t: T
    /** The empty string where the event names no room. */
    readonly room: string
    /** 0 where the event carries none. */
    readonly seq: number
    readonly d: EventBody<T>
  }
}[EventType]

export type ServerMessage = { readonly reply: Reply } | { readonly event: ServerEvent }

const ReplyEnvelope = v.variant('ok', [
  v.object({ re: RequestId, ok: v.literal(true), d: v.optional(v.unknown(), {}) }),
  v.object({ re: RequestId, ok: v.literal(false), err: ErrorBody }),
])
const EventEnvelope = v.object({
  t: v.string(),
  room: v.optional(v.string(), ''),
  seq: v.optional(Seq, 0),
  d: v.optional(v.unknown(), {}),
})

/**
 * Read what the server has sent. Answers `undefined` for what is not `chat.v1`, and for events of a type that this
 * version does not know: those are ignored. The `d` of a reply is checked with `readReply`, by whoever knows the type.
 */
export function readServerMessage(text: string): ServerMessage | undefined {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof json === 'object' && json !== null && 're' in json) {
    const reply = v.safeParse(ReplyEnvelope, json)
    return reply.success ? { reply: reply.output } : undefined
  }
  const envelope = v.safeParse(EventEnvelope, json)
  if (!envelope.success || !Object.hasOwn(EVENTS, envelope.output.t)) return undefined
  const { t, room, seq, d } = envelope.output
  const body = v.safeParse(EVENTS[t as EventType].d, d)
  return body.success ? { event: { t, room, seq, d: body.output } as ServerEvent } : undefined
}

/** Check the `d` of a successful reply to a request of this type; `undefined` when it does not fit. */
export function readReply<T extends RequestType>(t: T, d: unknown): ReplyBody<T> | undefined {
  const body = v.safeParse(REQUESTS[t].reply, d)
  return body.success ? body.output : undefined
}
