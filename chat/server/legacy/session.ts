/**
 * One page of a tutorial: a connection of `chat.v1` like any other, with a translator on both sides. Names, texts and rooms
 * pass the same checks; who speaks is decided here, whatever the page claims.
 */
import { randomBytes } from 'node:crypto'
import { encodeCid, readServerMessage, type RequestType, type ServerEvent, type User } from '../../protocol/index.ts'
import type { ChatConnection } from '../connection.ts'
import type { Hub } from '../hub.ts'
import type { Peer, PeerEnd } from '../peer.ts'
import type { LegacySocket } from './legacy-socket.ts'
import { type LegacyAction, type LegacyPlace, type LegacyProfile, roomOf } from './profile.ts'

const ACK_EVERY_MS = 1000
const PING_EVERY_MS = 25_000
/** Pages have watchdogs that bite when no heartbeat of the server has come for 10 s. */
const BEAT_EVERY_MS = 5000
/** Beats are at least so far apart: a page that answers each would be answered for ever. */
const BEAT_REST_MS = 1000
const NAMELESS = 'guest'
const MOST_HELD = 20

export class LegacySession implements Peer {
  readonly #socket: LegacySocket
  readonly #profile: LegacyProfile
  readonly #connection: ChatConnection
  readonly #defaultRoom: string
  readonly #timers: NodeJS.Timeout[]
  #id = 0
  /** What replies to which question. */
  readonly #asked = new Map<number, RequestType>()
  #name = ''
  /** A token says who it is, whatever name the page gives. */
  #hasToken: boolean
  #isAuthenticating = false
  #held: (() => void)[] = []
  /** The room that the page is in, by our name and by its own. */
  #room = ''
  #place: LegacyPlace = { room: '', num: 0, total: 0 }
  #last = 0
  #acked = 0
  #lastBeat = Number.NEGATIVE_INFINITY

  constructor(
    hub: Hub,
    socket: LegacySocket,
    { profile, defaultRoom, token }: { profile: LegacyProfile; defaultRoom: string; token: string | undefined },
  ) {
    this.#socket = socket
    this.#profile = profile
    this.#defaultRoom = defaultRoom
    this.#hasToken = token !== undefined
    this.#connection = hub.accept(this)
    this.#timers = [setInterval(() => this.#ack(), ACK_EVERY_MS), setInterval(() => socket.ping(), PING_EVERY_MS)]
    if (profile.serverBeats) this.#timers.push(setInterval(() => this.#beat(), BEAT_EVERY_MS))
    if (token !== undefined) this.#ask('auth', { token })
    if (profile.entersAtOnce) this.#enter(NAMELESS, undefined)
  }

  get address(): string {
    return this.#socket.address
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason)
  }

  terminate(): void {
    this.#socket.terminate()
  }

  /** Take what the page has sent. */
  receive(text: string): void {
    let message: unknown
    try {
      message = JSON.parse(text)
    } catch {
      // The connection counts it, and closes at the fifth.
      return this.#connection.receive(text)
    }
    const action =
      typeof message === 'object' && message !== null && !Array.isArray(message)
        ? this.#profile.read(message as Record<string, unknown>)
        : undefined
    if (action === undefined) this.#connection.receive('{}')
    else this.#act(action)
  }

  /** The other side lives: it has answered a ping frame. */
  heard(): void {
    this.#connection.alive()
  }

  ended(end: PeerEnd): void {
    for (const timer of this.#timers) clearInterval(timer)
    this.#connection.ended(end)
  }

  /** What the hub says to a client of `chat.v1`, said to the page in its own words. */
  send(text: string): void {
    const message = readServerMessage(text)
    if (message === undefined) return
    if ('event' in message) return this.#event(message.event)
    const { re, ok } = message.reply
    const asked = this.#asked.get(re)
    this.#asked.delete(re)
    if (asked === 'auth') this.#letGo()
    if (!ok) return asked === 'auth' ? this.#refuse() : undefined
    const d = message.reply.d as { head?: number; presence?: { users: number; members: number } }
    if (asked !== 'join') return
    this.#last = this.#acked = d.head ?? 0
    this.#count(d.presence?.users ?? 0, d.presence?.members ?? 0)
  }

  /** The answer to `auth` is here; what waited may hold another. */
  #letGo(): void {
    this.#isAuthenticating = false
    for (const ask of this.#held.splice(0)) ask()
  }

  #act(action: LegacyAction): void {
    switch (action.do) {
      case 'enter':
        return this.#enter(action.name, action.room)
      case 'say': {
        if (this.#room === '') return this.#refuse()
        // Only a page that has no login may give its name with each message.
        if (this.#profile.entersAtOnce && action.name !== undefined) this.#authenticate(action.name)
        return this.#ask('send', { cid: encodeCid(randomBytes(16)), text: action.text }, this.#room)
      }
      case 'auth':
        this.#hasToken = true
        return this.#ask('auth', { token: action.token })
      case 'beat':
        this.#connection.alive()
        return this.#beat()
      case 'leave':
        return this.#leave()
    }
  }

  #enter(name: string, room = this.#defaultRoom): void {
    const ours = roomOf(room)
    if (this.#room !== '' && this.#room !== ours) this.#leave()
    this.#authenticate(name)
    this.#room = ours
    this.#place = { room, num: 0, total: 0 }
    // Rooms of the tutorials come into being by being entered; one that is there answers with an error that nobody hears.
    this.#ask('room.create', { title: room.slice(0, 80) }, ours)
    this.#ask('join', { limit: 1 }, ours)
  }

  #authenticate(name: string): void {
    if (name === this.#name || this.#hasToken) return
    this.#name = name
    this.#ask('auth', { guest: { name } })
  }

  /** Tell the page that the server lives, unless it has just heard so. */
  #beat(): void {
    const beat = this.#profile.beat()
    const now = Date.now()
    if (beat === undefined || now - this.#lastBeat < BEAT_REST_MS) return
    this.#lastBeat = now
    this.#emit(beat)
  }

  #leave(): void {
    if (this.#room === '') return
    this.#ask('leave', {}, this.#room)
    this.#room = ''
  }

  #event(event: ServerEvent): void {
    switch (event.t) {
      case 'msg':
        this.#last = event.seq
        this.#emit(this.#profile.said(event.d.from, event.d.text, this.#place))
        break
      case 'edit':
      case 'delete':
        this.#last = event.seq
        break
      case 'presence':
        this.#presence(event.d)
        break
      case 'error':
        if (event.d.name === 'unauthorized') this.#refuse()
        break
      case 'reset':
        this.#ask('join', { limit: 1 }, this.#room)
        break
      default:
    }
  }

  #presence(d: { join: User[]; leave: User[]; users: number; members: number }): void {
    this.#count(d.users, d.members)
    const changes = [
      ...d.join.map((user) => this.#profile.joined(user, this.#place)),
      ...d.leave.map((user) => this.#profile.left(user, this.#place)),
    ]
    for (const change of changes) if (change !== undefined) this.#emit(change)
  }

  #count(num: number, total: number): void {
    this.#place = { ...this.#place, num, total }
  }

  #ack(): void {
    if (this.#last <= this.#acked || this.#room === '') return
    this.#acked = this.#last
    this.#connection.receive(JSON.stringify({ t: 'ack', room: this.#room, d: { seq: this.#last } }))
  }

  /** What a page says while it is being let in waits: before that a connection may say very little. */
  #ask(t: RequestType, d: object, room?: string): void {
    if (this.#isAuthenticating) {
      if (this.#held.length >= MOST_HELD) return this.#connection.closeWith('rate_limited', 'too much before auth')
      this.#held.push(() => this.#ask(t, d, room))
      return
    }
    this.#isAuthenticating = t === 'auth'
    const id = (this.#id += 1)
    this.#asked.set(id, t)
    this.#connection.receive(JSON.stringify({ t, id, room, d }))
  }

  /** Say that somebody is not let in. */
  #refuse(): void {
    const refused = this.#profile.refused()
    if (refused !== undefined) this.#emit(refused)
  }

  #emit(message: object): void {
    const text = JSON.stringify(message)
    this.#socket.send(this.#profile.binary ? new TextEncoder().encode(text) : text)
  }
}
