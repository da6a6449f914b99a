/**
 * A socket as a pair of WHATWG streams: one message is one chunk, a string for text and bytes for binary. Who does not read
 * holds the peer back; who writes waits while the peer does not read.
 */
import type { ReadableStream, WritableStream } from 'node:stream/web'
import { CloseCode } from '../protocol/close-code.ts'
import type { MessageQueue } from './message-queue.ts'
import type { Sendable } from './payload.ts'

export interface SocketStream {
  /** The messages; it closes with a clean close and errors after any other. Cancelling closes the socket with 1000. */
  readonly readable: ReadableStream<string | Uint8Array>
  /** Writes resolve when more is wanted. Closing it closes the socket with 1000, aborting it with 1011. */
  readonly writable: WritableStream<Sendable>
}

/** What a pair is made of: a server's socket or a client. */
export interface Streamed {
  /** Gives the messages, and is told what to do when the reader leaves. */
  readMessages(leave: () => void): MessageQueue
  /** Answers whether the connection was open. */
  send(message: Sendable): boolean
  /** Resolves when more is wanted: to `false` when the connection is no longer open. */
  ready(): Promise<boolean>
  close(code: number): void
}

export function makeStream(streamed: Streamed): SocketStream {
  const messages = streamed.readMessages(() => streamed.close(CloseCode.NormalClosure))
  const readable = new globalThis.ReadableStream<string | Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await messages.next()
        if (done === true) controller.close()
        else controller.enqueue(value)
      },
      async cancel() {
        await messages.return()
      },
    },
    { highWaterMark: 0 },
  )
  const writable = new globalThis.WritableStream<Sendable>({
    async write(message) {
      const isSent = streamed.send(message) && (await streamed.ready())
      if (!isSent) throw new Error('the connection is no longer open')
    },
    close: () => streamed.close(CloseCode.NormalClosure),
    abort: () => streamed.close(CloseCode.InternalError),
  })
  return { readable, writable }
}
