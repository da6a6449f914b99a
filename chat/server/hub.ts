/** The node: all its connections and rooms, tied to a backend. Everything that `chat.v1` does happens here, without a socket. */
import {
  type ChatErrorName,
  type EventBody,
  type JoinReply,
  LIMITS,
  PROTOCOL_VERSION,
  type RequestBody,
} from '../protocol/index.ts'
import { ChatConnection } from './connection.ts'
import { ChatFault } from './chat-fault.ts'
import { newConnectionId, nodeOf } from './connection-id.ts'
import { AuthDesk } from './auth-desk.ts'
import { Departures } from './departures.ts'
import type { AuthError, Guests, Identity } from './identity.ts'
import { answerJoin } from './join.ts'
import { Lobby } from './lobby.ts'
import { MarkWriter } from './mark-writer.ts'
import type { Member } from './member.ts'
import type { Peer, PeerEnd } from './peer.ts'
import { type Room, type RoomEvents, writeEntry } from './room.ts'
import { RoomDirectory } from './room-directory.ts'
import { RoomWatch } from './room-watch.ts'
import type { AppendRequest, AppendResult, Backend, Marks } from './stores/store.ts'
import type { Tokens } from './tokens.ts'
import { UserConnections, writeRead } from './user-connections.ts'

/** What happens, for metrics and logs. */
export interface HubEvents extends RoomEvents {
  opened(): void
  closed(code: number, by: 'server' | 'client' | 'transport'): void
  /** A send was stored (or had been before) in so many milliseconds. */
  stored(ms: number, dup: boolean): void
  resumed(result: 'new' | 'resumed' | 'partial' | 'reset'): void
  redelivered(count: number): void
  refused(error: ChatErrorName): void
}

export interface HubOptions {
  readonly node: string
  readonly backend: Backend
  /** `undefined`: guests are not let in. */
  readonly guests: Guests | undefined
  /** `undefined`: tokens are not accepted. */
  readonly tokens: Tokens | undefined
  readonly events: HubEvents
}

/** What is known of a socket when it comes. */
export interface Arrival {
  /** What the token of its handshake has proven. */
  readonly proven?: Identity | AuthError | undefined
  readonly wire?: ChatConnection['wire']
}

/** How long a user whose page said good-bye stays present: a reload takes less. */
const RELOAD_GRACE_MS = 2000

export class Hub {
  readonly node: string
  readonly backend: Backend
  readonly events: HubEvents
  readonly connections = new Set<ChatConnection>()
  readonly directory: RoomDirectory
  readonly lobby: Lobby
  readonly desk: AuthDesk
  readonly users = new UserConnections()
  readonly #marks: MarkWriter
  readonly #watch: RoomWatch
  readonly #departures = new Departures()
  readonly #timers: NodeJS.Timeout[]

  constructor({ node, backend, guests, tokens, events }: HubOptions) {
    this.node = node
    this.backend = backend
    this.events = events
    this.lobby = new Lobby(backend)
    this.desk = new AuthDesk(guests, tokens)
    this.directory = new RoomDirectory(backend, events, this)
    this.#marks = new MarkWriter(backend, node, (error) => events.error(error))
    this.#watch = new RoomWatch(() => this.lobby.rooms())
    this.#timers = [
      setInterval(() => this.tick(), 1000),
      setInterval(() => this.directory.checkAll(), backend.pollMs || 2 ** 31 - 1),
    ]
  }

  /** Take a new socket on. */
  accept(peer: Peer, { proven, wire }: Arrival = {}): ChatConnection {
    const id = newConnectionId(this.node)
    const connection = new ChatConnection(this, peer, wire === undefined ? { id } : { id, wire })
    this.connections.add(connection)
    this.events.opened()
    connection.begin(proven)
    return connection
  }

  helloOf(connection: ChatConnection): EventBody<'hello'> {
    return {
      v: PROTOCOL_VERSION,
      conn: connection.id,
      node: this.node,
      now: Date.now(),
      ping: { every: LIMITS.pingEveryMs, timeout: LIMITS.pingTimeoutMs },
      limits: LIMITS,
      authBy: connection.opened + LIMITS.authTimeoutMs,
      ...(connection.user === undefined ? {} : { user: connection.user }),
      guests: this.desk.takesGuests,
      durability: this.backend.store.durability,
      ...(connection.wire === undefined ? {} : { wire: connection.wire }),
    }
  }

  /** Give a connection its user, or its user a new name. */
  async authenticated(connection: ChatConnection, identity: Identity): Promise<void> {
    // Whoever has gone meanwhile must not be counted: nobody would take it back.
    if (connection.isOver) throw new ChatFault('conflict', 'the connection has ended')
    const { user } = identity
    if (!this.users.add(user.id, connection)) {
      connection.closeWith('too_many_connections', `at most ${LIMITS.connectionsPerUser} connections a user`)
      return
    }
    const renamed = connection.user !== undefined && connection.user.name !== user.name
    connection.identify(identity)
    if (!renamed) return
    for (const room of connection.joined.keys()) await this.backend.presence.enter(room, connection.id, user)
  }

  async join(
    connection: ChatConnection,
    name: string,
    request: RequestBody<'join'>,
  ): Promise<{ reply: JoinReply; goLive: () => void }> {
    // The room is subscribed and collects what comes before the log is read: nothing falls between.
    const room = await this.directory.enter(name)
    if (room === undefined) throw new ChatFault('no_room', 'no such room')
    try {
      const member = room.add(connection)
      const marks = await this.backend.store.enrol(name, connection.userId)
      await this.backend.presence.enter(name, connection.id, connection.user!)
      await this.#replaceIn(name, connection)
      const presence = await this.lobby.presenceOf(name)
      const { reply, result } = await answerJoin(this.backend.store, { room: name, request, marks, presence })
      if (connection.isOver) throw new ChatFault('conflict', 'the connection has ended')
      connection.joined.set(name, { room, member })
      this.events.resumed(result)
      return { reply, goLive: () => member.goLive(reply.head, Date.now()) }
    } catch (error) {
      if (!connection.joined.has(name)) {
        room.remove(connection.id)
        // Whoever could not join must not be kept present; a store that is away forgets by itself.
        this.backend.presence.leave(name, connection.id, connection.user!).catch(() => {})
      }
      throw error
    } finally {
      this.directory.release(room)
    }
  }

  async leave(connection: ChatConnection, name: string, forget: boolean): Promise<void> {
    this.#detach(connection, name)
    try {
      // First, so that nobody is told of a member who is away.
      if (forget) await this.backend.store.forget(name, connection.userId)
    } finally {
      await this.backend.presence.leave(name, connection.id, connection.user!)
    }
  }

  async append(request: AppendRequest): Promise<AppendResult> {
    const started = performance.now()
    const result = await this.backend.store.append(request)
    if (result.ok) this.events.stored(performance.now() - started, result.dup)
    return result
  }

  mark(room: string, user: string, kind: keyof Marks, seq: number): void {
    this.#marks.add(room, user, { kind, seq })
  }

  read(connection: ChatConnection, room: string, seq: number): void {
    this.mark(room, connection.userId, 'read', seq)
    this.users.tell(connection.userId, writeRead(room, seq), connection)
  }

  /** Send what a member has not acknowledged once more, marked. */
  async redeliver(connection: ChatConnection, room: Room, member: Member): Promise<void> {
    try {
      const range = { after: member.acked, limit: LIMITS.pageMessages }
      const page = await this.backend.store.range(room.name, range)
      const entries = page?.entries.filter(({ seq }) => seq <= member.sent) ?? []
      for (const entry of entries) connection.sendText(writeEntry(room.name, entry, true))
      this.events.redelivered(entries.length)
    } catch (error) {
      this.events.error(error)
    }
  }

  /** A connection is over: its rooms see it go at once when it said so, else after a grace in which it may come back. */
  gone(connection: ChatConnection, end: PeerEnd): void {
    if (!this.connections.delete(connection)) return
    const by = connection.closedWith === undefined ? (end.clean ? 'client' : 'transport') : 'server'
    this.events.closed(connection.closedWith ?? end.code, by)
    const { user } = connection
    if (user === undefined) return
    this.users.delete(user.id, connection)
    const rooms = [...connection.joined.keys()]
    for (const room of rooms) this.#detach(connection, room)
    const leave = (): void => {
      for (const room of rooms) {
        this.backend.presence.leave(room, connection.id, user).catch((error: unknown) => this.events.error(error))
      }
    }
    if (rooms.length === 0) return
    if ((end.clean && end.code === 1000) || connection.isSentAway) leave()
    else this.#departures.later(leave, end.clean && end.code === 1001 ? RELOAD_GRACE_MS : LIMITS.presenceGraceMs)
  }

  tick(now: number = Date.now()): void {
    for (const connection of this.connections) connection.tick(now)
    for (const room of this.directory.open()) room.sweepTyping(now)
    const watchers = [...this.connections].filter(({ watchesRooms }) => watchesRooms)
    this.#watch.tell(watchers).catch((error: unknown) => this.events.error(error))
  }

  /** Stop the clocks, let those in grace go, write the marks. The backend stays open. */
  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    this.#departures.runAll()
    await this.#marks.close()
    await this.directory.close()
  }

  /** The old one is in the room no more, at once: its node may know nothing of that, or be gone without a word. */
  async #replaceIn(room: string, { replaces, user, userId }: ChatConnection): Promise<void> {
    if (replaces === undefined) return
    await this.backend.presence.leave(room, replaces, user!)
    if (nodeOf(replaces) === this.node) return
    await this.backend.bus.publish(room, { kind: 'replaced', user: userId, conn: replaces })
  }

  #detach(connection: ChatConnection, name: string): void {
    const joined = connection.joined.get(name)
    if (joined === undefined) return
    connection.joined.delete(name)
    joined.room.remove(connection.id)
    this.directory.collect(joined.room)
  }
}
