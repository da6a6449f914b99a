/** Notices by publish and subscribe. Redis keeps none for a subscriber that is away: then every room is compared with the store. */
import type { LeftUser } from '../../protocol/index.ts'
import type { RedisKeys } from './redis-keys.ts'
import type { RedisLink } from './redis-link.ts'
import { parseEntry, type RedisStore } from './redis-store.ts'
import type { Bus, Notice, NoticeListener } from './store.ts'

export class RedisBus implements Bus {
  readonly #link: RedisLink
  readonly #keys: RedisKeys
  readonly #store: RedisStore
  readonly #rooms = new Set<string>()
  #listener: NoticeListener = () => {}

  constructor(link: RedisLink, keys: RedisKeys, store: RedisStore) {
    this.#link = link
    this.#keys = keys
    this.#store = store
  }

  listen(listener: NoticeListener): void {
    this.#listener = listener
  }

  async subscribe(room: string): Promise<void> {
    await this.#link.subscribe(this.#keys.room(room).channel, (message) => this.#receive(room, message))
    this.#rooms.add(room)
  }

  async unsubscribe(room: string): Promise<void> {
    this.#rooms.delete(room)
    await this.#link.unsubscribe(this.#keys.room(room).channel)
  }

  async publish(room: string, notice: Notice): Promise<void> {
    await this.#link.command('PUBLISH', this.#keys.room(room).channel, `J${JSON.stringify(notice)}`)
  }

  /** The subscriber was away: whatever was said meanwhile is missing. */
  checkAll(): void {
    for (const room of this.#rooms) this.#listener(room, { kind: 'check' })
  }

  #receive(room: string, message: string): void {
    const notice = parseNotice(message)
    if (notice === undefined) return
    if (notice.kind === 'entry') this.#store.saw(room, { epoch: notice.epoch, seq: notice.entry.seq })
    this.#listener(room, notice)
  }
}

function parseNotice(message: string): Notice | undefined {
  const rest = message.slice(1)
  switch (message[0]) {
    case 'E': {
      const [, epoch, seq, json] = /^(\S+) (\d+) (.*)$/s.exec(rest)!
      return { kind: 'entry', epoch: epoch!, entry: parseEntry(json!, epoch!, Number(seq)) }
    }
    case 'P': {
      const [, what, users, conns, json] = /^(.) (\d+) (\d+) (.*)$/s.exec(rest)!
      const changed = what === '-' ? [] : [JSON.parse(json!) as LeftUser]
      const change = what === 'L' ? { join: [], leave: changed } : { join: changed, leave: [] }
      return { kind: 'presence', ...change, users: Number(users), conns: Number(conns) }
    }
    case 'J':
      return JSON.parse(rest) as Notice
    case 'C':
      return { kind: 'check' }
    default:
      return undefined
  }
}
