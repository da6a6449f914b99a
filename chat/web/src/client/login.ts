/**
 * Who the user is: a guest with a name, or the holder of a token. Says so on each new connection, and remembers a refusal
 * until there is something else to say.
 */
import type { ChatLink } from './chat-link.ts'
import type { RequestError } from './requests.ts'
import type { ReplyBody } from '../../../protocol/requests.ts'

export interface Identity {
  /** For a guest the name wished for; for the holder of a token the name in it, once known. */
  readonly name: string
  /** Names the outbox of this tab; it outlives reloads, and a server that has forgotten everybody. */
  readonly owner: string
  /** Proves to be the same guest as before. */
  readonly session?: string
  /** A JSON Web Token, instead of a guest's name. */
  readonly token?: string
  /**
   * The id of the token's holder, once known: what was written and not sent is theirs, and nobody else's. Without a
   * `token`, whom the browser's cookie lets in.
   */
  readonly user?: string
}

function isGuest({ token, user }: Identity): boolean {
  return token === undefined && user === undefined
}

/** Why the user was not let in. A server newer than the page may name a reason that the page has no words for. */
export interface Refusal {
  readonly of: 'guest' | 'token'
  readonly reason: string
  /** Who would be let in, where that is somebody else. */
  readonly name?: string
}

export interface LoginOptions {
  readonly link: Pick<ChatLink, 'requests' | 'hello' | 'previous'>
  readonly onchange: () => void
  /** Accepted. */
  readonly onaccepted: (identity: Identity, reply: ReplyBody<'auth'>) => void
  /** The server has let in somebody else than the user so far: this connection is not to be used. */
  readonly onstranger: () => void
}

/** How soon auth is tried again when the server gives no time, in milliseconds. */
const AGAIN_AFTER = 1000

export class Login {
  readonly #options: LoginOptions
  #identity: Identity | undefined
  user: { readonly id: string; readonly name: string } | undefined
  refusal: Refusal | undefined
  /** When the token ends, in milliseconds since 1970, once the server warns of it. */
  expiring: number | undefined

  constructor(options: LoginOptions) {
    this.#options = options
  }

  get identity(): Identity | undefined {
    return this.#identity
  }

  /** Somebody is named who was not refused. */
  get isSomebody(): boolean {
    return this.#identity !== undefined && this.refusal === undefined
  }

  /** Be this user from now on. */
  become(identity: Identity): void {
    this.#identity = identity
    this.refusal = undefined
  }

  /** Be nobody again. */
  forget(): void {
    this.#identity = this.user = this.expiring = undefined
  }

  /** Tell the server. */
  async authenticate(): Promise<void> {
    const identity = this.#identity
    if (identity === undefined || this.refusal !== undefined) return
    const { name, session, token } = identity
    const guest = session === undefined ? { name } : { name, session }
    const { requests, previous, hello } = this.#options.link
    const hasCookie = token === undefined && !isGuest(identity)
    if (hasCookie && hello?.user === undefined) return this.#refuse('expired')
    const who = hasCookie ? {} : token === undefined ? { guest } : { token }
    try {
      const reply = await requests.ask('auth', previous === undefined ? who : { ...who, replaces: previous })
      if (identity !== this.#identity) return
      const { user } = reply
      if (identity.user !== undefined && identity.user !== user.id) {
        this.#refuse('other_user', user.name)
        return this.#options.onstranger()
      }
      const { session: proof } = reply
      const known = isGuest(identity) ? proof !== undefined && { session: proof } : { user: user.id }
      this.#identity = { ...identity, name: user.name, ...known }
      this.user = user
      this.expiring = undefined
      this.#options.onaccepted(this.#identity, reply)
    } catch (error) {
      if (identity === this.#identity) this.#failed(error as RequestError)
    }
  }

  /** The token ends soon. A guest's word can just be given again; a token must be replaced by the user. */
  expires(at: number): void {
    if (this.#identity === undefined || isGuest(this.#identity)) return void this.authenticate()
    this.expiring = at
    this.#options.onchange()
  }

  /** The server takes the token of the user no longer. */
  revoked(): void {
    if (this.#identity !== undefined && !isGuest(this.#identity)) this.#refuse('revoked')
  }

  #failed({ body }: RequestError): void {
    if (body.name === 'offline') return
    const { link } = this.#options
    if (body.retry) {
      setTimeout(() => link.hello !== undefined && void this.authenticate(), body.afterMs ?? AGAIN_AFTER)
      return
    }
    this.#refuse(body.reason ?? body.name)
  }

  #refuse(reason: string, name?: string): void {
    const of = this.#identity === undefined || isGuest(this.#identity) ? 'guest' : 'token'
    this.refusal = name === undefined ? { of, reason } : { of, reason, name }
    this.#options.onchange()
  }
}
