/** JSON Web Tokens, checked with keys that pin their algorithm. RFC 7519, RFC 7517, RFC 7518 3. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWK, type JWTVerifyGetKey, jwtVerify } from 'jose'
import * as v from 'valibot'
import { type AuthReason, cleanName } from '../protocol/index.ts'
import { ConfigError } from './config.ts'
import { AuthError, type Identity, type TokenVerifier } from './identity.ts'

/** What an `alg` may be: nothing that means "no signature". */
const ALGORITHMS = ['HS256', 'HS384', 'HS512', 'RS256', 'PS256', 'ES256', 'ES384', 'EdDSA', 'Ed25519']
/** RFC 7518 3.2: a shared secret MUST be as long as the hash. */
const SECRET_BYTES: Readonly<Record<string, number>> = { HS256: 32, HS384: 48, HS512: 64 }
/** Clocks of two machines differ. */
const CLOCK_TOLERANCE_S = 5

/** What the errors of the check mean to whoever holds the token; whatever else there is, the token is not in order. */
const REASONS: ReadonlyMap<string, AuthReason> = new Map([
  [errors.JWTExpired.code, 'expired'],
  [errors.JWSSignatureVerificationFailed.code, 'bad_signature'],
  [errors.JWKSNoMatchingKey.code, 'unknown_key'],
  [errors.JWTClaimValidationFailed.code, 'bad_claims'],
])

const KeySet = v.object({
  keys: v.pipe(v.array(v.looseObject({ kty: v.string(), alg: v.picklist(ALGORITHMS) })), v.minLength(1)),
})

export interface TokenSettings {
  readonly issuer: string
  readonly audience: string
}

export interface Tokens {
  readonly verify: TokenVerifier
  /** Whether the key with this name, an `Identity.key`, is still there. */
  knows(key: string): boolean
}

interface NamedKey {
  readonly jwk: JWK
  readonly name: string
  readonly get: JWTVerifyGetKey
}

/** Read a key set; every key names its algorithm. */
export function readKeySet(json: string, source: string): JSONWebKeySet {
  let parsed: unknown
  try {
    parsed = JSON.parse(json)
  } catch {
    throw new ConfigError(`${source}: JSON is required`)
  }
  const keySet = v.safeParse(KeySet, parsed)
  if (!keySet.success) {
    throw new ConfigError(`${source}: {"keys":[…]} is required, each key with kty and alg (${ALGORITHMS.join(', ')})`)
  }
  for (const { kty, alg, k } of keySet.output.keys) {
    const bytes = SECRET_BYTES[alg]
    if ((kty === 'oct') !== (bytes !== undefined))
      throw new ConfigError(`${source}: a key of kty ${kty} cannot be ${alg}`)
    if (bytes !== undefined && (typeof k !== 'string' || Buffer.from(k, 'base64url').length < bytes)) {
      throw new ConfigError(`${source}: k of at least ${bytes} bytes in base64url is required for ${alg}`)
    }
  }
  return keySet.output
}

/** Read a key set from a file. */
export function readKeyFile(path: string): JSONWebKeySet {
  let json: string
  try {
    json = readFileSync(path, 'utf8')
  } catch (error) {
    throw new ConfigError(`JWKS_FILE=${path}: ${(error as Error).message}`)
  }
  return readKeySet(json, `JWKS_FILE=${path}`)
}

/**
 * Tell a key from every other, also from one that took over its `kid`, without keeping the secret: a digest of what
 * identifies it, as in RFC 7638 3.
 */
function nameOf({ kid, alg, kty, crv, e, k, n, x, y }: JWK): string {
  return createHash('sha256')
    .update(JSON.stringify([kid, alg, kty, crv, e, k, n, x, y]))
    .digest('base64url')
}

function nameKey(jwk: JWK): NamedKey {
  const secret = jwk.kty === 'oct' ? Buffer.from(jwk.k!, 'base64url') : undefined
  return { jwk, name: nameOf(jwk), get: secret === undefined ? createLocalJWKSet({ keys: [jwk] }) : () => secret }
}

/** The one key that a token's header means: of exactly its algorithm and, when it names one, of its `kid`. */
function findKey(keys: readonly NamedKey[], header: { alg: string; kid?: string }): NamedKey {
  const fitting = keys.filter(({ jwk }) => jwk.alg === header.alg && (header.kid ?? jwk.kid) === jwk.kid)
  if (fitting.length !== 1) throw new errors.JWKSNoMatchingKey()
  return fitting[0]!
}

/** Make the check for a key set. The algorithm is the key's, whatever the token says. RFC 8725 3.1. */
export function createTokens(keySet: JSONWebKeySet, { issuer, audience }: TokenSettings): Tokens {
  const keys = keySet.keys.map(nameKey)
  const algorithms = [...new Set(keySet.keys.map(({ alg }) => alg!))]
  const names = new Set(keys.map(({ name }) => name))
  const verify = async (token: string): Promise<Identity> => {
    let key = ''
    const getKey: JWTVerifyGetKey = (header, jws) => {
      const found = findKey(keys, header)
      key = found.name
      return found.get(header, jws)
    }
    try {
      const { payload } = await jwtVerify(token, getKey, {
        algorithms,
        issuer,
        audience,
        clockTolerance: CLOCK_TOLERANCE_S,
        requiredClaims: ['sub', 'exp'],
      })
      const name = typeof payload['name'] === 'string' ? payload['name'] : payload.sub!
      const user = { id: `u-${payload.sub!}`, name: cleanName(name) ?? 'someone' }
      return { user, expires: payload.exp! * 1000, key }
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error
      throw new AuthError(REASONS.get(error.code) ?? 'bad_token', `the token is not accepted: ${error.code}`)
    }
  }
  return { verify, knows: (key) => names.has(key) }
}
