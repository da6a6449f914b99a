/** Tells those who watch the list of rooms what has changed in it. */
import { type RoomInfo, writeEvent } from '../protocol/index.ts'

export class RoomWatch {
  readonly #read: () => Promise<readonly RoomInfo[]>
  #known = new Map<string, string>()
  #busy = false

  constructor(read: () => Promise<readonly RoomInfo[]>) {
    this.#read = read
  }

  /** Compare with the last look; without watchers nothing is read. */
  async tell(watchers: readonly { sendText(text: string): void }[]): Promise<void> {
    if (watchers.length === 0 || this.#busy) return
    this.#busy = true
    try {
      const rooms = await this.#read()
      const changed = rooms.filter((info) => this.#known.get(info.room) !== JSON.stringify(info))
      if (changed.length === 0) return
      this.#known = new Map(rooms.map((info) => [info.room, JSON.stringify(info)]))
      const text = writeEvent('rooms', { rooms: changed })
      for (const watcher of watchers) watcher.sendText(text)
    } finally {
      this.#busy = false
    }
  }
}
