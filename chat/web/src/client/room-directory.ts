/** The rooms there are, with their counts, as the server tells them and keeps telling. */
import type { RoomInfo } from '../../../protocol/entities.ts'
import type { RequestError, Requests } from './requests.ts'

export class RoomDirectory {
  readonly #requests: Requests
  readonly #onchange: () => void
  #rooms: readonly RoomInfo[] = []

  constructor(requests: Requests, onchange: () => void) {
    this.#requests = requests
    this.#onchange = onchange
  }

  /** In the order of the server; new ones come last. */
  get rooms(): readonly RoomInfo[] {
    return this.#rooms
  }

  /** Ask for all rooms, and to be told of changes. To be called on each new connection. */
  async watch(): Promise<void> {
    try {
      this.#rooms = (await this.#requests.ask('rooms', { watch: true })).rooms
      this.#onchange()
    } catch {
      // The next connection asks again.
    }
  }

  /** Take in what has changed. */
  merge(changed: readonly RoomInfo[]): void {
    const byName = new Map(this.#rooms.map((room) => [room.room, room]))
    for (const room of changed) byName.set(room.room, { ...byName.get(room.room), ...room })
    this.#rooms = [...byName.values()]
    this.#onchange()
  }

  /** Make a room, or answer why not, as the name of an error. One that is there already is as good. */
  async create(room: string): Promise<string | undefined> {
    try {
      this.merge([await this.#requests.ask('room.create', {}, room)])
      return undefined
    } catch (error) {
      const { name } = (error as RequestError).body
      return name === 'conflict' ? undefined : name
    }
  }
}
