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

/** Why an `auth` was refused: stands as `reason` beside the error, for programs and for pages in any language. */
export const AUTH_REASONS = {
  missing: 'neither a token nor a guest was given',
  bad_name: 'the name has no visible character, or more than 32',
  no_guests: 'guests are not let in here',
  no_tokens: 'tokens are not accepted here',
  bad_token: 'the token cannot be read, or not in this form',
  bad_signature: 'the signature does not fit the key',
  unknown_key: 'no key of the server fits what the token names',
  bad_claims: 'issuer, audience, subject or times are missing or wrong',
  expired: 'the token has ended',
  other_user: 'the connection belongs to another user',
} as const

export type AuthReason = keyof typeof AUTH_REASONS

export const ErrorBody = v.object({
  code: v.number(),
  name: v.string(),
  /** Whether the same request may succeed later. */
  retry: v.boolean(),
  /** Milliseconds to wait before the retry. */
  afterMs: v.optional(v.number()),
  /** Why an `auth` was refused, one of `AUTH_REASONS`; later versions may have more. */
  reason: v.optional(v.string()),
  /** A sentence for developers: what was seen, what was required. */
  detail: v.optional(v.string()),
})
export type ErrorBody = v.InferOutput<typeof ErrorBody>

/** What an error may say beside its name. */
export interface ErrorMore {
  readonly afterMs?: number
  readonly reason?: AuthReason
  readonly detail?: string
}

/** Make the error body of a name. */
export function errorBody(name: ChatErrorName, more: ErrorMore = {}): ErrorBody {
  const { code, retry } = CHAT_ERRORS[name]
  return { code, name, retry, ...more }
}
