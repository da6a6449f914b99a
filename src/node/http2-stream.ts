/**
 * A stream of HTTP/2 that ends as TCP does: an orderly end is END_STREAM, an abrupt one is RST_STREAM with CANCEL, and both
 * are told apart when they come from the peer. RFC 8441 5; RFC 9113 8.1.
 */
import type { Http2Stream } from 'node:http2'

/** The codes of RST_STREAM for an end in order, and for a stream that is no longer wanted. RFC 9113 7. */
const NO_ERROR = 0
export const CANCEL = 8

/** Bytes that a peer may send on one stream before any are read, and on all streams of a session. RFC 9113 6.9.2. */
export const STREAM_WINDOW = 262_144
export const SESSION_WINDOW = 1_048_576

/** Node counts what it holds for a session in millions of bytes. */
const BYTES_PER_MEMORY_UNIT = 1_000_000

/** Node's `maxSessionMemory` for a session whose streams may have so many bytes unsent: our own limits come first. */
export function sessionMemory(maxBuffered: number): number {
  const enough = maxBuffered === 0 ? Number.MAX_SAFE_INTEGER : maxBuffered + STREAM_WINDOW
  return Math.ceil(enough / BYTES_PER_MEMORY_UNIT)
}

/**
 * How much Node is given of a stream at once, in bytes: what it was given it tells of only when all of it has gone, and so
 * long it counts against the memory of the session.
 */
const PIECE = 65_536

/** To be called as soon as there is a stream: one without a listener for errors takes the process with it. */
export function makeLikeTcp(stream: Http2Stream): void {
  writeInPieces(stream)
  let isDropped = false
  stream.on('error', ignore)
  stream.on('aborted', () => {
    // Told for orderly ends as well.
    if (!isDropped && stream.rstCode === CANCEL) stream.destroy(resetByPeer())
  })
  const destroy = stream.destroy
  stream.destroy = (error) => {
    const isFirst = !isDropped && !stream.closed && !stream.destroyed
    isDropped = true
    if (isFirst && stream.readableEnded && stream.writableLength === 0 && !stream.writableFinished) {
      // The peer has ended its side in order: it is answered with END_STREAM before the stream is gone.
      afterEnd(stream, () => destroy.call(stream, error))
      return stream.end()
    }
    if (isFirst && !stream.writableFinished) {
      // By itself Node would tell the peer of no error, and send END_STREAM first, as if nothing were cut off.
      stream.end = () => stream
      stream.close(CANCEL)
    }
    return destroy.call(stream, error)
  }
}

/** Write large chunks in pieces, one behind the other: so it is seen that a slow peer takes some. */
function writeInPieces(stream: Http2Stream): void {
  const write = stream.write.bind(stream) as (...given: unknown[]) => boolean
  stream.write = (chunk: unknown, ...others: unknown[]): boolean => {
    let rest = chunk
    while (rest instanceof Uint8Array && rest.length > PIECE) {
      write(rest.subarray(0, PIECE))
      rest = rest.subarray(PIECE)
    }
    return write(rest, ...others)
  }
  // All that waits would go at once.
  Object.defineProperty(stream, '_writev', { value: undefined })
}

/** RFC 9113 8.1: a server that has said everything asks the client to say no more. Some clients wait for that. */
export function stopClientAtEnd(stream: Http2Stream): void {
  afterEnd(stream, () => {
    if (!stream.destroyed && !stream.closed) stream.close(NO_ERROR)
  })
}

/** Node sends END_STREAM at the end of the turn; RST_STREAM would go before it. */
function afterEnd(stream: Http2Stream, then: () => void): void {
  stream.once('finish', () => setImmediate(then))
}

function resetByPeer(): Error {
  return Object.assign(new Error('the peer reset the stream (CANCEL)'), { code: 'ECONNRESET' })
}

function ignore(): void {
  // Whoever uses the stream has a listener of its own.
}
