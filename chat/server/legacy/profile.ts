/** What a tutorial profile is: how its pages write, and what they expect to read. */
import { isRoomName, type User } from '../../protocol/index.ts'

/** What a message of a page asks for. */
export type LegacyAction =
  | { readonly do: 'enter'; readonly name: string; readonly room?: string }
  | { readonly do: 'say'; readonly text: string; readonly name?: string }
  /** A token in a message. */
  | { readonly do: 'auth'; readonly token: string }
  | { readonly do: 'beat' }
  | { readonly do: 'leave' }

/** Where something happens. */
export interface LegacyPlace {
  /** The room as the page has named it. */
  readonly room: string
  /** How many users are in it. */
  readonly num: number
  /** How many have ever joined it. */
  readonly total: number
}

export interface LegacyProfile {
  readonly path: string
  /** Whether the page reads Blobs. */
  readonly binary: boolean
  /** Whether the page is in the room from the start, before it has said a name. */
  readonly entersAtOnce: boolean
  /** Understand a message; `undefined` for what means nothing. Values may be of any type. */
  read(message: Readonly<Record<string, unknown>>): LegacyAction | undefined
  said(from: User, text: string, place: LegacyPlace): object
  joined(user: User, place: LegacyPlace): object | undefined
  left(user: User, place: LegacyPlace): object | undefined
  /** Somebody speaks without having been let in. */
  refused(): object | undefined
  /** The answer to a heartbeat of the page. */
  beat(): object | undefined
  /** Whether the server sends heartbeats, too. */
  readonly serverBeats: boolean
}

/** A field as text: pages write numbers and strings. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : undefined
}

/** A room of ours for any name a page may give: as it is, or spelled in hexadecimal. */
export function roomOf(room: string): string {
  const lower = room.toLowerCase()
  return isRoomName(lower) ? lower : `x-${Buffer.from(room.slice(0, 20)).toString('hex').slice(0, 60)}`
}
