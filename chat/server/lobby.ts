/** The rooms as people see them before they enter: their counts, who is there, and new ones. */
import { LIMITS, type PresencePage, type RoomInfo } from '../protocol/index.ts'
import { ChatFault } from './chat-fault.ts'
import type { Backend } from './stores/store.ts'

export class Lobby {
  readonly #backend: Backend

  constructor(backend: Backend) {
    this.#backend = backend
  }

  async presenceOf(room: string, cursor?: string): Promise<PresencePage> {
    const page = await this.#backend.presence.list(room, cursor, LIMITS.pageUsers)
    const members = await this.#backend.store.memberCount(room)
    const { list, users, conns } = page
    return { list: [...list], users, conns, members, ...(page.cursor === undefined ? {} : { cursor: page.cursor }) }
  }

  /** All rooms with their counts. */
  async rooms(): Promise<readonly RoomInfo[]> {
    const records = await this.#backend.store.rooms()
    const counts = await this.#backend.presence.counts(records.map(({ room }) => room))
    return records.map((record, index) => ({ ...record, ...counts[index]! }))
  }

  /** The rooms a user is a member of, with the user's own marks. */
  async roomsOf(user: string): Promise<RoomInfo[]> {
    const memberships = await this.#backend.store.memberships(user)
    if (memberships.size === 0) return []
    const rooms = await this.rooms()
    return rooms
      .filter(({ room }) => memberships.has(room))
      .map((info) => ({ ...info, read: memberships.get(info.room)!.read }))
  }

  async createRoom(room: string, title = room): Promise<RoomInfo> {
    const made = await this.#backend.store.createRoom(room, title.trim() || room)
    if (made === 'exists') throw new ChatFault('conflict', 'there is a room of this name')
    if (made === 'full') throw new ChatFault('too_large', 'there are as many rooms as allowed')
    return { room, title: title.trim() || room, users: 0, conns: 0, members: 0, head: 0 }
  }
}
