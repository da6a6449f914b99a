/** Errors and closes of the protocol in the words of the page. */
import { ChatClose } from '../../../protocol/close-codes.ts'
import type { Refusal } from '../client/login.ts'
import { t } from './index.ts'

/** An error of the server, or of the client itself, by its name. */
export function errorText(name: string): string {
  const words: Readonly<Record<string, string | undefined>> = t.value.errors
  return words[name] ?? t.value.other(name)
}

/** Why a connection was closed. */
export function closeText(code: number): string {
  const entry = Object.entries(ChatClose).find(([, one]) => one === code)
  return entry === undefined ? t.value.other(code) : t.value.closes[entry[0] as keyof typeof ChatClose]
}

/** The server tells developers what was wrong with a token; the names are those of the JOSE errors. */
const TOKEN_PROBLEMS = [
  [/has ended/, 'expired'],
  [/another user/, 'otherUser'],
  [/ERR_JWS_SIGNATURE/, 'signature'],
  [/ERR_JWKS/, 'key'],
  [/ERR_JWT_CLAIM/, 'claims'],
] as const

/** Why somebody was not let in. */
export function refusalText({ of, detail }: Refusal): string {
  if (of === 'name') return t.value.nameRefused
  if (of === 'guest') return t.value.token.guestsRefused
  const [, problem = 'other'] = TOKEN_PROBLEMS.find(([pattern]) => pattern.test(detail)) ?? []
  return t.value.token.refused[problem]
}
