/** Who a connection belongs to: guests, who prove to be the same with a keyed digest, and holders of a token. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { type AuthReason, cleanName, type User } from '../protocol/index.ts'

export interface Identity {
  readonly user: User
  /** When the token ends, in milliseconds since 1970; guests do not end. */
  readonly expires?: number
  /** A guest's proof for later. */
  readonly session?: string
  /** Names the key that verified the token, so that its withdrawal can be noticed; guests have none. */
  readonly key?: string
}

/** Why somebody was not let in. The sentence may be shown to the user. */
export class AuthError extends Error {
  override readonly name = 'AuthError'
  readonly reason: AuthReason

  constructor(reason: AuthReason, message: string) {
    super(message)
    this.reason = reason
  }
}

/** Checks a token and says who holds it; throws `AuthError`. */
export type TokenVerifier = (token: string) => Promise<Identity>

export interface GuestRequest {
  readonly name: string
  readonly session?: string | undefined
}

/** Makes and recognises guests. The secret is the store's, so that every node and every restart agrees. */
export class Guests {
  readonly #secret: Uint8Array

  constructor(secret: Uint8Array) {
    this.#secret = secret
  }

  identify({ name, session }: GuestRequest): Identity {
    const clean = cleanName(name)
    if (clean === undefined) throw new AuthError('bad_name', 'a name has 1 to 32 visible characters')
    const id = (session !== undefined && this.#idOf(session)) || `g-${randomBytes(9).toString('base64url')}`
    return { user: { id, name: clean }, session: `${id}.${this.#sign(id)}` }
  }

  /** The id in a session that this secret has signed; a wrong session makes a new guest, and no error. */
  #idOf(session: string): string | undefined {
    const dot = session.indexOf('.')
    const id = session.slice(0, Math.max(0, dot))
    const given = Buffer.from(session.slice(dot + 1))
    const wanted = Buffer.from(this.#sign(id))
    return id.startsWith('g-') && given.length === wanted.length && timingSafeEqual(given, wanted) ? id : undefined
  }

  #sign(id: string): string {
    return createHmac('sha256', this.#secret).update(id).digest('base64url')
  }
}
