/**
 * The chat as the page sees it, without a page: one connection that heals itself, the user, the rooms, the outbox. Before
 * there is a user it only watches the rooms; afterwards everything is brought back after each reconnect.
 */
import { CHAT_PROTOCOL, LIMITS } from '../../../protocol/limits.ts'
import { closePolicy } from '../../../protocol/close-codes.ts'
import { readServerMessage, type ServerEvent } from '../../../protocol/envelope.ts'
import { encodeCid } from '../../../protocol/names.ts'
import { Heartbeat } from './heartbeat.ts'
import { Outbox, type OutboxStorage } from './outbox.ts'
import { type ConnectionState, ReconnectingSocket, type SocketLike } from './reconnecting-socket.ts'
import { RequestError, Requests } from './requests.ts'
import { RoomDirectory } from './room-directory.ts'
import { RoomSession } from './room-session.ts'
import { Sender } from './sender.ts'

export interface Identity {
  readonly name: string
  /** Names the outbox of this tab; it outlives reloads, and a server that has forgotten everybody. */
  readonly owner: string
  /** Proves to be the same guest as before. */
  readonly session?: string
}

type Hello = (ServerEvent & { t: 'hello' })['d']

export interface ChatClientOptions {
  readonly url: string
  readonly storage: OutboxStorage
  readonly connect?: (url: string, protocols: string[]) => SocketLike
  readonly isOnline?: () => boolean
  /** The server is on this very machine: it may be there although the network is not. */
  readonly isLocal?: boolean
  readonly random?: () => number
  /** Anything that is shown has changed. */
  readonly onchange: () => void
  /** The server has accepted the user; `session` is to be kept. */
  readonly onidentity?: (identity: Identity) => void
  /** A message was applied while connected. */
  readonly onmessage?: (room: string, message: { from: { id: string }; seq: number }) => void
  /** Everything is back after a reconnect; so many messages had been missed. */
  readonly onback?: (missed: number) => void
  /** The secret of the wire tap of a new connection. */
  readonly onhello?: (hello: Hello) => void
}

const FORGET_HELLO_AFTER = 1000
const AUTH_TIMEOUT = 4004

export class ChatClient {
  readonly outbox: Outbox
  readonly directory: RoomDirectory
  readonly sessions = new Map<string, RoomSession>()
  user: { readonly id: string; readonly name: string } | undefined
  hello: Hello | undefined
  /** Why the user was refused, as the name of an error. */
  refusal: string | undefined
  /** The server has said goodbye and not yet closed. */
  leaving = false
  /** Round trip of the last application ping, in milliseconds. */
  rtt: number | undefined

  readonly #options: ChatClientOptions
  readonly #socket: ReconnectingSocket
  readonly #requests: Requests
  readonly #sender: Sender
  #heartbeat: Heartbeat | undefined
  #identity: Identity | undefined
  readonly #remade = new Set<string>()
  #everReady = false
  #ready = false
  #lobbyTimer: ReturnType<typeof setTimeout> | undefined
  #lastError: string | undefined

  constructor(options: ChatClientOptions) {
    this.#options = options
    const connect = options.connect ?? ((url, protocols) => new WebSocket(url, protocols) as SocketLike)
    this.outbox = new Outbox(options.storage, () => options.onchange())
    this.#socket = new ReconnectingSocket({
      connect: () => connect(options.url, [CHAT_PROTOCOL]),
      policy: (code) => this.#policy(code),
      onstate: () => options.onchange(),
      onopen: () => {},
      onmessage: (data) => this.#receive(data),
      onlost: () => this.#lost(),
      isLocal: options.isLocal === true,
      ...(options.isOnline && { isOnline: options.isOnline }),
      ...(options.random && { random: options.random }),
    })
    this.#requests = new Requests((text) => this.#socket.send(text))
    this.directory = new RoomDirectory(this.#requests, () => options.onchange())
    this.#sender = new Sender({
      outbox: this.outbox,
      requests: this.#requests,
      session: (room) => this.sessions.get(room),
    })
  }

  get connection(): ConnectionState {
    return this.#socket.state
  }

  /** The user is known to the server on the connection of the moment. */
  get ready(): boolean {
    return this.#ready
  }

  /** The name of the last error that came before a close. */
  get lastError(): string | undefined {
    return this.#lastError
  }

  /** Connect and watch the rooms; with an identity, be that user. */
  start(identity?: Identity): void {
    if (identity !== undefined) this.#become(identity)
    this.#socket.start()
  }

  /** Be this user from now on. */
  identify(identity: Identity): void {
    this.#become(identity)
    this.refusal = undefined
    clearTimeout(this.#lobbyTimer)
    if (this.hello !== undefined) return void this.#authenticate()
    this.#socket.start()
    this.#socket.tryNow()
  }

  /** Leave for good: the user is nobody again. */
  signOut(): void {
    for (const room of this.sessions.keys()) this.#requests.tell('leave', { forget: true }, room)
    for (const session of this.sessions.values()) session.close()
    this.sessions.clear()
    for (const { cid } of this.outbox.entries) this.outbox.discard(cid)
    this.#identity = this.user = undefined
    this.#everReady = false
    this.#socket.stop()
    this.#socket.start()
  }

  stop(): void {
    this.#socket.stop()
  }

  tryNow(): void {
    this.#socket.start()
    this.#socket.tryNow()
  }

  networkChanged(online: boolean): void {
    this.#socket.networkChanged(online)
    if (online) this.#heartbeat?.probe()
  }

  /** The page is looked at again, perhaps after a long sleep. */
  wake(): void {
    if (this.#socket.state.name === 'idle') this.#socket.start()
    else this.#socket.tryNow()
    this.#heartbeat?.probe()
  }

  /** Enter a room, and stay in it over reconnects. */
  enter(room: string): RoomSession {
    const known = this.sessions.get(room)
    if (known !== undefined) return known
    const session = new RoomSession({
      room,
      requests: this.#requests,
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

  leave(room: string): void {
    this.sessions.get(room)?.close()
    this.sessions.delete(room)
    this.#requests.tell('leave', { forget: true }, room)
    this.#options.onchange()
  }

  /** Put a text into the outbox; false when it is full. */
  post(room: string, text: string, replyTo?: number): boolean {
    if (this.#identity === undefined) return false
    const cid = freshCid()
    const entry = { cid, owner: this.#identity.owner, room, text, at: Date.now() }
    const added = this.outbox.add(replyTo === undefined ? entry : { ...entry, replyTo })
    this.#sender.flush()
    return added
  }

  retry(cid: string): void {
    this.outbox.requeue(cid)
    this.#sender.flush()
  }

  /** Change an own message; answers why not, as the name of an error. */
  async edit(room: string, seq: number, text: string): Promise<string | undefined> {
    return this.#change(() => this.#requests.ask('edit', { cid: freshCid(), seq, text }, room))
  }

  /** Empty an own message; answers why not, as the name of an error. */
  async remove(room: string, seq: number): Promise<string | undefined> {
    return this.#change(() => this.#requests.ask('delete', { cid: freshCid(), seq }, room))
  }

  typing(room: string, on: boolean): void {
    if (this.sessions.get(room)?.live) this.#requests.tell('typing', { on }, room)
  }

  async #change(ask: () => Promise<unknown>): Promise<string | undefined> {
    try {
      await ask()
      return undefined
    } catch (error) {
      return (error as RequestError).body.name
    }
  }

  #become(identity: Identity): void {
    this.#identity = identity
    void this.outbox.restore(identity.owner).then(() => this.#sender.flush())
  }

  #policy(code: number): 'stop' | 'backoff' | 'soon' {
    // Nobody has said a name yet, and the server does not wait for ever: the page just looks in again.
    if (code === AUTH_TIMEOUT && this.#identity === undefined) return 'soon'
    const policy = closePolicy(code)
    return policy === 'now' ? 'soon' : policy
  }

  #receive(data: unknown): void {
    this.#heartbeat?.alive()
    if (typeof data !== 'string') return
    const message = readServerMessage(data)
    if (message === undefined) return
    if ('reply' in message) this.#requests.settle(message.reply)
    else this.#event(message.event)
  }

  #event(event: ServerEvent): void {
    switch (event.t) {
      case 'hello':
        return this.#welcome(event.d)
      case 'rooms':
        return this.directory.merge(event.d.rooms)
      case 'pong':
        this.rtt = Math.max(0, performance.now() - event.d.ts)
        return this.#options.onchange()
      case 'bye':
        this.leaving = true
        this.#socket.advise(event.d.afterMs)
        return this.#options.onchange()
      case 'expiring':
        return void this.#authenticate()
      case 'error':
        this.#lastError = event.d.name
        return
      default:
        this.sessions.get(event.room)?.take(event)
    }
  }

  #welcome(hello: Hello): void {
    this.hello = hello
    this.leaving = false
    this.#lastError = undefined
    this.#heartbeat = new Heartbeat({
      ...hello.ping,
      ping: () => this.#requests.tell('ping', { ts: performance.now() }),
      dead: () => this.#socket.drop(),
      ...(this.#options.random && { random: this.#options.random }),
    })
    this.#heartbeat.start()
    this.#options.onhello?.(hello)
    void this.directory.watch()
    if (this.#identity !== undefined) void this.#authenticate()
    else this.#stayInLobby(hello)
    this.#options.onchange()
  }

  /** Without a user the server would end the connection; look in anew shortly before that. */
  #stayInLobby(hello: Hello): void {
    const rest = Math.max(FORGET_HELLO_AFTER, hello.authBy - hello.now - FORGET_HELLO_AFTER)
    clearTimeout(this.#lobbyTimer)
    this.#lobbyTimer = setTimeout(() => {
      if (this.#identity !== undefined) return
      this.#socket.stop()
      if (globalThis.document?.visibilityState !== 'hidden') this.#socket.start()
    }, rest)
  }

  async #authenticate(): Promise<void> {
    const identity = this.#identity
    if (identity === undefined) return
    try {
      const { name, session } = identity
      const guest = session === undefined ? { name } : { name, session }
      const reply = await this.#requests.ask('auth', { guest })
      if (identity !== this.#identity) return
      const { user } = reply
      this.#identity = { ...identity, name: user.name, ...(reply.session !== undefined && { session: reply.session }) }
      this.user = user
      this.directory.merge(reply.rooms)
      this.#options.onidentity?.(this.#identity)
      if (!this.#ready) await this.#rejoin()
    } catch (error) {
      const { name, retry, afterMs } = (error as RequestError).body
      if (name === 'offline') return
      if (retry) setTimeout(() => this.hello !== undefined && void this.#authenticate(), afterMs ?? FORGET_HELLO_AFTER)
      else this.#refused(name)
    }
  }

  #refused(name: string): void {
    this.refusal = name
    this.#identity = undefined
    this.#options.onchange()
  }

  async #rejoin(): Promise<void> {
    this.#ready = true
    const back = this.#everReady
    this.#everReady = true
    this.#options.onchange()
    const missed = await Promise.all([...this.sessions.values()].map((session) => session.join()))
    if (back && this.#ready) this.#options.onback?.(missed.reduce((sum, count) => sum + count, 0))
  }

  /** A room can be gone when the server has begun anew: it is made again, once; anything else ends the stay. */
  async #roomRefused(session: RoomSession, name: string): Promise<void> {
    if (name === 'no_room' && !this.#remade.has(session.room)) {
      this.#remade.add(session.room)
      if ((await this.directory.create(session.room)) === undefined) return void session.join()
    }
    this.sessions.delete(session.room)
    this.#options.onchange()
  }

  #roomChanged(session: RoomSession): void {
    this.outbox.settle(session.room, session.log.last)
    this.#sender.flush()
    this.#options.onchange()
  }

  #lost(): void {
    this.hello = undefined
    this.#ready = false
    clearTimeout(this.#lobbyTimer)
    this.#heartbeat?.stop()
    this.#heartbeat = undefined
    for (const session of this.sessions.values()) session.lost()
    this.#requests.abort()
    this.#sender.lost()
    this.#options.onchange()
  }
}

function freshCid(): string {
  return encodeCid(crypto.getRandomValues(new Uint8Array(16)))
}

/** The longest text the server takes, in code points. */
export const TEXT_MOST: number = LIMITS.textCodePoints
