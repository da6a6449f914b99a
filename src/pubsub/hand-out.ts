/**
 * How what was published is handed to subscribers: the same bytes to all that take them, and each message by itself to those
 * with an extension, or in the midst of something. RFC 7692 7.2.1 for what may be shared.
 */
import type { PreparedMessage } from './prepared-message.ts'
import { join, type Batch, type Member, type Subscriber } from './topic.ts'

/** What most members get: the same messages, in one piece made once. */
export function sendToAll(batch: Batch, special: ReadonlySet<Member>, touched: Subscriber[]): void {
  let shared: Uint8Array | undefined
  for (const member of batch.members) {
    if (special.has(member)) continue
    const { subscriber } = member
    if (subscriber.extension === undefined && subscriber.takesEncoded) {
      shared ??= join(batch)
      subscriber.sendEncoded(shared, batch.entries.length)
    } else {
      for (const { message } of batch.entries) send(subscriber, message)
    }
    touched.push(subscriber)
  }
}

/** Send one message: as bytes made once where the subscriber takes them, or in the ordinary way. */
export function send(subscriber: Subscriber, message: PreparedMessage): void {
  const { extension } = subscriber
  if (!subscriber.takesEncoded) subscriber.sendMessage(message.payload, message.isText)
  else subscriber.sendEncoded(extension === undefined ? message.frame : message.frameFor(extension), 1)
}
