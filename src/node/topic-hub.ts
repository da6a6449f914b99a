/**
 * The topics of one server, tied to its sockets.
 */
import type { BusMessage } from '../pubsub/bus.ts'
import { checkSlowPolicy } from '../pubsub/held-messages.ts'
import { PreparedMessage } from '../pubsub/prepared-message.ts'
import { Member } from '../pubsub/topic.ts'
import { Topics, type PublishOptions, type PublishResult } from '../pubsub/topics.ts'
import type { DuplexBinding } from './duplex-binding.ts'
import { toPayload, type Sendable } from './payload.ts'
import { allocate, bufferOf, nodeTextCodec } from './platform.ts'
import type { ServerSettings } from './server-options.ts'
import type { Socket } from './socket.ts'
import { SocketSubscriber } from './subscriber.ts'

/** A message made ready for many connections, by `prepare`. */
export type { PreparedMessage } from '../pubsub/prepared-message.ts'

/**
 * Make a message ready to be sent to any number of sockets: it is encoded once, and deflated once.
 * @throws TypeError for what is neither a string nor bytes.
 */
export function prepare(message: Sendable | PreparedMessage, isText?: boolean): PreparedMessage {
  if (message instanceof PreparedMessage) return message
  const payload = toPayload(message)
  return new PreparedMessage(payload, isText ?? typeof payload === 'string', { codec: nodeTextCodec, allocate })
}

/** What a hub needs of its server. */
export interface HubServer<Data> {
  /** Call a handler of the application. */
  call(socket: Socket<Data>, handler: () => unknown): void
  /** Tell the application of a mistake of its own that concerns no socket. */
  error(error: unknown): void
  /** Send to every open socket of this server; answers how many there are. */
  sendToAll(message: PreparedMessage): number
}

export class TopicHub<Data> {
  readonly topics: Topics
  readonly #settings: ServerSettings<Data>
  readonly #server: HubServer<Data>
  readonly #leaveBus: (() => void) | undefined

  constructor(settings: ServerSettings<Data>, server: HubServer<Data>) {
    this.#settings = settings
    this.#server = server
    this.topics = new Topics({ policy: settings.slowConsumer, budget: settings.slowBudget, schedule: setImmediate })
    this.#leaveBus = settings.options.bus?.join((message) => {
      try {
        this.#receive(message)
      } catch (error) {
        // Whoever published, or carries it here, can do nothing about a function of this server's that throws.
        server.error(error)
      }
    })
  }

  /** Hear no more of other servers. */
  leaveBus(): void {
    this.#leaveBus?.()
  }

  makeMember(binding: DuplexBinding<Socket<Data>>): Member {
    return new Member(new SocketSubscriber(binding))
  }

  subscribe(socket: Socket<Data>, member: Member, topic: string): boolean {
    requireTopic(topic)
    if (!this.topics.subscribe(member, topic)) return false
    const count = this.topics.count(topic)
    this.#told(socket, topic, { count, before: count - 1 })
    return true
  }

  unsubscribe(socket: Socket<Data>, member: Member, topic: string): boolean {
    requireTopic(topic)
    if (!this.topics.unsubscribe(member, topic)) return false
    const count = this.topics.count(topic)
    this.#told(socket, topic, { count, before: count + 1 })
    return true
  }

  publish(
    topic: string,
    message: Sendable | PreparedMessage,
    how: PublishOptions & { sender?: Member | undefined },
  ): PublishResult {
    requireTopic(topic)
    const { key, slowConsumer } = how
    checkSlowPolicy(slowConsumer)
    const prepared = prepare(message)
    this.#tellOthers(prepared, {
      topic,
      ...(key === undefined ? {} : { key }),
      ...(slowConsumer === undefined ? {} : { slowConsumer }),
    })
    return this.topics.publish(topic, prepared, how)
  }

  broadcast(message: Sendable | PreparedMessage): number {
    const prepared = prepare(message)
    this.#tellOthers(prepared, {})
    return this.#server.sendToAll(prepared)
  }

  /** Another server has published. */
  #receive({ topic, message, ...how }: BusMessage): void {
    if (topic === undefined) return void this.#server.sendToAll(prepare(message))
    checkSlowPolicy(how.slowConsumer)
    if (this.topics.count(topic) > 0) this.topics.publish(topic, prepare(message), how)
  }

  #tellOthers({ payload, isText }: PreparedMessage, how: Omit<BusMessage, 'message'>): void {
    this.#settings.options.bus?.publish({ ...how, message: isText ? bufferOf(payload).toString() : payload })
  }

  /** Forget a socket that is gone. */
  remove(socket: Socket<Data>, member: Member): void {
    for (const topic of this.topics.remove(member)) {
      const count = this.topics.count(topic)
      this.#told(socket, topic, { count, before: count + 1 })
    }
  }

  #told(socket: Socket<Data>, topic: string, { count, before }: { count: number; before: number }): void {
    const { subscription } = this.#settings.options
    if (subscription === undefined) return
    this.#server.call(socket, () => this.#settings.options.subscription!(socket, topic, count, before))
  }
}

function requireTopic(topic: unknown): void {
  if (typeof topic !== 'string') throw new TypeError(`a topic is a string, got ${typeof topic}`)
}
