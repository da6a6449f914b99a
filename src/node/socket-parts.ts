/**
 * What a server's socket is made from, and what its server keeps for it.
 */
import type { Duplex } from 'node:stream'
import type { ExtensionInstance } from '../protocol/extension.ts'
import type { Member } from '../pubsub/topic.ts'
import type { BindingListener, BindingOptions } from './binding-options.ts'
import type { DuplexBinding } from './duplex-binding.ts'
import type { MessageParts } from './message-parts.ts'
import type { MessageQueue } from './message-queue.ts'
import type { RateLimiter } from './rate-limit.ts'
import type { Socket } from './socket.ts'
import type { TopicHub } from './topic-hub.ts'

export interface SendOptions {
  /** Send bytes as a text message; they must be UTF-8. Default: a string is text, bytes are binary. */
  readonly text?: boolean
  /** Let permessage-deflate work on it, from its threshold on. Default true. */
  readonly compress?: boolean
}

/** What a socket is made from. */
export interface SocketOptions<Data> {
  readonly stream: Duplex
  readonly binding: BindingOptions
  readonly extension: ExtensionInstance | undefined
  readonly listener: BindingListener<Socket<Data>>
  readonly hub: TopicHub<Data>
  readonly data: Data
  readonly protocol: string
  readonly extensions: string
  readonly remoteAddress: string | undefined
  readonly limiter: RateLimiter | undefined
}

/** What the server keeps for a socket; not for applications. */
export interface SocketInternals<Data> {
  readonly binding: DuplexBinding<Socket<Data>>
  /** Made when it first subscribes. */
  member: Member | undefined
  /** Where messages go instead of the handler, once somebody iterates over them. */
  queue: MessageQueue | undefined
  /** The message in parts that is under way. */
  parts: MessageParts | undefined
  /** Only where there are rates to keep. */
  limiter: RateLimiter | undefined
}
