/**
 * The chat as the page sees it, without a page: one connection, the user, the rooms, the outbox. Before there is a user it
 * only watches the rooms; afterwards everything is brought back after each reconnect.
 */
import { ChatClose } from '../../../protocol/close-codes.ts'
import type { ServerEvent } from '../../../protocol/envelope.ts'
import { encodeCid } from '../../../protocol/names.ts'
import { ChatLink, type ChatLinkOptions, type Hello, type LinkState } from './chat-link.ts'
import { isLobbyClose, Lobby } from './lobby.ts'
import { Login, type Identity } from './login.ts'
import { Outbox, type OutboxStorage } from './outbox.ts'
import { whyNot } from './requests.ts'
import { RoomDirectory } from './room-directory.ts'
import { RoomSession } from './room-session.ts'
import { Sender } from './sender.ts'

export interface ChatClientOptions extends Pick<
  ChatLinkOptions,
  'url' | 'connect' | 'isLocal' | 'random' | 'onchange' | 'onhello'
> {
  readonly storage: OutboxStorage
  /** The server has accepted the user; `session` is to be kept. */
  readonly onidentity?: (identity: Identity) => void
  /** A message was applied while connected. */
  readonly onmessage?: (room: string, message: { from: { id: string }; seq: number }) => void
  /** Everything is back after a reconnect: so many messages had been missed, and these, by their `cid`, had been waiting. */
  readonly onback?: (missed: number, queued: readonly string[]) => void
  /** A room cannot be entered, or not any more; why, as the name of an error. */
  readonly onrefused?: (room: string, reason: string) => void
}

export class ChatClient {
  readonly outbox: Outbox
  readonly directory: RoomDirectory
  readonly sessions = new Map<string, RoomSession>()
  readonly link: ChatLink
  readonly login: Login
  readonly #options: ChatClientOptions
  readonly #lobby: Lobby
  readonly #sender: Sender
  /** Rooms that were made again, and not entered since. */
  readonly #remade = new Set<string>()
  #everReady = false
  #ready = false

  constructor(options: ChatClientOptions) {
    const { onchange } = options
    this.#options = options
    this.outbox = new Outbox(options.storage, onchange)
    this.link = new ChatLink({
      ...options,
      comesBack: (code) => this.#comesBack(code),
      onhello: (hello) => this.#welcome(hello),
      onevent: (event) => this.#event(event),
      onlost: () => this.#lost(),
    })
    this.#lobby = new Lobby(this.link)
    const { requests } = this.link
    this.login = new Login({
      link: this.link,
      onchange,
      onaccepted: (identity, reply) => {
        this.directory.merge(reply.rooms)
        options.onidentity?.(identity)
        if (!this.#ready) void this.#rejoin()
      },
      onstranger: () => this.#restart(),
    })
    this.directory = new RoomDirectory(requests, onchange)
    this.#sender = new Sender({ outbox: this.outbox, requests, session: (room) => this.sessions.get(room) })
  }

  get connection(): LinkState {
    return this.link.state
  }

  /** The user is known to the server on the connection of the moment. */
  get ready(): boolean {
    return this.#ready
  }

  /** Connect and watch the rooms; with an identity, be that user. */
  start(identity?: Identity): void {
    if (identity !== undefined) this.#become(identity)
    this.link.start()
  }

  /** Be this user from now on. */
  identify(identity: Identity): void {
    this.#become(identity)
    this.#lobby.leave()
    if (this.link.hello !== undefined) void this.login.authenticate()
    else this.link.tryNow()
  }

  /** Leave for good: the user is nobody again. */
  signOut(): void {
    for (const room of this.sessions.keys()) this.link.requests.tell('leave', { forget: true }, room)
    for (const session of this.sessions.values()) session.close()
    this.sessions.clear()
    for (const { cid } of this.outbox.entries) this.outbox.discard(cid)
    this.login.forget()
    this.#everReady = false
    this.#restart()
  }

  /** Somebody looks at the page: a visitor without a name, who was let go in the meantime, watches the rooms again. */
  wake(): void {
    if (this.link.state.name === 'idle') this.link.start()
  }

  /** Enter a room, and stay in it over reconnects. */
  enter(room: string): RoomSession {
    const known = this.sessions.get(room)
    if (known !== undefined) return known
    const session = new RoomSession({
      room,
      requests: this.link.requests,
      onchange: () => this.#roomChanged(session),
      onmessage: (message) => {
        this.outbox.acknowledged(message.cid)
        this.#options.onmessage?.(room, message)
      },
      onrefused: (name) => void this.#roomRefused(session, name),
    })
    this.sessions.set(room, session)
    if (this.#ready) void session.join()
    return session
  }

  /** Leave a room; what was not sent there goes with it, or it would go out at some later visit. */
  leave(room: string): void {
    for (const entry of this.outbox.entries) if (entry.room === room) this.outbox.discard(entry.cid)
    this.sessions.get(room)?.close()
    this.sessions.delete(room)
    this.link.requests.tell('leave', { forget: true }, room)
    this.#options.onchange()
  }

  /** Put a text into the outbox; false when it is full. */
  post(room: string, text: string, replyTo?: number): boolean {
    const { identity } = this.login
    if (identity === undefined) return false
    const entry = { cid: freshCid(), owner: identity.owner, room, text, at: Date.now() }
    const added = this.outbox.add(replyTo === undefined ? entry : { ...entry, replyTo })
    this.#sender.flush()
    return added
  }

  retry(cid: string): void {
    this.outbox.requeue(cid)
    this.#sender.flush()
  }

  /** Change an own message; answers why not, as the name of an error. */
  edit(room: string, seq: number, text: string): Promise<string | undefined> {
    return whyNot(this.link.requests.ask('edit', { cid: freshCid(), seq, text }, room))
  }

  /** Empty an own message; answers why not, as the name of an error. */
  remove(room: string, seq: number): Promise<string | undefined> {
    return whyNot(this.link.requests.ask('delete', { cid: freshCid(), seq }, room))
  }

  typing(room: string, on: boolean): void {
    if (this.sessions.get(room)?.live) this.link.requests.tell('typing', { on }, room)
  }

  /** Begin on a fresh connection, on which nobody is anybody yet. */
  #restart(): void {
    this.link.stop()
    this.link.start()
  }

  #become(identity: Identity): void {
    this.login.become(identity)
    void this.outbox.restore(identity.owner).then(() => this.#sender.flush())
  }

  /** A token that was revoked can be replaced; and what ends a stay in the lobby ends nothing. */
  #comesBack(code: number): boolean {
    if (code === ChatClose.revoked) this.login.revoked()
    return !this.login.isSomebody && isLobbyClose(code)
  }

  #event(event: ServerEvent): void {
    switch (event.t) {
      case 'rooms':
        return this.directory.merge(event.d.rooms)
      case 'expiring':
        return this.login.expires(event.d.expires)
      default:
        if ('room' in event) this.sessions.get(event.room)?.take(event)
    }
  }

  #welcome(hello: Hello): void {
    this.#options.onhello(hello)
    void this.directory.watch()
    if (this.login.isSomebody) void this.login.authenticate()
    else this.#lobby.stay(hello)
    this.#options.onchange()
  }

  async #rejoin(): Promise<void> {
    this.#ready = true
    const back = this.#everReady
    this.#everReady = true
    this.#options.onchange()
    const queued = this.outbox.entries.filter(({ state }) => state === 'queued').map(({ cid }) => cid)
    const missed = await Promise.all([...this.sessions.values()].map((session) => session.join()))
    const count = missed.reduce((sum, one) => sum + one, 0)
    if (back && this.#ready) this.#options.onback?.(count, queued)
  }

  /** A room can be gone when the server has begun anew: it is made again, once; anything else ends the stay. */
  async #roomRefused(session: RoomSession, name: string): Promise<void> {
    if (name === 'no_room' && !this.#remade.has(session.room)) {
      this.#remade.add(session.room)
      if ((await this.directory.create(session.room)) === undefined) return void session.join()
    }
    this.sessions.delete(session.room)
    for (const { cid, room, state } of this.outbox.entries) {
      if (room === session.room && state !== 'stored') this.outbox.failed(cid, name)
    }
    this.#options.onrefused?.(session.room, name)
    this.#options.onchange()
  }

  #roomChanged(session: RoomSession): void {
    if (session.live) this.#remade.delete(session.room)
    this.outbox.settle(session.room, session.log.last)
    this.#sender.flush()
    this.#options.onchange()
  }

  #lost(): void {
    this.#ready = false
    this.#lobby.leave()
    for (const session of this.sessions.values()) session.lost()
    this.#sender.lost()
    this.#options.onchange()
  }
}

function freshCid(): string {
  return encodeCid(crypto.getRandomValues(new Uint8Array(16)))
}
