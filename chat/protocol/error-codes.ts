/** The errors of `chat.v1`: what stands in `err` of a reply, or in an `error` event. */
import * as v from 'valibot'

/** Each error: its number, whether the same request may succeed later, and what it says. */
export const CHAT_ERRORS = {
  bad_request: { code: 4000, retry: false, meaning: 'the message does not fit its schema' },
  unknown_type: { code: 4001, retry: false, meaning: 'there is no message of this type' },
  unauthorized: { code: 4010, retry: false, meaning: 'auth is missing, or the token is not accepted' },
  forbidden: { code: 4030, retry: false, meaning: 'this user may not do that' },
  no_room: { code: 4040, retry: false, meaning: 'there is no such room' },
  no_message: { code: 4041, retry: false, meaning: 'there is no such message, or it is no longer kept' },
  conflict: {
    code: 4090,
    retry: false,
    meaning: 'the state does not allow it (not in the room, already there, deleted)',
  },
  too_large: { code: 4130, retry: false, meaning: 'a text, a page or a number of rooms is over its limit' },
  rate_limited: { code: 4290, retry: true, meaning: 'too many; come again after `afterMs`' },
  internal: { code: 5000, retry: true, meaning: 'the server made a mistake; nothing was stored' },
  unavailable: { code: 5030, retry: true, meaning: 'the store cannot be reached; nothing is acknowledged' },
} as const

export type ChatErrorName = keyof typeof CHAT_ERRORS

export const ErrorBody = v.object({
  code: v.number(),
  name: v.string(),
  /** Whether the same request may succeed later. */
  retry: v.boolean(),
  /** Milliseconds to wait before the retry. */
  afterMs: v.optional(v.number()),
  /** A sentence for developers: what was seen, what was required. */
  detail: v.optional(v.string()),
})
export type ErrorBody = v.InferOutput<typeof ErrorBody>

/** Make the error body of a name. */
export function errorBody(name: ChatErrorName, more: { afterMs?: number; detail?: string } = {}): ErrorBody {
  const { code, retry } = CHAT_ERRORS[name]
  return { code, name, retry, ...more }
}
