/** Whose connections are on this node: at most ten a user, the old one of a page gone when its new one comes. */
import { LIMITS, writeEvent } from '../protocol/index.ts'
import type { ChatConnection } from './connection.ts'
import { REPLACED } from './room.ts'

/** Write the event of a read mark. */
export function writeRead(room: string, seq: number): string {
  return writeEvent('read', { seq }, { room })
}

export class UserConnections {
  readonly #users = new Map<string, Set<ChatConnection>>()

  of(user: string): Iterable<ChatConnection> {
    return this.#users.get(user) ?? []
  }

  /** Send a text to every connection of a user here, but for one. */
  tell(user: string, text: string, except?: ChatConnection): void {
    for (const connection of this.of(user)) if (connection !== except) connection.sendText(text)
  }

  /** Take a connection on for a user; `false` when the user has too many. */
  add(user: string, connection: ChatConnection): boolean {
    const others = this.#users.get(user) ?? new Set()
    for (const other of others) {
      if (other === connection || other.id !== connection.replaces) continue
      // A page that has lost its connection may be back before anybody has noticed.
      others.delete(other)
      other.closeWith('replaced', REPLACED)
    }
    if (!others.has(connection) && others.size >= LIMITS.connectionsPerUser) return false
    this.#users.set(user, others.add(connection))
    return true
  }

  delete(user: string, connection: ChatConnection): void {
    const others = this.#users.get(user)
    others?.delete(connection)
    if (others?.size === 0) this.#users.delete(user)
  }

  /** An operator ends all connections of a user; answers how many there were. */
  kick(user: string): number {
    const connections = [...this.of(user)]
    for (const connection of connections) connection.closeWith('kicked', 'an operator has ended the connection')
    return connections.length
  }
}
