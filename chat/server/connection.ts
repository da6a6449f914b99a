/** One `chat.v1` connection: reads its messages, keeps its limits, runs its requests in order. It knows only a `Peer`. */
import {
  ChatClose,
  CLOSE_ERROR,
  type ChatCloseName,
  type ChatErrorName,
  type Entry,
  errorBody,
  type ErrorMore,
  LIMITS,
  readRequest,
  type Request,
  type User,
  writeEvent,
  writeFailure,
  writeReply,
} from '../protocol/index.ts'
import { explainFailure } from './failure.ts'
import { ConnectionFaults } from './faults.ts'
import { handle } from './handlers.ts'
import type { Hub } from './hub.ts'
import { AuthError, type Identity } from './identity.ts'
import type { Member, Recipient } from './member.ts'
import type { Peer, PeerEnd } from './peer.ts'
import { TokenBucket, Window } from './rate-limit.ts'
import type { Room } from './room.ts'

export interface Joined {
  readonly room: Room
  readonly member: Member
}

export class ChatConnection implements Recipient {
  readonly id: string
  readonly hub: Hub
  readonly peer: Peer
  readonly joined = new Map<string, Joined>()
  readonly opened: number
  readonly sends: TokenBucket
  readonly faults = new ConnectionFaults()
  /** Where the page can look at this connection's bytes. */
  readonly wire: { readonly path: string; readonly secret: string } | undefined
  identity: Identity | undefined
  watchesRooms = false
  /** An earlier connection of the same page, which this one takes the place of. */
  replaces: string | undefined
  lastTyping = Number.NEGATIVE_INFINITY
  readonly #frames = new Window(LIMITS.frames, LIMITS.framesWindowMs)
  #heard: number
  #closedWith: number | undefined
  readonly #beforeAuth = { frames: 0, bytes: 0 }
  #malformed = 0
  #warned = false
  #queue: Promise<void> = Promise.resolve()
  #over = false

  constructor(hub: Hub, peer: Peer, { id, wire }: { id: string; wire?: ChatConnection['wire'] }) {
    this.hub = hub
    this.peer = peer
    this.id = id
    this.wire = wire
    this.opened = this.#heard = Date.now()
    this.sends = new TokenBucket(LIMITS.sendsPerSecond, LIMITS.sendBurst, this.opened)
  }

  get user(): User | undefined {
    return this.identity?.user
  }

  get userId(): string {
    return this.identity?.user.id ?? ''
  }

  /** The code this side has closed with. */
  get closedWith(): number | undefined {
    return this.#closedWith
  }

  /** Whether it was ended for good, so that nobody has to wait for its return. */
  get isSentAway(): boolean {
    return this.#closedWith === ChatClose.replaced || this.#closedWith === ChatClose.kicked
  }

  get isOver(): boolean {
    return this.#over
  }

  /** Greet. Whose token came with the handshake is in already; whose was refused hears why, and goes. */
  begin(proven?: Identity | AuthError): void {
    const identity = proven instanceof AuthError ? undefined : proven
    if (identity !== undefined) this.identify(identity)
    this.sendText(writeEvent('hello', this.hub.helloOf(this)))
    if (identity !== undefined) this.#queue = this.hub.authenticated(this, identity)
    else if (proven !== undefined) this.#failed({ t: 'auth', id: undefined }, proven)
  }

  /** Take a text message. */
  receive(text: string): void {
    if (this.#over) return
    const now = (this.#heard = Date.now())
    if (!this.#frames.take(now)) return this.closeWith('rate_limited', 'over 120 messages in 10 s')
    if (this.identity === undefined) {
      const frames = (this.#beforeAuth.frames += 1)
      const bytes = (this.#beforeAuth.bytes += Buffer.byteLength(text))
      if (frames > LIMITS.framesBeforeAuth || bytes > LIMITS.bytesBeforeAuth) {
        return this.closeWith('unauthorized', 'over 4 messages or 8 KiB before auth')
      }
    }
    const read = readRequest(text)
    if (!read.ok) {
      this.#malformed += 1
      this.#fail(read.refusal.id, read.refusal.error, { detail: read.refusal.detail })
      if (this.#malformed >= LIMITS.malformed) this.closeWith('bad_protocol', 'five malformed messages')
      return
    }
    // A ping measures the way, not the work.
    if (read.request.t === 'ping') this.#ping(read.request.id, read.request.d.ts)
    // An ack without a reply is the most frequent message there is, and waits for nothing.
    else if (read.request.t === 'ack' && read.request.id === undefined) this.#ack(read.request.room, read.request.d.seq)
    else this.#enqueue(read.request)
  }

  /** Take a binary message: there are none in `chat.v1`. RFC 6455 7.4.1: 1003 is for data that cannot be accepted. */
  receiveBinary(): void {
    this.close(1003, 'chat.v1 is text')
  }

  /** A sign of life that is no message. */
  alive(): void {
    this.#heard = Date.now()
  }

  /** The socket is gone. */
  ended(end: PeerEnd): void {
    this.#over = true
    this.hub.gone(this, end)
  }

  sendText(text: string): void {
    if (this.#over) return
    this.peer.send(text)
    if (this.peer.bufferedAmount > LIMITS.sendQueueBytes) {
      // Nothing more is added. Whoever reads on finds the reason; whoever does not is cut off by the close's own deadline.
      this.close(ChatClose.slow_consumer, 'over 1 MiB waits to be read')
    }
  }

  sendEntry(entry: Entry, text: string): void {
    for (let times = this.faults.timesSent(entry); times > 0; times -= 1) this.sendText(text)
  }

  /** Tell why, then close with a code of the policy. */
  closeWith(name: ChatCloseName, detail: string): void {
    const error = CLOSE_ERROR[name]
    if (error !== undefined && !this.#over) this.#fail(undefined, error, { detail })
    this.close(ChatClose[name], detail)
  }

  /** Called about once a second: deadlines of auth, token, life and acks. */
  tick(now: number): void {
    if (this.#over) return
    if (this.identity === undefined && now - this.opened >= LIMITS.authTimeoutMs) {
      return this.closeWith('auth_timeout', 'no auth within 10 s')
    }
    // Two pings and the time for an answer: whoever is silent for that long is gone.
    if (now - this.#heard >= 2 * LIMITS.pingEveryMs + LIMITS.pingTimeoutMs) {
      return this.closeWith('heartbeat_timeout', 'nothing heard for 60 s')
    }
    this.#checkToken(now)
    for (const { room, member } of this.joined.values()) {
      const state = member.checkAck(now)
      if (state === 'give-up') return this.closeWith('ack_timeout', 'no ack after three redeliveries')
      if (state === 'redeliver') void this.hub.redeliver(this, room, member)
    }
  }

  /** Resolves when all requests so far are done. */
  settled(): Promise<void> {
    return this.#queue
  }

  #checkToken(now: number): void {
    // Asked again and again: keys can be taken away at any time, also while somebody is being let in.
    const isKnown = this.identity === undefined || this.hub.desk.stillKnows(this.identity)
    if (!isKnown) return this.closeWith('revoked', 'the key of the token is gone')
    const { expires = Number.POSITIVE_INFINITY } = this.identity ?? {}
    if (now >= expires) return this.closeWith('token_expired', 'the token has ended')
    if (!this.#warned && expires - now <= LIMITS.expiringMs) {
      this.#warned = true
      this.sendText(writeEvent('expiring', { expires }))
    }
  }

  /** Take on an identity; a new token may warn again. */
  identify(identity: Identity): void {
    this.identity = identity
    this.#warned = false
  }

  #ping(id: number | undefined, ts: number): void {
    const pong = { ts, now: Date.now() }
    this.sendText(id === undefined ? writeEvent('pong', pong) : writeReply('ping', id, pong))
  }

  #ack(room: string, seq: number): void {
    const joined = this.joined.get(room)
    if (joined === undefined) return this.#fail(undefined, 'conflict', { detail: 'join the room first' })
    joined.member.ack(seq, Date.now())
    this.hub.mark(room, this.userId, 'cursor', seq)
  }

  #enqueue(request: Request): void {
    this.#queue = this.#queue.then(() => this.#run(request))
  }

  async #run(request: Request): Promise<void> {
    if (this.#over) return
    try {
      const reply = await handle(this, request)
      const lost = this.faults.swallowsReply(request)
      if (request.id !== undefined && reply !== undefined && !lost) {
        this.sendText(writeReply(request.t, request.id, reply.d as never))
      }
      reply?.after?.()
    } catch (error) {
      this.#failed(request, error)
    }
  }

  #failed(request: Pick<Request, 't' | 'id'>, error: unknown): void {
    const failure = explainFailure(error, { isKnown: this.identity !== undefined, t: request.t })
    if (failure.isOurs) this.hub.events.error(error)
    this.#fail(request.id, failure.error, failure.more)
    if (failure.close !== undefined) this.close(ChatClose[failure.close], failure.more.detail ?? failure.error)
  }

  #fail(id: number | undefined, error: ChatErrorName, more: ErrorMore): void {
    const body = errorBody(error, more)
    this.hub.events.refused(error)
    this.sendText(id === undefined ? writeEvent('error', body) : writeFailure(id, body))
  }

  /** Close with any code. */
  close(code: number, reason: string): void {
    if (this.#over) return
    this.#over = true
    this.#closedWith = code
    this.peer.close(code, reason)
  }
}
