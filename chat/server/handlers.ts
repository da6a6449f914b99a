/** What each request of `chat.v1` does. A handler answers the reply's `d`, or throws a `ChatFault`. */
import { cleanText, LIMITS, type ReplyBody, type Request, type RequestType } from '../protocol/index.ts'
import { ChatFault } from './chat-fault.ts'
import type { ChatConnection, Joined } from './connection.ts'
import { AuthError } from './identity.ts'
import type { AppendRequest } from './stores/store.ts'

export interface HandlerReply<T extends RequestType> {
  readonly d: ReplyBody<T>
  /** Runs right after the reply has left. */
  readonly after?: () => void
}

/** The three requests that add to a log have one reply. */
type Stored = HandlerReply<'send'> & HandlerReply<'edit'> & HandlerReply<'delete'>

type Handlers = {
  [T in RequestType]: (
    connection: ChatConnection,
    request: Extract<Request, { t: T }>,
  ) => Promise<HandlerReply<T>> | HandlerReply<T>
}

const OPEN_TYPES: ReadonlySet<RequestType> = new Set<RequestType>(['auth', 'ping', 'rooms', 'wire'])

/** Run a request. */
export async function handle(connection: ChatConnection, request: Request): Promise<HandlerReply<RequestType>> {
  if (connection.identity === undefined && !OPEN_TYPES.has(request.t)) {
    throw new ChatFault('unauthorized', 'auth comes first')
  }
  const handler = HANDLERS[request.t] as (c: ChatConnection, r: Request) => Promise<HandlerReply<RequestType>>
  return handler(connection, request)
}

/** The room of a request, which the connection must be in. */
function joinedRoom(connection: ChatConnection, room: string): Joined {
  const joined = connection.joined.get(room)
  if (joined === undefined) throw new ChatFault('conflict', 'join the room first')
  return joined
}

function text(input: string): string {
  const clean = cleanText(input)
  if (clean === undefined) throw new ChatFault('too_large', `a text has 1 to ${LIMITS.textCodePoints} code points`)
  return clean
}

async function append(connection: ChatConnection, request: Omit<AppendRequest, 'from' | 'ts'>): Promise<Stored> {
  const wait = connection.sends.take(Date.now())
  if (wait > 0) throw new ChatFault('rate_limited', 'at most 5 a second, 20 at once', wait)
  joinedRoom(connection, request.room)
  if (request.kind === 'msg') connection.faults.storing(request.cid)
  const result = await connection.hub.append({ ...request, from: connection.user!, ts: Date.now() })
  if (!result.ok) throw new ChatFault(result.error, APPEND_DETAILS[result.error])
  const { seq, ts, dup } = result
  return { d: { cid: request.cid, seq, ts, dup } }
}

const APPEND_DETAILS = {
  no_room: 'no such room',
  no_message: 'no such message',
  forbidden: 'only own messages can be changed',
  conflict: 'the message was deleted',
} as const

const HANDLERS: Handlers = {
  async auth(connection, { d }) {
    const { hub } = connection
    const { identity: known } = connection
    const guest = d.guest && { name: d.guest.name, session: d.guest.session ?? known?.session }
    const isSilent = d.token === undefined && guest === undefined
    const identity = isSilent && known !== undefined ? known : await hub.desk.identify({ token: d.token, guest })
    if (connection.user !== undefined && connection.user.id !== identity.user.id) {
      throw new AuthError('other_user', 'this connection belongs to another user')
    }
    const { user, expires } = identity
    // Asked first: when the store is away, nobody is let in.
    const rooms = await hub.lobby.roomsOf(user.id)
    if (d.replaces !== undefined && d.replaces !== connection.id) connection.replaces = d.replaces
    await hub.authenticated(connection, identity)
    return {
      d: {
        user,
        rooms,
        ...(identity.session === undefined ? {} : { session: identity.session }),
        ...(expires === undefined ? {} : { expires }),
      },
    }
  },

  async join(connection, { room, d }) {
    if (!connection.joined.has(room) && connection.joined.size >= LIMITS.roomsPerConnection) {
      throw new ChatFault('too_large', `at most ${LIMITS.roomsPerConnection} rooms a connection`)
    }
    const { reply, goLive } = await connection.hub.join(connection, room, d)
    return { d: reply, after: goLive }
  },

  async leave(connection, { room, d }) {
    joinedRoom(connection, room)
    await connection.hub.leave(connection, room, d.forget === true)
    return { d: {} }
  },

  send: (connection, { room, d }) =>
    append(connection, {
      room,
      kind: 'msg',
      cid: d.cid,
      text: text(d.text),
      ...(d.replyTo === undefined ? {} : { replyTo: d.replyTo }),
    }),

  edit: (connection, { room, d }) =>
    append(connection, { room, kind: 'edit', cid: d.cid, text: text(d.text), target: d.seq }),

  delete: (connection, { room, d }) =>
    append(connection, { room, kind: 'delete', cid: d.cid, text: '', target: d.seq }),

  ack(connection, { room, d }) {
    joinedRoom(connection, room).member.ack(d.seq, Date.now())
    connection.hub.mark(room, connection.userId, 'cursor', d.seq)
    return { d: {} }
  },

  read(connection, { room, d }) {
    joinedRoom(connection, room)
    connection.hub.read(connection, room, d.seq)
    return { d: {} }
  },

  async history(connection, { room, d }) {
    const { room: here } = joinedRoom(connection, room)
    const limit = d.limit ?? LIMITS.defaultPageMessages
    const range = d.after === undefined ? (d.before === undefined ? {} : { before: d.before }) : { after: d.after }
    const page = await connection.hub.backend.store.range(here.name, { ...range, limit })
    if (page === undefined) throw new ChatFault('no_room', 'no such room')
    const { epoch, head, first, entries } = page
    const complete =
      d.after === undefined ? (entries[0]?.seq ?? first) <= first : entries.length === 0 || entries.at(-1)!.seq >= head
    return { d: { epoch, head, first, msgs: [...entries], complete } }
  },

  async presence(connection, { room, d }) {
    joinedRoom(connection, room)
    return { d: await connection.hub.lobby.presenceOf(room, d.cursor) }
  },

  async absent(connection, { room, d }) {
    joinedRoom(connection, room)
    return { d: await connection.hub.backend.presence.absent(room, d.cursor, LIMITS.pageAbsent) }
  },

  async typing(connection, { room, d }) {
    joinedRoom(connection, room)
    const now = Date.now()
    if (d.on) {
      const wait = connection.lastTyping + LIMITS.typingEveryMs - now
      if (wait > 0) throw new ChatFault('rate_limited', 'typing once in 3 s', wait)
      connection.lastTyping = now
    }
    await connection.hub.backend.bus.publish(room, { kind: 'typing', user: connection.user!, on: d.on })
    return { d: {} }
  },

  ping: (_connection, { d }) => ({ d: { ts: d.ts, now: Date.now() } }),

  async rooms(connection, { d }) {
    if (d.watch !== undefined) connection.watchesRooms = d.watch
    const rooms = await connection.hub.lobby.rooms()
    return { d: { rooms: [...rooms] } }
  },

  'room.create': async (connection, { room, d }) => {
    const wait = connection.sends.take(Date.now())
    if (wait > 0) throw new ChatFault('rate_limited', 'at most 5 a second, 20 at once', wait)
    return { d: await connection.hub.lobby.createRoom(room, d.title) }
  },

  wire(connection) {
    if (connection.wire === undefined) throw new ChatFault('forbidden', 'the wire inspector is off here')
    return { d: connection.wire }
  },
}
