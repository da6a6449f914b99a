/** A subscriber that writes down what reaches it, message by message, and can be told not to keep up. */
import { prepare } from '../../src/node/topic-hub.ts'
import type { ExtensionInstance } from '../../src/protocol/extension.ts'
import { Member, type Subscriber } from '../../src/pubsub/topic.ts'
import type { PreparedMessage } from '../../src/pubsub/prepared-message.ts'
import { serverFrames } from './raw-client.ts'

export class NotingSubscriber implements Subscriber {
  readonly extension: ExtensionInstance | undefined = undefined
  takesEncoded = true
  isSlow = false
  readonly messages: string[] = []
  /** How many pieces the messages came in, and in how many flushes. */
  writes = 0
  flushes = 0
  counted = 0
  wasClosed = false
  held = 0
  onWrite: (() => void) | undefined

  sendEncoded(frames: Uint8Array, messages: number): void {
    this.writes++
    this.counted += messages
    for (const { payload } of serverFrames(Buffer.from(frames))) this.messages.push(payload.toString())
    this.onWrite?.()
  }

  sendMessage(payload: Uint8Array): void {
    this.writes++
    this.counted++
    this.messages.push(Buffer.from(payload).toString())
  }

  flush(): void {
    this.flushes++
  }

  holds(bytes: number): void {
    this.held = bytes
  }

  closeSlow(): void {
    this.wasClosed = true
  }
}

/** A member with its subscriber. */
export function makeMember(): { member: Member; subscriber: NotingSubscriber } {
  const subscriber = new NotingSubscriber()
  return { member: new Member(subscriber), subscriber }
}

export function text(message: string): PreparedMessage {
  return prepare(message)
}
