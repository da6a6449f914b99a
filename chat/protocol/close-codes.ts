/**
 * The close codes of `chat.v1`, grouped by what a client does next: stop, come back later, come back at once. A node that
 * goes down closes with 1012.
 */
import type { ChatErrorName } from './error-codes.ts'

export const ChatClose = {
  // 4000-4099: stop. Coming back with the same input would end the same way.
  bad_protocol: 4000,
  unauthorized: 4001,
  version: 4002,
  forbidden: 4003,
  auth_timeout: 4004,
  replaced: 4005,
  kicked: 4006,
  revoked: 4010,
  // 4100-4199: back off.
  overloaded: 4100,
  rate_limited: 4101,
  too_many_connections: 4102,
  slow_consumer: 4103,
  backend_down: 4104,
  // 4200-4299: come back now, with jitter.
  heartbeat_timeout: 4201,
  token_expired: 4202,
  state_lost: 4203,
  ack_timeout: 4204,
} as const

export type ChatCloseName = keyof typeof ChatClose
export type ChatCloseCode = (typeof ChatClose)[ChatCloseName]

export type ClosePolicy = 'stop' | 'backoff' | 'now'

/** One sentence for every code, for documents and for people who look at the wire. */
export const CLOSE_MEANING: Readonly<Record<ChatCloseName, string>> = {
  bad_protocol: 'too many malformed messages, or something that is not chat.v1',
  unauthorized: 'the token is missing, wrong or ended',
  version: 'the offered subprotocol is another version of chat',
  forbidden: 'guests are not let in here, or the connection belongs to another user',
  auth_timeout: 'no auth within 10 s',
  replaced: 'a newer connection of the same page has taken over (`auth.replaces`)',
  kicked: 'an operator has ended the connection',
  revoked: 'the key that signed the token is gone',
  overloaded: 'the server has as many connections as it takes',
  rate_limited: 'too many messages',
  too_many_connections: 'too many connections of this user',
  slow_consumer: 'more than 1 MiB waits to be read',
  backend_down: 'the store cannot be reached, so that nobody can be let in',
  heartbeat_timeout: 'nothing was heard for too long',
  token_expired: 'the token ended while connected; authenticate anew',
  state_lost: 'a room that the connection was in is no longer in the store',
  ack_timeout: 'messages were delivered four times without an ack',
}

/** The error that is told before a close, where a user may want to read why. */
export const CLOSE_ERROR: Readonly<Partial<Record<ChatCloseName, ChatErrorName>>> = {
  unauthorized: 'unauthorized',
  version: 'bad_request',
  forbidden: 'forbidden',
  auth_timeout: 'unauthorized',
  kicked: 'forbidden',
  revoked: 'unauthorized',
  overloaded: 'unavailable',
  rate_limited: 'rate_limited',
  too_many_connections: 'rate_limited',
  backend_down: 'unavailable',
  token_expired: 'unauthorized',
  state_lost: 'no_room',
}

/**
 * Tell what a client does after a close. 1000 and 4000-4099 stop; 4100-4199 and 1013 back off; 4200-4299, 1001 and 1012
 * come back at once; everything else (1006 above all) backs off.
 */
export function closePolicy(code: number): ClosePolicy {
  if (code === 1000 || code === 1003 || (code >= 4000 && code < 4100)) return 'stop'
  if (code === 1001 || code === 1012 || (code >= 4200 && code < 4300)) return 'now'
  return 'backoff'
}
