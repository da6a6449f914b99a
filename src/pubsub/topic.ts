/**
 * One topic with its members and what was published to it in this turn, and who is to get which part of that.
 */
import type { ExtensionInstance } from '../protocol/extension.ts'
import type { HeldMessages } from './held-messages.ts'
import type { PreparedMessage } from './prepared-message.ts'

/** Somebody who can be published to: an open connection, as far as topics need to know it. */
export interface Subscriber {
  /** The extension its frames go through. */
  readonly extension: ExtensionInstance | undefined
  /** Whether frames made elsewhere may go out now: nothing of its own is half sent. */
  readonly takesEncoded: boolean
  /** Whether it does not keep up: more is unsent than it may have. */
  readonly isSlow: boolean
  /** Send frames made elsewhere, in this turn: so many messages. */
  sendEncoded(frames: Uint8Array, messages: number): void
  /** Send a message in the ordinary way. */
  sendMessage(payload: Uint8Array, isText: boolean): void
  /** Write out what was sent. */
  flush(): void
  /** Take note of how many bytes of publications are held for it now. */
  holds(bytes: number): void
  /** Close because it does not keep up. */
  closeSlow(): void
}

/** A message that was published in this turn. */
export interface Entry {
  readonly message: PreparedMessage
  readonly order: number
  /** Who of the topic's members does not get it now: the sender, and those for whom it was held or dropped. */
  except: Set<Member> | undefined
}

/** What was published in this turn, and for whom. */
export interface Batch {
  readonly members: ReadonlySet<Member>
  readonly entries: readonly Entry[]
  /** Bytes of the entries' frames. */
  readonly bytes: number
}

/** A name, who subscribes to it, and what was published and is not handed out yet. */
export class Topic implements Batch {
  readonly name: string
  readonly members = new Set<Member>()
  /** Those of them that did not keep up when last looked at. */
  slow: Set<Member> | undefined
  entries: Entry[] = []
  bytes = 0

  constructor(name: string) {
    this.name = name
  }
}

/** One subscriber and its topics. */
export class Member {
  readonly subscriber: Subscriber
  readonly topics = new Map<string, Topic>()
  held: HeldMessages | undefined
  /** Bytes of them, as the subscriber was last told. */
  noted = 0
  /** Whether its topics list it as slow. */
  isListed = false
  /** Batches it is in, counted during a flush. */
  batches = 0

  constructor(subscriber: Subscriber) {
    this.subscriber = subscriber
  }

  /** Whether messages have to wait: it does not keep up, or earlier ones wait still. */
  get isSlow(): boolean {
    return this.subscriber.isSlow || (this.held !== undefined && this.held.size > 0)
  }
}

/** Take out what was published to a topic. Whoever publishes meanwhile begins anew. */
export function takeBatch(topic: Topic): Batch {
  const { members, entries, bytes } = topic
  topic.entries = []
  topic.bytes = 0
  return { members, entries, bytes }
}

/** Leave a member out. */
export function except(entry: Entry, member: Member): void {
  entry.except ??= new Set()
  entry.except.add(member)
}

/** Members that do not get all of exactly one batch: those that some message is not for, and those of several topics. */
export function findSpecial(batches: readonly Batch[]): Set<Member> {
  const special = new Set<Member>()
  for (const { members, entries } of batches) {
    for (const entry of entries) {
      if (entry.except !== undefined) for (const member of entry.except) if (members.has(member)) special.add(member)
    }
  }
  if (batches.length === 1) return special
  for (const { members } of batches) for (const member of members) if (++member.batches > 1) special.add(member)
  for (const { members } of batches) for (const member of members) member.batches = 0
  return special
}

/** What a member gets from several batches, in the order it was published. */
export function entriesFor(member: Member, batches: readonly Batch[]): Entry[] {
  const found: Entry[] = []
  let topics = 0
  for (const { members, entries } of batches) {
    if (!members.has(member)) continue
    topics++
    for (const entry of entries) if (entry.except?.has(member) !== true) found.push(entry)
  }
  return topics <= 1 ? found : found.sort((a, b) => a.order - b.order)
}

/** The frames of a batch in one piece. */
export function join({ entries, bytes }: Batch): Uint8Array {
  if (entries.length === 1) return entries[0]!.message.frame
  const joined = new Uint8Array(bytes)
  let at = 0
  for (const { message } of entries) {
    joined.set(message.frame, at)
    at += message.frame.length
  }
  return joined
}
