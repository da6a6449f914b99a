/**
 * The end of a received message: what to put back that the sender left out, how it shows that the message ended
 * where a DEFLATE block ends, and what else can go wrong. RFC 7692 7.2.2; RFC 1951 3.2.3 for the block headers.
 */
import { CloseCode } from '../protocol/close-code.ts'
import type { DecodeFailure } from '../protocol/extension.ts'

/** An empty block without compression and with BFINAL: it ends the stream, if the stream is between two blocks. */
const FINAL_BLOCK = [0x01, 0x00, 0x00, 0xff, 0xff] as const
/** RFC 7692 7.2.3.4: the header of an empty block without compression, whose other four octets are left out. */
const EMPTY_BLOCK_HEADER = 0x00
/** RFC 7692 7.2.2: the four octets to append to a message. */
const REMOVED_TAIL = [0x00, 0x00, 0xff, 0xff] as const

/**
 * What is given to zlib after a message. The final block makes zlib tell a message that ends inside a block, which it would
 * silently accept otherwise; and it spares zlib its 32 KiB window, which it only needs for a stream that goes on.
 */
export const MESSAGE_TAIL: Uint8Array = Uint8Array.of(...REMOVED_TAIL, ...FINAL_BLOCK)
/** The same after a part that still has its four octets. */
export const PART_TAIL: Uint8Array = Uint8Array.of(...FINAL_BLOCK)

/** Tell whether bytes end as a flush of zlib does: between two blocks, as far as one can see. */
export function endsWithFlush(bytes: Uint8Array): boolean {
  const start = bytes.length - REMOVED_TAIL.length
  return start >= 0 && REMOVED_TAIL.every((byte, index) => bytes[start + index] === byte)
}

/** What there is to know of a message once zlib has read it. */
export interface MessageEnd {
  readonly length: number
  readonly lastByte: number | undefined
}

/** Check that a message ended where it had to, by the bytes that zlib used up until its stream ended, tail included. */
export function checkStreamEnd(consumed: number, { length, lastByte }: MessageEnd): DecodeFailure | undefined {
  if (consumed === length + MESSAGE_TAIL.length) return undefined
  if (consumed > length) return cutOff
  // RFC 7692 7.2.3.4: after a block with BFINAL comes the header of an empty block, which the next message has no use
  // for; senders that leave it out are understood as well.
  if (consumed === length || (consumed === length - 1 && lastByte === EMPTY_BLOCK_HEADER)) return undefined
  return invalid(`${length - consumed} bytes after the final DEFLATE block, at most an empty block is allowed`)
}

const cutOff: DecodeFailure = invalid('compressed message that ends inside a DEFLATE block')

function invalid(reason: string): DecodeFailure {
  return { closeCode: CloseCode.InvalidPayloadData, reason }
}

/** More plain bytes than were allowed; who set the limit says which. */
export const TOO_BIG: DecodeFailure = {
  closeCode: CloseCode.MessageTooBig,
  reason: 'message too big when decompressed',
}

/** The failure that belongs to an error of zlib. RFC 7692 names no code for it: 1007 is for data that makes no sense. */
export function inflateFailure(error: unknown): DecodeFailure {
  const { code, message } = error as { code?: unknown; message?: unknown }
  if (code === 'ERR_BUFFER_TOO_LARGE') return TOO_BIG
  if (code === 'Z_BUF_ERROR') return cutOff
  if (code === 'Z_DATA_ERROR') return invalid(`compressed message that is not DEFLATE data: ${String(message)}`)
  return { closeCode: CloseCode.InternalError, reason: `compressed message that zlib could not read: ${String(code)}` }
}
