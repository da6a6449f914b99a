/**
 * Topics: who listens to which name, and how a message reaches all of them in one write each. What is published in one turn
 * of the event loop is gathered; everybody who is to get the same messages gets the same bytes.
 */
import { HeldMessages, type Held, type SlowPolicy } from './held-messages.ts'
import { send, sendToAll } from './hand-out.ts'
import type { PreparedMessage } from './prepared-message.ts'
import { entriesFor, except, findSpecial, takeBatch, Topic, type Member, type Subscriber } from './topic.ts'

export interface TopicsOptions {
  /** What happens to subscribers that do not keep up with a topic, and how many bytes may wait for each. */
  readonly policy: (topic: string) => SlowPolicy
  readonly budget: number
  /** Call this at the end of the turn. */
  readonly schedule: (flush: () => void) => void
}

export interface PublishOptions {
  /**
   * What to do for subscribers that do not keep up, also of other servers on the bus. Default: the `slowConsumer` of each
   * server, where that is a function of the topic its own one: a function does not go over a bus.
   */
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

/** How to publish, and who is left out. */
type Publishing = PublishOptions & { readonly sender?: Member | undefined }

const NOBODY: PublishResult = { matched: 0, sent: 0, queued: 0, dropped: 0 }
/** When this many bytes are gathered, they leave without waiting for the turn to end. */
const FLUSH_FROM = 262_144

export class Topics {
  readonly #options: TopicsOptions
  readonly #topics = new Map<string, Topic>()
  /** The topics with something to flush, in the order they got it. */
  #dirty: Topic[] = []
  #order = 0
  #dropped = 0
  #heldBytes = 0
  readonly #flush = (): void => this.flush()

  constructor(options: TopicsOptions) {
    this.#options = options
  }

  /** The names with subscribers. */
  *names(): Iterable<string> {
    for (const { name, members } of this.#topics.values()) if (members.size > 0) yield name
  }

  /** Messages that subscribers missed so far, because they did not keep up. */
  get dropped(): number {
    return this.#dropped
  }

  /** Bytes of publications that wait for subscribers that do not keep up. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** How many subscribe to a topic. */
  count(name: string): number {
    return this.#topics.get(name)?.members.size ?? 0
  }

  /** Answers `false` when it subscribed already. It gets what is published from now on. */
  subscribe(member: Member, name: string): boolean {
    let topic = this.#topics.get(name)
    if (topic === undefined) this.#topics.set(name, (topic = new Topic(name)))
    if (topic.members.has(member)) return false
    for (const entry of topic.entries) except(entry, member)
    topic.members.add(member)
    member.topics.set(name, topic)
    if (member.isListed) listSlow(topic, member)
    else if (member.isSlow) this.blocked(member)
    return true
  }

  /** Answers `false` when it did not subscribe. What was published before still reaches it. */
  unsubscribe(member: Member, name: string): boolean {
    const topic = member.topics.get(name)
    if (topic === undefined) return false
    this.settle(member)
    this.#part(member, topic)
    member.topics.delete(name)
    return true
  }

  /** Forget a member that is gone: it misses what waits for it. Answers the names it subscribed to. */
  remove(member: Member): string[] {
    const names = [...member.topics.keys()]
    for (const topic of member.topics.values()) this.#part(member, topic)
    member.topics.clear()
    this.#dropped += member.held?.size ?? 0
    member.held = undefined
    this.#noteHeld(member)
    return names
  }

  /** Publish to all members of a topic but `sender`. */
  publish(name: string, message: PreparedMessage, how: Publishing = {}): PublishResult {
    const topic = this.#topics.get(name)
    if (topic === undefined) return NOBODY
    const sender = how.sender !== undefined && topic.members.has(how.sender) ? how.sender : undefined
    const matched = topic.members.size - (sender === undefined ? 0 : 1)
    const { held, dropped } = this.#holdForSlow(topic, message, how)
    const sent = matched - (held?.size ?? 0)
    if (sent > 0) this.#gather(topic, message, exceptions(held, sender))
    // Whoever weighs what is held may drop members: not before everybody's share is settled.
    if (held !== undefined) for (const member of [...held]) this.#noteHeld(member)
    return { matched, sent, queued: matched - sent - dropped, dropped }
  }

  /** Take note that a member does not keep up. */
  blocked(member: Member): void {
    if (member.isListed) return
    member.isListed = true
    for (const topic of member.topics.values()) listSlow(topic, member)
  }

  /** Take note that a member keeps up again: what waited for it goes out. */
  drained(member: Member): void {
    this.#sendHeld(member, false)
    member.subscriber.flush()
    if (!member.isSlow) this.#unlist(member)
  }

  /** Send a member what was published to it so far, ahead of what it is about to be sent directly. */
  settle(member: Member): void {
    this.#sendHeld(member, true)
    if (this.#dirty.length === 0) return
    for (const entry of entriesFor(member, this.#dirty)) {
      except(entry, member)
      send(member.subscriber, entry.message)
    }
  }

  /** Hand everything that was gathered to the members. */
  flush(): void {
    if (this.#dirty.length === 0) return
    const dirty = this.#dirty
    this.#dirty = []
    const batches = dirty.map(takeBatch)
    const special = findSpecial(batches)
    const touched: Subscriber[] = []
    for (const batch of batches) sendToAll(batch, special, touched)
    for (const member of special) {
      for (const { message } of entriesFor(member, batches)) send(member.subscriber, message)
      touched.push(member.subscriber)
    }
    for (const topic of dirty) this.#forgetIfUnused(topic)
    for (const subscriber of touched) subscriber.flush()
  }

  /** Send what waits for a member, as long as it keeps up; all of it with `force`, to keep the order with what follows. */
  #sendHeld(member: Member, force: boolean): void {
    const { held, subscriber } = member
    while (held !== undefined && held.size > 0 && (force || !subscriber.isSlow)) {
      const message = held.shift()!
      this.#noteHeld(member)
      send(subscriber, message)
    }
  }

  /** Tell how many bytes are held for a member, and count them. */
  #noteHeld(member: Member): void {
    const bytes = member.held?.bytes ?? 0
    if (bytes === member.noted) return
    this.#heldBytes += bytes - member.noted
    member.noted = bytes
    member.subscriber.holds(bytes)
  }

  #gather(topic: Topic, message: PreparedMessage, excepted: Set<Member> | undefined): void {
    if (topic.entries.length === 0) {
      this.#dirty.push(topic)
      if (this.#dirty.length === 1) this.#options.schedule(this.#flush)
    }
    topic.entries.push({ message, order: this.#order++, except: excepted })
    topic.bytes += message.frame.length
    if (topic.bytes >= FLUSH_FROM) this.flush()
  }

  /** For members that do not keep up the message is held, or dropped; the others never notice. */
  #holdForSlow(topic: Topic, message: PreparedMessage, how: Publishing) {
    let held: Set<Member> | undefined
    let dropped = 0
    let policy: SlowPolicy | undefined
    for (const member of topic.slow ?? []) {
      if (member === how.sender) continue
      if (!member.isSlow) {
        this.#unlist(member)
        continue
      }
      // The application's function may throw: it is asked before anything changes.
      policy ??= how.slowConsumer ?? this.#options.policy(topic.name)
      held ??= new Set()
      held.add(member)
      const key = policy === 'latest' ? `${topic.name}\0${how.key ?? ''}` : undefined
      if (!this.#hold(member, { message, key }, policy)) dropped++
    }
    return { held, dropped }
  }

  /** Answers whether the message waits for the member now. */
  #hold(member: Member, message: Held, policy: SlowPolicy): boolean {
    // What was published before goes out first.
    if (member.held === undefined || member.held.size === 0) this.settle(member)
    const held = (member.held ??= new HeldMessages())
    const { dropped } = held
    const result = held.add(message, policy, this.#options.budget)
    this.#dropped += held.dropped - dropped
    if (result === 'overflow') {
      this.#dropped++
      member.subscriber.closeSlow()
    }
    return result === 'queued'
  }

  #unlist(member: Member): void {
    member.isListed = false
    for (const topic of member.topics.values()) topic.slow?.delete(member)
  }

  #part(member: Member, topic: Topic): void {
    topic.members.delete(member)
    topic.slow?.delete(member)
    this.#forgetIfUnused(topic)
  }

  /** A topic without members is kept as long as a flush of it is due: whoever subscribes meanwhile finds it. */
  #forgetIfUnused(topic: Topic): void {
    if (topic.members.size === 0 && topic.entries.length === 0) this.#topics.delete(topic.name)
  }
}

function listSlow(topic: Topic, member: Member): void {
  topic.slow ??= new Set()
  topic.slow.add(member)
}

function exceptions(held: Set<Member> | undefined, sender: Member | undefined): Set<Member> | undefined {
  if (sender === undefined) return held
  return held === undefined ? new Set([sender]) : held.add(sender)
}
