/**
 * Explains what both sides sent, as one story: the handshake, if it is there, and the frames in the order they came.
 */
import { RSV1_BIT } from '../../protocol/frame-header.ts'
import { explainFrames, type ExplainedDirection, type ExplainedFrame, type Side } from './frames.ts'
import { explainHandshake, splitHead, type ExplainedHandshake, type Head } from './handshake.ts'
import { Inflater } from './inflater.ts'
import type { Piece } from './tcp-stream.ts'

export interface ConversationOptions {
  /** What to assume about permessage-deflate when there is no handshake that tells. */
  readonly deflate: boolean
  readonly keepGoing: boolean
}

export interface Conversation {
  readonly handshake: ExplainedHandshake | undefined
  readonly frames: readonly ExplainedFrame[]
  readonly directions: Readonly<Record<Side, ExplainedDirection>>
}

/** One direction's bytes, and after how many of them each piece ended. */
interface Stream {
  readonly from: Side
  readonly bytes: Uint8Array
  readonly ends: readonly { readonly bytes: number; readonly order: number }[]
  readonly head: Head | undefined
}

/** Explain a conversation given as the pieces of both sides, in their order. */
export function explainConversation(pieces: readonly Piece[], options: ConversationOptions): Conversation {
  const streams = { client: joinPieces(pieces, 'client'), server: joinPieces(pieces, 'server') }
  const { head: request } = streams.client
  const { head: response } = streams.server
  const handshake = request === undefined && response === undefined ? undefined : explainHandshake(request, response)
  const directions = {
    client: explainDirection(streams.client, handshake, options),
    server: explainDirection(streams.server, handshake, options),
  }
  const ordered = [...directions.client.frames, ...directions.server.frames]
    .map((frame) => ({ frame, order: orderOf(frame, streams[frame.from]) }))
    .toSorted((a, b) => a.order - b.order)
  return { handshake, frames: ordered.map(({ frame }) => frame), directions }
}

function joinPieces(pieces: readonly Piece[], from: Side): Stream {
  let length = 0
  const ends = pieces.flatMap((piece, order) => {
    if (piece.from !== from) return []
    length += piece.bytes.length
    return [{ bytes: length, order }]
  })
  const bytes = Buffer.concat(pieces.filter((piece) => piece.from === from).map((piece) => piece.bytes))
  return { from, bytes, ends, head: splitHead(bytes) }
}

/** The piece that brought the last byte of a frame. */
function orderOf(frame: ExplainedFrame, { ends }: Stream): number {
  const end = frame.offset + frame.headerBytes.length + frame.wirePayload.length
  return ends.find((piece) => piece.bytes >= end)?.order ?? ends.length
}

function explainDirection(
  stream: Stream,
  handshake: ExplainedHandshake | undefined,
  { deflate, keepGoing }: ConversationOptions,
): ExplainedDirection {
  // RFC 6455 4.1: without a 101 there are no frames.
  if (handshake?.switched === false) return { frames: [], rest: new Uint8Array(0), unread: 0 }
  const agreed = handshake === undefined ? undefined : handshake.deflate
  const compresses = typeof agreed === 'object' || (deflate && handshake?.response === undefined)
  const keepsContext =
    typeof agreed !== 'object' ||
    !(stream.from === 'client' ? agreed.clientNoContextTakeover : agreed.serverNoContextTakeover)
  return explainFrames(stream.bytes, stream.head?.length ?? 0, {
    from: stream.from,
    claimedRsv: compresses ? RSV1_BIT : 0,
    inflater: compresses ? new Inflater(keepsContext) : undefined,
    keepGoing,
  })
}
