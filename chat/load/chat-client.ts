/** A client of `chat.v1` for tests and load runs: it resumes, resends and checks, and it keeps books for the checker. */
import {
  CHAT_PROTOCOL,
  type Entry,
  type JoinReply,
  readReply,
  readServerMessage,
  type Reply,
  type ReplyBody,
  type RequestBody,
  type RequestType,
  type ServerEvent,
} from '../protocol/index.ts'
import { type ClientOptions, passesAfter, RequestError, type SocketLike } from './client-options.ts'
import { newCid, trust } from './messages.ts'
import { newRoomView, positionBefore, type RoomView } from './room-view.ts'

export { newCid } from './messages.ts'
export type { ClientOptions, SocketLike } from './client-options.ts'
export type { RoomView } from './room-view.ts'

/** Many entries are one ack. */
const ACK_EVERY_MS = 1000

export class ChatClient {
  readonly rooms = new Map<string, RoomView>()
  readonly events: ServerEvent[] = []
  session: string | undefined
  userId = ''
  closed: { code: number; reason: string } | undefined
  readonly #options: ClientOptions
  #url: string
  #socket: SocketLike | undefined
  #id = 0
  readonly #pending = new Map<number, { resolve(reply: Reply): void; reject(error: Error): void }>()
  readonly #unacked = new Set<string>()
  readonly #joined = new Set<string>()
  #closeWaiters: (() => void)[] = []
  #hello: ((conn: string) => void) | undefined
  #conn: string | undefined

  constructor(options: ClientOptions) {
    this.#options = options
    this.#url = options.url
  }

  /** Whether it is back in every room it knows. */
  get isJoined(): boolean {
    return this.#joined.size === this.rooms.size
  }

  get isOpen(): boolean {
    return this.#socket?.readyState === 1
  }

  /** Connect, also anew, perhaps to another node; resolves after `auth`. */
  async connect(url: string = this.#url): Promise<this> {
    this.#url = url
    this.closed = undefined
    const socket = this.#options.make(url, [CHAT_PROTOCOL])
    this.#socket = socket
    const conn = await new Promise<string>((resolve, reject) => {
      this.#hello = resolve
      socket.onmessage = ({ data }: { data: string }) => {
        if (this.#socket === socket) this.#receive(data)
      }
      socket.onerror = () => reject(new Error('the connection failed'))
      socket.onclose = ({ code, reason }: { code: number; reason: string }) => {
        reject(new Error(`closed with ${code} ${reason}`))
        if (this.#socket === socket) this.#lost(code, reason)
      }
    })
    // A lost connection may still be there for the server.
    const replaces = this.#conn === undefined ? {} : { replaces: this.#conn }
    const guest = { name: this.#options.name, ...(this.session === undefined ? {} : { session: this.session }) }
    const { user, session: given } = await this.ask('auth', { guest, ...replaces })
    this.#conn = conn
    this.userId = user.id
    this.session = given
    return this
  }

  /** Enter a room, or come back to it: what was missed is fetched until nothing is missing. */
  async join(room: string, limit?: number): Promise<JoinReply> {
    const known = this.rooms.get(room)
    const since = known === undefined ? {} : { since: { epoch: known.epoch, seq: known.last } }
    const reply = await this.ask('join', { ...since, ...(limit === undefined ? {} : { limit }) }, room)
    const view = known ?? newRoomView(reply)
    this.rooms.set(room, view)
    view.users = reply.presence.users
    view.conns = reply.presence.conns
    if (reply.reset) {
      view.resets += 1
      Object.assign(view, { epoch: reply.epoch, wanted: 0 })
      view.last = positionBefore(reply)
    }
    if (!reply.reset && reply.missed > 0) await this.#fill(room, view, reply.msgs[0]?.seq ?? reply.head + 1)
    for (const entry of reply.msgs) this.#apply(room, view, entry)
    this.#joined.add(room)
    return reply
  }

  /** Ask and wait for the reply; rejects with `RequestError`, or when the connection ends. */
  async ask<T extends RequestType>(t: T, d: RequestBody<T>, room?: string): Promise<ReplyBody<T>> {
    const socket = this.#socket
    if (socket === undefined || socket.readyState !== 1) throw new Error(`${t}: not connected`)
    const id = (this.#id += 1)
    const reply = await new Promise<Reply>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject })
      socket.send(JSON.stringify({ t, id, room, d }))
    })
    if (!reply.ok) throw new RequestError(t, reply.err)
    const body = this.#options.validate === false ? (reply.d as ReplyBody<T>) : readReply(t, reply.d)
    if (body === undefined) throw new Error(`${t}: the reply does not fit`)
    return body
  }

  send(room: string, text: string, cid: string = newCid()): Promise<ReplyBody<'send'>> {
    return this.ask('send', { cid, text }, room)
  }

  /** Ask until it is acknowledged, as an outbox does: the same cid again after an error that may pass. */
  async surely<T extends 'send' | 'edit' | 'delete'>(
    t: T,
    d: RequestBody<T>,
    { room, again }: { room: string; again?: () => Promise<void> },
  ): Promise<ReplyBody<T>> {
    for (;;) {
      try {
        // On the way back nothing can be sent yet.
        if (!this.isOpen || !this.#joined.has(room)) throw new Error('not in the room')
        return await this.ask(t, d, room)
      } catch (error) {
        const afterMs = passesAfter(error)
        if (afterMs === undefined) throw error
        await new Promise((resolve) => setTimeout(resolve, afterMs))
        await again?.()
      }
    }
  }

  /** Tell that everything in order has arrived; many entries are one ack. */
  flushAcks(): void {
    for (const room of this.isOpen ? this.#unacked : []) {
      this.#socket!.send(JSON.stringify({ t: 'ack', room, d: { seq: this.rooms.get(room)!.last } }))
    }
    this.#unacked.clear()
  }

  ping(): void {
    if (this.isOpen) this.#socket!.send(`{"t":"ping","d":{"ts":${Date.now()}}}`)
  }

  close(code = 1000): Promise<void> {
    const socket = this.#socket
    if (socket === undefined || this.closed !== undefined) return Promise.resolve()
    const ended = this.ended()
    socket.close(code)
    return ended
  }

  /** Lose the connection without a word. */
  drop(): void {
    this.#socket?.terminate?.()
  }

  /** Resolves when the connection has ended. */
  ended(): Promise<void> {
    return this.closed === undefined ? new Promise((resolve) => this.#closeWaiters.push(resolve)) : Promise.resolve()
  }

  #fill(room: string, view: RoomView, until: number): Promise<void> {
    view.wanted = Math.max(view.wanted, until)
    return (view.filling ??= this.#fetch(room, view).finally(() => (view.filling = undefined)))
  }

  async #fetch(room: string, view: RoomView): Promise<void> {
    view.gaps += 1
    while (view.last + 1 < view.wanted) {
      const page = await this.ask('history', { after: view.last, limit: 200 }, room)
      if (page.msgs.length === 0) return
      for (const entry of page.msgs) this.#apply(room, view, entry)
    }
  }

  #receive(text: string): void {
    const message = this.#options.validate === false ? trust(text) : readServerMessage(text)
    if (message === undefined) throw new Error(`not chat.v1: ${text.slice(0, 200)}`)
    if ('reply' in message) {
      const pending = this.#pending.get(message.reply.re)
      this.#pending.delete(message.reply.re)
      pending?.resolve(message.reply)
      return
    }
    const { event } = message
    this.#options.onEvent?.(event)
    switch (event.t) {
      case 'hello':
        this.#hello?.(event.d.conn)
        break
      case 'msg':
      case 'edit':
      case 'delete': {
        const view = this.rooms.get(event.room)
        const entry = { kind: event.t, seq: event.seq, ...event.d } as Entry
        if (view !== undefined) this.#apply(event.room, view, entry)
        break
      }
      case 'presence':
        Object.assign(this.rooms.get(event.room) ?? {}, { users: event.d.users, conns: event.d.conns })
        break
      case 'reset':
        void this.join(event.room).catch(() => {})
        break
      default:
        this.events.push(event)
    }
  }

  #apply(room: string, view: RoomView, entry: Entry): void {
    if (entry.seq <= view.last) {
      if (entry.redelivered !== true) view.duplicates += 1
      // Sent again means that the ack was not heard.
      this.#ackSoon(room)
      return
    }
    if (entry.seq > view.last + 1) {
      void this.#fill(room, view, entry.seq + 1).catch(() => {})
      return
    }
    view.last = entry.seq
    view.entries.set(entry.seq, entry)
    this.#options.onEntry?.(room, entry)
    this.#ackSoon(room)
  }

  #ackSoon(room: string): void {
    if (this.#options.acks === false) return
    if (this.#unacked.size === 0) setTimeout(() => this.flushAcks(), ACK_EVERY_MS)
    this.#unacked.add(room)
  }

  #lost(code: number, reason: string): void {
    this.closed = { code, reason }
    this.#joined.clear()
    for (const { reject } of this.#pending.values()) reject(new Error(`closed with ${code}`))
    this.#pending.clear()
    for (const tell of this.#closeWaiters.splice(0)) tell()
  }
}
