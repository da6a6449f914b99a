/**
 * Topics: who listens to which name, and how a message reaches all of them in one write each. What is published in one turn
 * of the event loop is gathered; everybody who is to get the same messages gets the same bytes.
 */
import type { ExtensionInstance } from '../protocol/extension.ts'
import { HeldMessages, type SlowPolicy } from './held-messages.ts'
import type { PreparedMessage } from './prepared-message.ts'

/** Somebody who can be published to: an open connection, as far as topics need to know it. */
export interface Subscriber {
  /** The extension its frames go through. */
  readonly extension: ExtensionInstance | undefined
  /** Whether frames made elsewhere may go out now: nothing of its own is half sent. */
  readonly takesEncoded: boolean
  /** Whether it does not keep up: more is unsent than it may have. */
  readonly isSlow: boolean
  /** Send frames made elsewhere, in this turn. */
  sendEncoded(frames: Uint8Array): void
  /** Send a message in the ordinary way. */
  sendMessage(payload: Uint8Array, isText: boolean): void
  /** Write out what was sent. */
  flush(): void
  /** Close because it does not keep up. */
  closeSlow(): void
}

export interface TopicsOptions {
  /** What happens to subscribers that do not keep up, and how many bytes may wait for each. */
  readonly policy: SlowPolicy
  readonly budget: number
  /** Call this at the end of the turn. */
  readonly schedule: (flush: () => void) => void
}

export interface PublishOptions {
  /** What to do for subscribers that do not keep up. Default: the server's `slowConsumer`. */
  readonly slowConsumer?: SlowPolicy
  /** With `latest`: the message replaces one of the same topic and key that still waits. Default: the topic alone. */
  readonly key?: string
}

/** What became of a message. */
export interface PublishResult {
  /** Subscribers the message was for. */
  readonly matched: number
  /** To whom it goes out at the end of this turn. */
  readonly sent: number
  /** For whom it waits, because they do not keep up. */
  readonly queued: number
  /** Who misses it, because they do not keep up. */
  readonly dropped: number
}

/** When this many bytes are gathered, they leave without waiting for the turn to end. */
const FLUSH_FROM = 262_144

interface Entry {
  readonly message: PreparedMessage
  readonly order: number
  /** Who of the topic's members does not get it now: the sender, and those for whom it was held or dropped. */
  except: Set<Member> | undefined
}

class Topic {
  readonly name: string
  readonly members = new Set<Member>()
  pending: Entry[] = []
  pendingBytes = 0

  constructor(name: string) {
    this.name = name
  }
}

/** One subscriber and its topics. */
export class Member {
  readonly subscriber: Subscriber
  readonly topics = new Map<string, Topic>()
  held: HeldMessages | undefined
  /** Dirty topics it is in, counted during a flush. */
  dirty = 0

  constructor(subscriber: Subscriber) {
    this.subscriber = subscriber
  }

  /** Whether messages have to wait: it does not keep up, or earlier ones wait still. */
  get isSlow(): boolean {
    return this.subscriber.isSlow || (this.held !== undefined && this.held.size > 0)
  }
}

export class Topics {
  readonly #options: TopicsOptions
  readonly #topics = new Map<string, Topic>()
  /** The topics with something to flush, in the order they got it. */
  #dirty: Topic[] = []
  /** Members that did not keep up when last looked at. */
  readonly #slow = new Set<Member>()
  #order = 0

  constructor(options: TopicsOptions) {
    this.#options = options
  }

  /** The names with subscribers. */
  get names(): Iterable<string> {
    return this.#topics.keys()
  }

  /** How many subscribe to a topic. */
  count(name: string): number {
    return this.#topics.get(name)?.members.size ?? 0
  }

  /** Who subscribes to a topic. */
  *members(name: string): Iterable<Member> {
    yield* this.#topics.get(name)?.members ?? []
  }

  /** Answers `false` when it subscribed already. It gets what is published from now on. */
  subscribe(member: Member, name: string): boolean {
    let topic = this.#topics.get(name)
    if (topic === undefined) this.#topics.set(name, (topic = new Topic(name)))
    if (topic.members.has(member)) return false
    for (const entry of topic.pending) except(entry, member)
    topic.members.add(member)
    member.topics.set(name, topic)
    if (member.isSlow) this.#slow.add(member)
    return true
  }

  /** Answers `false` when it did not subscribe. What was published before still reaches it. */
  unsubscribe(member: Member, name: string): boolean {
    const topic = member.topics.get(name)
    if (topic === undefined) return false
    this.settle(member)
    member.topics.delete(name)
    topic.members.delete(member)
    if (topic.members.size === 0) this.#topics.delete(name)
    return true
  }

  /** Forget a member that is gone. Answers the names it subscribed to. */
  remove(member: Member): string[] {
    const names = [...member.topics.keys()]
    for (const [name, topic] of member.topics) {
      topic.members.delete(member)
      if (topic.members.size === 0 && topic.pending.length === 0) this.#topics.delete(name)
    }
    member.topics.clear()
    member.held = undefined
    this.#slow.delete(member)
    return names
  }

  /** Publish to all members of a topic but `sender`. */
  publish(
    name: string,
    message: PreparedMessage,
    how: PublishOptions & { sender?: Member | undefined } = {},
  ): PublishResult {
    const topic = this.#topics.get(name)
    if (topic === undefined) return { matched: 0, sent: 0, queued: 0, dropped: 0 }
    const sender = how.sender !== undefined && topic.members.has(how.sender) ? how.sender : undefined
    const matched = topic.members.size - (sender === undefined ? 0 : 1)
    const { held, dropped } = this.#holdForSlow(topic, message, how)
    const sent = matched - (held?.size ?? 0)
    if (sent > 0) this.#gather(topic, message, exceptions(held, sender))
    return { matched, sent, queued: matched - sent - dropped, dropped }
  }

  /** Take note that a member does not keep up. */
  blocked(member: Member): void {
    if (member.topics.size > 0) this.#slow.add(member)
  }

  /** Take note that a member keeps up again: what waited for it goes out. */
  drained(member: Member): void {
    this.sendHeld(member)
    if (!member.isSlow) this.#slow.delete(member)
  }

  /** Send what waits for a member, as long as it keeps up; all of it with `force`, to keep the order with what follows. */
  sendHeld(member: Member, force: boolean = false): void {
    const { held, subscriber } = member
    if (held === undefined) return
    while (held.size > 0 && (force || !subscriber.isSlow)) this.#send(subscriber, held.shift()!)
    if (!force) subscriber.flush()
  }

  /** Send a member what was published to it so far, ahead of what it is about to be sent directly. */
  settle(member: Member): void {
    if (this.#dirty.length > 0) {
      for (const entry of entriesFor(member, this.#dirty)) {
        except(entry, member)
        this.#send(member.subscriber, entry.message)
      }
    }
    this.sendHeld(member, true)
  }

  /** Hand everything that was gathered to the members. */
  flush(): void {
    const dirty = this.#dirty
    if (dirty.length === 0) return
    this.#dirty = []
    const special = findSpecial(dirty)
    const touched: Subscriber[] = []
    for (const topic of dirty) {
      this.#flushToAll(topic, special, touched)
    }
    for (const member of special) {
      for (const { message } of entriesFor(member, dirty)) this.#send(member.subscriber, message)
      touched.push(member.subscriber)
    }
    for (const topic of dirty) {
      topic.pending = []
      topic.pendingBytes = 0
      if (topic.members.size === 0) this.#topics.delete(topic.name)
    }
    for (const subscriber of touched) subscriber.flush()
  }

  /** What most members get: the same messages, in one piece made once. */
  #flushToAll(topic: Topic, special: ReadonlySet<Member>, touched: Subscriber[]): void {
    let shared: Uint8Array | undefined
    for (const member of topic.members) {
      if (special.has(member)) continue
      const { subscriber } = member
      if (subscriber.extension === undefined && subscriber.takesEncoded) {
        shared ??= join(topic.pending, topic.pendingBytes)
        subscriber.sendEncoded(shared)
      } else {
        for (const { message } of topic.pending) this.#send(subscriber, message)
      }
      touched.push(subscriber)
    }
  }

  #send(subscriber: Subscriber, message: PreparedMessage): void {
    const { extension } = subscriber
    if (!subscriber.takesEncoded) subscriber.sendMessage(message.payload, message.isText)
    else subscriber.sendEncoded(extension === undefined ? message.frame : message.frameFor(extension))
  }

  #gather(topic: Topic, message: PreparedMessage, excepted: Set<Member> | undefined): void {
    if (topic.pending.length === 0) {
      this.#dirty.push(topic)
      if (this.#dirty.length === 1) this.#options.schedule(() => this.flush())
    }
    topic.pending.push({ message, order: this.#order++, except: excepted })
    topic.pendingBytes += message.frame.length
    if (topic.pendingBytes >= FLUSH_FROM) this.flush()
  }

  /** For members that do not keep up the message is held, or dropped; the others never notice. */
  #holdForSlow(topic: Topic, message: PreparedMessage, how: PublishOptions & { sender?: Member | undefined }) {
    let held: Set<Member> | undefined
    let dropped = 0
    for (const member of this.#slow) {
      if (member === how.sender || !topic.members.has(member)) continue
      if (!member.isSlow) {
        this.#slow.delete(member)
        continue
      }
      held ??= new Set()
      held.add(member)
      if (!this.#hold(member, topic, { message, how })) dropped++
    }
    return { held, dropped }
  }

  /** Answers whether the message waits for the member now. */
  #hold(member: Member, topic: Topic, { message, how }: { message: PreparedMessage; how: PublishOptions }): boolean {
    // What was published before goes out first.
    if (member.held === undefined || member.held.size === 0) this.settle(member)
    const policy = how.slowConsumer ?? this.#options.policy
    member.held ??= new HeldMessages()
    const key = policy === 'latest' ? `${topic.name}\0${how.key ?? ''}` : undefined
    const result = member.held.add({ message, key }, policy, this.#options.budget)
    if (result === 'overflow') member.subscriber.closeSlow()
    return result === 'queued'
  }
}

function except(entry: Entry, member: Member): void {
  entry.except ??= new Set()
  entry.except.add(member)
}

function exceptions(held: Set<Member> | undefined, sender: Member | undefined): Set<Member> | undefined {
  if (sender === undefined) return held
  return held === undefined ? new Set([sender]) : held.add(sender)
}

/** Members that do not get all of exactly one topic: those that some message is not for, and those of several topics. */
function findSpecial(dirty: readonly Topic[]): Set<Member> {
  const special = new Set<Member>()
  for (const topic of dirty) {
    for (const { except } of topic.pending) {
      if (except !== undefined) for (const member of except) if (topic.members.has(member)) special.add(member)
    }
  }
  if (dirty.length === 1) return special
  for (const topic of dirty) for (const member of topic.members) if (++member.dirty > 1) special.add(member)
  for (const topic of dirty) for (const member of topic.members) member.dirty = 0
  return special
}

/** What a member gets from several topics, in the order it was published. */
function entriesFor(member: Member, dirty: readonly Topic[]): Entry[] {
  const entries: Entry[] = []
  let topics = 0
  for (const topic of dirty) {
    if (!topic.members.has(member)) continue
    topics++
    for (const entry of topic.pending) if (entry.except?.has(member) !== true) entries.push(entry)
  }
  return topics === 1 ? entries : entries.sort((a, b) => a.order - b.order)
}

function join(entries: readonly Entry[], length: number): Uint8Array {
  if (entries.length === 1) return entries[0]!.message.frame
  const joined = new Uint8Array(length)
  let at = 0
  for (const { message } of entries) {
    joined.set(message.frame, at)
    at += message.frame.length
  }
  return joined
}
