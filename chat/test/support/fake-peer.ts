/** A client without a socket: a hub's peer that keeps what it was sent, and asks in the words of `chat.v1`. */
import { randomBytes } from 'node:crypto'
import {
  encodeCid,
  type EventType,
  readReply,
  readServerMessage,
  type Reply,
  type ReplyBody,
  type RequestBody,
  type RequestType,
  type ServerEvent,
} from '../../protocol/index.ts'
import type { ChatConnection } from '../../server/connection.ts'
import { Hub, type HubEvents } from '../../server/hub.ts'
import { Guests } from '../../server/identity.ts'
import type { Peer } from '../../server/peer.ts'
import { memoryBackend } from '../../server/stores/memory.ts'
import type { Backend } from '../../server/stores/store.ts'
import type { Tokens } from '../../server/tokens.ts'

export const newCid = (): string => encodeCid(randomBytes(16))

export class FakePeer implements Peer {
  readonly address = '127.0.0.1'
  bufferedAmount = 0
  readonly events: ServerEvent[] = []
  readonly raw: string[] = []
  closed: { code: number; reason: string } | undefined
  terminated = false
  connection!: ChatConnection
  readonly #replies = new Map<number, (reply: Reply) => void>()
  readonly #waiting = new Set<() => void>()
  #id = 0

  send(text: string): void {
    this.raw.push(text)
    const message = readServerMessage(text)
    if (message === undefined) throw new Error(`not chat.v1: ${text}`)
    if ('event' in message) this.events.push(message.event)
    else this.#replies.get(message.reply.re)?.(message.reply)
    for (const waiting of [...this.#waiting]) waiting()
  }

  /** Resolves when something holds, which is looked at whenever the peer is told something. */
  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!holds()) return
        this.#waiting.delete(look)
        resolve()
      }
      this.#waiting.add(look)
      look()
    })
  }

  close(code: number, reason: string): void {
    this.closed ??= { code, reason }
    this.connection.ended({ code, clean: true })
  }

  terminate(): void {
    this.terminated = true
  }

  /** Ask, and answer the whole reply. */
  ask<T extends RequestType>(t: T, d: RequestBody<T>, room?: string): Promise<Reply> {
    const id = (this.#id += 1)
    const answered = new Promise<Reply>((resolve) => this.#replies.set(id, resolve))
    this.connection.receive(JSON.stringify({ t, id, room, d }))
    return answered
  }

  /** Ask, and answer the body of a reply that must be a success. */
  async get<T extends RequestType>(t: T, d: RequestBody<T>, room?: string): Promise<ReplyBody<T>> {
    const reply = await this.ask(t, d, room)
    if (!reply.ok) throw new Error(`${t}: ${JSON.stringify(reply.err)}`)
    const body = readReply(t, reply.d)
    if (body === undefined) throw new Error(`${t}: the reply does not fit: ${JSON.stringify(reply.d)}`)
    return body
  }

  say(text: string, room = 'general', cid = newCid()): Promise<ReplyBody<'send'>> {
    return this.get('send', { cid, text }, room)
  }

  of<T extends EventType>(t: T): Extract<ServerEvent, { t: T }>[] {
    return this.events.filter((event): event is Extract<ServerEvent, { t: T }> => event.t === t)
  }

  /** The texts of the messages it was shown, in order. */
  texts(room = 'general'): string[] {
    return this.of('msg')
      .filter((event) => event.room === room)
      .map(({ d }) => d.text)
  }
}

export interface TestHub {
  readonly hub: Hub
  readonly backend: Backend
  readonly errors: unknown[]
  readonly counts: Record<string, number>
  connect(): FakePeer
  /** Connect as a guest. */
  guest(name: string, session?: string): Promise<FakePeer>
}

export async function testHub(options: { backend?: Backend; node?: string; tokens?: Tokens } = {}): Promise<TestHub> {
  const backend = options.backend ?? memoryBackend()
  for (const room of ['general', 'random', 'help']) await backend.store.createRoom(room, room)
  const errors: unknown[] = []
  const counts: Record<string, number> = {}
  const count = (name: string, by = 1): void => {
    counts[name] = (counts[name] ?? 0) + by
  }
  const events: HubEvents = {
    opened: () => count('opened'),
    closed: () => count('closed'),
    stored: (_ms, dup) => count(dup ? 'duplicates' : 'stored'),
    noticed: () => count('noticed'),
    delivered: (members) => count('delivered', members),
    repaired: (entries) => count('repaired', entries),
    resumed: (result) => count(`resumed.${result}`),
    redelivered: (entries) => count('redelivered', entries),
    refused: (error) => count(`refused.${error}`),
    error: (error) => void errors.push(error),
  }
  const hub = new Hub({
    node: options.node ?? 'n1',
    backend,
    guests: new Guests(await backend.store.secret('guests')),
    tokens: options.tokens,
    events,
  })
  const connect = (): FakePeer => {
    const peer = new FakePeer()
    // `hello` is sent inside `accept`, before it answers.
    peer.connection = hub.accept(peer)
    return peer
  }
  const guest = async (name: string, session?: string): Promise<FakePeer> => {
    const peer = connect()
    await peer.get('auth', { guest: session === undefined ? { name } : { name, session } })
    return peer
  }
  return { hub, backend, errors, counts, connect, guest }
}
