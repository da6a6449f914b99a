/** What a client hears when its request fails: the error of the reply, and the close that follows where it cannot go on. */
import type { AuthReason, ChatCloseName, ChatErrorName, ErrorMore } from '../protocol/index.ts'
import { ChatFault } from './chat-fault.ts'
import { AuthError } from './identity.ts'
import { StoreUnavailable } from './stores/store.ts'

export interface Failure {
  readonly error: ChatErrorName
  readonly more: ErrorMore
  /** Close with this after the error. */
  readonly close?: ChatCloseName
  /** The mistake is the server's own: it belongs into the log. */
  readonly isOurs?: true
}

const UNAVAILABLE_AFTER_MS = 1000

/** Which error a refused `auth` is, and whether it ends the connection: a name can be mended, a token cannot. */
const AUTH_FAILURES: Readonly<Record<AuthReason, Pick<Failure, 'error' | 'close'>>> = {
  missing: { error: 'unauthorized' },
  bad_name: { error: 'unauthorized' },
  no_tokens: { error: 'unauthorized', close: 'unauthorized' },
  bad_token: { error: 'unauthorized', close: 'unauthorized' },
  bad_signature: { error: 'unauthorized', close: 'unauthorized' },
  unknown_key: { error: 'unauthorized', close: 'unauthorized' },
  bad_claims: { error: 'unauthorized', close: 'unauthorized' },
  expired: { error: 'unauthorized', close: 'token_expired' },
  no_guests: { error: 'forbidden', close: 'forbidden' },
  other_user: { error: 'forbidden', close: 'forbidden' },
}

/** Tell what a request has failed with. `isKnown`: the connection has its user. */
export function explainFailure(error: unknown, { isKnown, t }: { isKnown: boolean; t: string }): Failure {
  if (error instanceof ChatFault) return { error: error.error, more: error.more }
  if (error instanceof AuthError) {
    const { reason, message: detail } = error
    return { ...AUTH_FAILURES[reason], more: { reason, detail } }
  }
  if (error instanceof StoreUnavailable) {
    const failure: Failure = { error: 'unavailable', more: { afterMs: UNAVAILABLE_AFTER_MS } }
    // Whoever cannot even come in has nothing to wait for here, and the deadline of auth would end it for good.
    return t === 'auth' && !isKnown ? { ...failure, close: 'backend_down' } : failure
  }
  return { error: 'internal', more: {}, isOurs: true }
}
