/**
 * A client made of the bare parts so that every byte can be watched: the sans-I/O endpoint of floor 1 on a stream.
 */
import type { Duplex } from 'node:stream'
import { nodeTextCodec, randomMask } from '../../node/platform.ts'
import type { CloseOutcome } from '../../protocol/close-outcome.ts'
import { Connection } from '../../protocol/connection.ts'
import type { OpenedStream } from './open-stream.ts'

/** What a client tells; bytes are those on the wire, TLS taken off. */
export interface WireListener {
  received(bytes: Uint8Array): void
  sent(bytes: Uint8Array): void
  message(message: string | Uint8Array): void
  ping(payload: Uint8Array): void
  pong(payload: Uint8Array): void
  closed(outcome: CloseOutcome): void
}

/** Milliseconds for the end of TCP once the closing handshake has begun. */
const CLOSE_TIMEOUT = 5_000

/** Put an endpoint on the stream of a finished handshake. `begin` starts reading. */
export function createWireClient(
  { stream, head, agreed }: OpenedStream,
  maxPayload: number,
  listener: WireListener,
): { readonly connection: Connection; begin(): void } {
  const [extension] = agreed
  const connection = new Connection({
    role: 'client',
    randomMask,
    codec: nodeTextCodec,
    maxPayload,
    ...(extension === undefined ? {} : { extension: extension.create() }),
    handler: {
      message: (message) => listener.message(message),
      ping: (payload) => listener.ping(payload),
      pong: (payload) => listener.pong(payload),
      write(bytes) {
        listener.sent(bytes)
        if (stream.writable) stream.write(bytes)
      },
      reading: (wanted) => void (wanted ? stream.resume() : stream.pause()),
      closing: () => void setTimeout(() => connection.terminate('timeout'), CLOSE_TIMEOUT).unref(),
      end: () => void stream.end(),
      destroy: () => void stream.destroy(),
      closed: (outcome) => listener.closed(outcome),
    },
  })
  return { connection, begin: () => attach(stream, connection, { head, listener }) }
}

function attach(
  stream: Duplex,
  connection: Connection,
  { head, listener }: { readonly head: Uint8Array; readonly listener: WireListener },
): void {
  const receive = (bytes: Uint8Array): void => {
    // The endpoint unmasks in place; who watches sees the bytes first.
    listener.received(bytes)
    connection.receive(bytes)
  }
  stream.on('error', (error) => connection.transportClosed(error))
  stream.on('close', () => connection.transportClosed())
  stream.on('end', () => connection.receiveEnd())
  stream.on('data', receive)
  if (head.length > 0) receive(head)
}
