/** What can be told of a token before anybody is asked. Whether it is good, the server alone knows. RFC 7519, RFC 7515 7.1. */
import { LIMITS } from '../../../protocol/limits.ts'

/** The envelope of `auth`, and what is asked before it, need a part of what the server reads from a stranger. */
const ENVELOPE_BYTES = 192
/** Characters of a token at most. */
export const TOKEN_MOST: number = LIMITS.bytesBeforeAuth - ENVELOPE_BYTES

export type TokenProblem = 'missing' | 'shape' | 'tooLong'

/** Header, claims and signature in base64url, between them dots. */
const COMPACT = /^[\w-]+\.[\w-]+\.[\w-]+$/

/** Pasted text as a token: without what copying adds, a `Bearer` or line breaks. */
export function cleanToken(text: string): string {
  return text.replace(/^\s*bearer\s+/i, '').replaceAll(/\s+/g, '')
}

/** Why this cannot be a token, if so. */
export function tokenProblem(token: string): TokenProblem | undefined {
  if (token === '') return 'missing'
  if (token.length > TOKEN_MOST) return 'tooLong'
  return COMPACT.test(token) ? undefined : 'shape'
}
