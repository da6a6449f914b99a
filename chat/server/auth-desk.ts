/** Finds out who sends an `auth`: the holder of a token, or a guest. */
import { type Handshake, tokenOf } from './handshake-token.ts'
import { AuthError, type GuestRequest, type Guests, type Identity } from './identity.ts'
import type { Tokens } from './tokens.ts'

export interface AuthRequest {
  readonly token?: string | undefined
  readonly guest?: GuestRequest | undefined
}

export class AuthDesk {
  readonly #guests: Guests | undefined
  readonly #tokens: Tokens | undefined

  /** What is `undefined` is not accepted. */
  constructor(guests: Guests | undefined, tokens: Tokens | undefined) {
    this.#guests = guests
    this.#tokens = tokens
  }

  get takesTokens(): boolean {
    return this.#tokens !== undefined
  }

  get takesGuests(): boolean {
    return this.#guests !== undefined
  }

  /** Whether the key of an identity is still there. */
  stillKnows({ key }: Identity): boolean {
    return key === undefined || this.#tokens?.knows(key) === true
  }

  /** What the token of a handshake proves: whose it is, or why it is refused; nothing, where nobody has to hear of it. */
  async prove(handshake: Handshake): Promise<Identity | AuthError | undefined> {
    // Where no tokens are taken, those meant for others do no harm.
    const found = this.takesTokens ? tokenOf(handshake) : undefined
    if (found === undefined) return undefined
    try {
      return await this.identify({ token: found.token })
    } catch (error) {
      if (!(error instanceof AuthError)) throw error
      return found.isCookie ? undefined : error
    }
  }

  /** Rejects with `AuthError` for whoever is not let in. */
  async identify({ token, guest }: AuthRequest): Promise<Identity> {
    if (token !== undefined) {
      if (this.#tokens === undefined) throw new AuthError('no_tokens', 'tokens are not accepted here')
      return this.#tokens.verify(token)
    }
    if (guest === undefined) throw new AuthError('missing', 'auth needs a token or a guest')
    if (this.#guests === undefined) throw new AuthError('no_guests', 'guests are not let in here')
    return this.#guests.identify(guest)
  }
}
