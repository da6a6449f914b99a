/** The names of all keys. Those of a room share the hash tag `{room}`, so that a cluster keeps them together. */

/** One generation of known `cid`s; a second attempt is recognised for one to two of them. */
export const CID_GENERATION_MS = 24 * 3_600_000

export interface RoomKeys {
  readonly meta: string
  readonly log: string
  readonly changes: string
  readonly cursor: string
  readonly read: string
  readonly conns: string
  readonly users: string
  readonly names: string
  readonly roster: string
  readonly away: string
  readonly awayNames: string
  readonly channel: string
}

export class RedisKeys {
  readonly rooms: string
  readonly #prefix: string

  constructor(prefix: string) {
    this.#prefix = prefix
    this.rooms = `${prefix}rooms`
  }

  room(room: string): RoomKeys {
    const base = `${this.#prefix}{${room}}:`
    return {
      meta: `${base}meta`,
      log: `${base}log`,
      changes: `${base}changes`,
      cursor: `${base}cursor`,
      read: `${base}read`,
      conns: `${base}conns`,
      users: `${base}users`,
      names: `${base}names`,
      roster: `${base}roster`,
      away: `${base}away`,
      awayNames: `${base}away:names`,
      channel: `${base}bus`,
    }
  }

  /**
   * The hash of the current generation and the one before. One hash whose expiry is refreshed would never expire in a busy
   * room.
   */
  cids(room: string, now: number): [current: string, before: string] {
    const generation = Math.floor(now / CID_GENERATION_MS)
    const base = `${this.#prefix}{${room}}:cid:`
    return [`${base}${generation}`, `${base}${generation - 1}`]
  }

  userRooms(user: string): string {
    return `${this.#prefix}user:${user}:rooms`
  }

  secret(name: string): string {
    return `${this.#prefix}secret:${name}`
  }
}
