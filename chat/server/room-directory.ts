/** The rooms that are open on this node: opened once for the first who enters, closed after the last has gone. */
import { Room, type RoomEvents } from './room.ts'
import type { Backend, Notice } from './stores/store.ts'
import { type UserConnections, writeRead } from './user-connections.ts'

/** Whose rooms they are. */
export interface RoomNode {
  readonly node: string
  readonly users: UserConnections
}

export class RoomDirectory {
  readonly #backend: Backend
  readonly #events: RoomEvents
  readonly #node: RoomNode
  readonly #rooms = new Map<string, { opened: Promise<Room | undefined>; room: Room; entering: number }>()
  /** A room that is being closed: who enters it anew waits for that. */
  readonly #closing = new Map<string, Promise<void>>()

  constructor(backend: Backend, events: RoomEvents, node: RoomNode) {
    this.#backend = backend
    this.#events = events
    this.#node = node
    backend.bus.listen((name, notice) => this.#notice(name, notice))
  }

  /** Open a room, or take the open one; it stays open until `release` finds nobody in it. */
  async enter(name: string): Promise<Room | undefined> {
    await this.#closing.get(name)
    let slot = this.#rooms.get(name)
    if (slot === undefined) {
      const room = new Room(name, this.#backend, this.#events)
      slot = { room, entering: 0, opened: room.open().then((there) => (there ? room : undefined)) }
      this.#rooms.set(name, slot)
    }
    slot.entering += 1
    let room: Room | undefined
    try {
      room = await slot.opened
    } finally {
      if (room === undefined) this.release(slot.room)
    }
    return room
  }

  /** The counterpart of `enter`: whoever entered has a member in the room now, or has not. */
  release(room: Room): void {
    const slot = this.#rooms.get(room.name)
    if (slot?.room !== room) return
    slot.entering -= 1
    this.collect(room)
  }

  /** Close the room when nobody is in it or about to enter. */
  collect(room: Room): void {
    const slot = this.#rooms.get(room.name)
    if (slot?.room !== room || slot.entering > 0 || room.members.size > 0) return
    this.#rooms.delete(room.name)
    const closed = room
      .close()
      .catch((error: unknown) => this.#events.error(error))
      .finally(() => this.#closing.delete(room.name))
    this.#closing.set(room.name, closed)
  }

  *open(): Generator<Room> {
    for (const { room } of this.#rooms.values()) yield room
  }

  /** Compare every room with the store. */
  checkAll(): void {
    for (const room of this.open()) void room.check()
  }

  #notice(name: string, notice: Notice): void {
    if (notice.kind !== 'read') this.#rooms.get(name)?.room.notice(notice)
    // This is about one user, whose connections are found without looking at everybody in the room.
    else if (notice.node !== this.#node.node) this.#node.users.tell(notice.user, writeRead(name, notice.seq))
  }

  async close(): Promise<void> {
    const rooms = [...this.open()]
    this.#rooms.clear()
    await Promise.all(rooms.map((room) => room.close().catch((error: unknown) => this.#events.error(error))))
  }
}
