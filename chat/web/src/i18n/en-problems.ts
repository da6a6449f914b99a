/** What can go wrong, in English: the errors and the close codes of the protocol by their names, and tokens. */
import type { ChatCloseName } from '../../../protocol/close-codes.ts'
import type { AuthReason, ChatErrorName } from '../../../protocol/error-codes.ts'

/** Reasons that the page finds itself, beside those of the server. */
export type LocalProblem = 'offline' | 'timeout' | 'bad_reply' | 'expired'

export const problems = {
  errors: {
    bad_request: 'not understood',
    unknown_type: 'unknown to this server',
    unauthorized: 'not accepted',
    forbidden: 'not allowed',
    no_room: 'no such room',
    no_message: 'the message is no longer kept',
    conflict: 'it exists already, or is not possible now',
    too_large: 'too long',
    rate_limited: 'too fast',
    internal: 'server error',
    unavailable: 'not available right now',
    offline: 'not connected',
    timeout: 'no answer',
    bad_reply: 'the answer was not understood',
    expired: 'waited longer than a day',
  } satisfies Record<ChatErrorName | LocalProblem, string>,
  closes: {
    bad_protocol: 'this page does not fit the server; please reload',
    unauthorized: 'not accepted',
    version: 'this page is too old for the server; please reload',
    forbidden: 'not allowed here',
    auth_timeout: 'no name was given in time',
    replaced: 'this session was opened elsewhere',
    kicked: 'you were removed',
    revoked: 'the token was revoked',
    overloaded: 'the server has too much to do',
    rate_limited: 'too many messages',
    too_many_connections: 'too many connections',
    slow_consumer: 'too much was waiting to be read',
    backend_down: 'the store cannot be reached',
    heartbeat_timeout: 'nothing was heard for too long',
    token_expired: 'the token has ended',
    state_lost: 'the server has begun anew',
    ack_timeout: 'messages were never acknowledged',
  } satisfies Record<ChatCloseName, string>,
  /** A close code or an error that has no words. */
  other: (code: number | string) => `code ${code}`,
  /** Why somebody was not let in. */
  refused: {
    missing: 'Neither a name nor a token was given.',
    bad_name: 'The name was not accepted.',
    no_guests: 'Guests are not let in here; a token is required.',
    no_tokens: 'This server takes no tokens.',
    bad_token: 'The server does not accept this token.',
    bad_signature: 'The signature of this token does not fit the keys of the server.',
    unknown_key: 'The server does not know the key that signed this token.',
    bad_claims: 'This token was made for something else: its issuer, audience or subject does not fit.',
    expired: 'This token has ended. Please get a new one.',
    other_user: 'This token belongs to another user.',
    revoked: 'This token was revoked. Please get a new one.',
  } satisfies Record<AuthReason | 'revoked', string>,
  /** A reason that has no words. */
  refusedOtherwise: (reason: string) => `You were not let in (${reason}).`,
  token: {
    label: 'Access token',
    hint: 'This server lets in holders of a token (a JWT). Whoever runs it can give you one.',
    placeholder: 'eyJ…',
    checking: 'Checking the token…',
    missing: 'Please paste a token.',
    shape: 'This is no JWT: three parts with dots between them are required.',
    tooLong: (most: number) => `A token has at most ${most} characters here.`,
    expiring: (time: string) => `Your token ends at ${time}.`,
    kept: 'What you write is kept.',
    stranger: (me: string, name?: string) =>
      `This token belongs to ${name ?? 'another user'}, and you are ${me}. Use another token of yours, or leave.`,
    change: (me: string, name?: string) =>
      `Leave as ${me}, drop what was not sent, and come in as ${name ?? 'the other user'}`,
    renew: 'Use new token',
    newLabel: 'New access token',
  },
}
