/** Finds out who sends an `auth`: the holder of a token, or a guest. */
import { AuthError, type GuestRequest, type Guests, type Identity, type TokenVerifier } from './identity.ts'

export interface AuthRequest {
  readonly token?: string | undefined
  readonly guest?: GuestRequest | undefined
}

export class AuthDesk {
  readonly #guests: Guests | undefined
  readonly #verifyToken: TokenVerifier | undefined

  /** What is `undefined` is not accepted. */
  constructor(guests: Guests | undefined, verifyToken: TokenVerifier | undefined) {
    this.#guests = guests
    this.#verifyToken = verifyToken
  }

  get takesTokens(): boolean {
    return this.#verifyToken !== undefined
  }

  get takesGuests(): boolean {
    return this.#guests !== undefined
  }

  /** Rejects with `AuthError` for whoever is not let in. */
  async identify({ token, guest }: AuthRequest): Promise<Identity> {
    if (token !== undefined) {
      if (this.#verifyToken === undefined) throw new AuthError('bad_token', 'tokens are not accepted here')
      return this.#verifyToken(token)
    }
    if (guest === undefined) throw new AuthError('bad_name', 'auth needs a token or a guest')
    if (this.#guests === undefined) throw new AuthError('no_guests', 'guests are not let in here')
    return this.#guests.identify(guest)
  }
}
