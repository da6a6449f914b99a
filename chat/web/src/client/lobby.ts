/**
 * Looking at the rooms without being anybody. The server does not wait for ever for a name, so that the page leaves in time and
 * looks in anew.
 */
import { ChatClose } from '../../../protocol/close-codes.ts'
import type { ChatLink, Hello } from './chat-link.ts'

/** So long before the server's patience ends the page goes, in milliseconds. */
const MARGIN = 1000
/** What ends a connection on which nobody is, or is any more. */
const CODES: readonly number[] = [
  ChatClose.auth_timeout,
  ChatClose.unauthorized,
  ChatClose.forbidden,
  ChatClose.revoked,
]

/** Whether a close with this code means no more than: nobody has said a name that was accepted. */
export function isLobbyClose(code: number): boolean {
  return CODES.includes(code)
}

export class Lobby {
  readonly #link: ChatLink
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(link: ChatLink) {
    this.#link = link
  }

  /** Watch the rooms as long as somebody looks. */
  stay({ authBy, now }: Hello): void {
    this.leave()
    this.#timer = setTimeout(
      () => {
        this.#link.stop()
        if (globalThis.document?.visibilityState !== 'hidden') this.#link.start()
      },
      Math.max(MARGIN, authBy - now - MARGIN),
    )
  }

  /** There is a user now, or no connection. */
  leave(): void {
    clearTimeout(this.#timer)
  }
}
