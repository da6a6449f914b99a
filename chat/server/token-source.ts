/** Where the keys of tokens come from, and how they are read again. */
import type { Config } from './config.ts'
import { createTokens, readKeyFile, readKeySet, type Tokens } from './tokens.ts'

/** The keys of the moment. */
export interface TokenSource extends Tokens {
  /** Read the file again; a file that cannot be used throws, and the old keys stay. */
  reload(): void
}

/** `undefined` when no keys are configured. */
export function readTokens(config: Config): TokenSource | undefined {
  const { JWT_KEYS, JWKS_FILE, JWT_ISSUER: issuer, JWT_AUDIENCE: audience } = config
  if (JWT_KEYS === '' && JWKS_FILE === '') return undefined
  const read = (): Tokens => {
    const keySet = JWKS_FILE === '' ? readKeySet(JWT_KEYS, 'JWT_KEYS') : readKeyFile(JWKS_FILE)
    return createTokens(keySet, { issuer, audience })
  }
  let current = read()
  return {
    verify: (token) => current.verify(token),
    knows: (key) => current.knows(key),
    reload() {
      current = read()
    },
  }
}
