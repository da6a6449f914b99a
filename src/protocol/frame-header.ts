/**
 * The 2 to 14 bytes before each payload, decoded and encoded. RFC 6455 5.2.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-+-+-+-+-------+-+-------------+-------------------------------+
 *     |F|R|R|R| opcode|M| Payload len |    Extended payload length    |
 *     |I|S|S|S|  (4)  |A|     (7)     |             (16/64)           |
 *     |N|V|V|V|       |S|             |   (if payload len==126/127)   |
 *     | |1|2|3|       |K|             |                               |
 *     +-+-+-+-+-------+-+-------------+ - - - - - - - - - - - - - - - +
 */

/** First byte: the final fragment of a message. */
export const FIN_BIT = 0x80
/** First byte: reserved bits, for extensions. */
export const RSV1_BIT = 0x40
export const RSV2_BIT = 0x20
export const RSV3_BIT = 0x10
export const RSV_BITS = 0x70
/** First byte: the opcode. */
export const OPCODE_BITS = 0x0f
/** Second byte: the payload is masked. */
export const MASK_BIT = 0x80
/** Second byte: the length itself, or one of the two marks below. */
export const LENGTH_BITS = 0x7f
/** The length stands in the next 2 bytes. */
export const LENGTH_16 = 126
/** The length stands in the next 8 bytes. */
export const LENGTH_64 = 127
/** The largest length that fits into the second byte; also the most a control frame may carry (5.5). */
export const MAX_SHORT_LENGTH = 125
/** The largest length that fits into 16 bits. */
export const MAX_LENGTH_16 = 0xffff
/** The largest header: 2 bytes, 8 of length, 4 of mask key. */
export const MAX_HEADER_LENGTH = 14
/** A mask key is 32 bits. RFC 6455 5.3. */
export const MASK_KEY_LENGTH = 4

const TWO_TO_32 = 0x1_0000_0000
/** The high word of 2^53. */
const FIRST_INEXACT_HIGH = 0x20_0000

/** A decoded header. One object serves all connections; copy what must outlive the call that hands it over. */
export interface FrameHeader {
  fin: boolean
  /** The three reserved bits, in their place in the first byte. */
  rsv: number
  opcode: number
  masked: boolean
  /** The four bytes of the key as they stand, big-endian, in 32 bits; 0 when there is none. */
  maskKey: number
  /** Bytes of payload; above 2^53 - 1 it is no longer exact, and always over every limit. */
  payloadLength: number
  /** Bytes that the length field itself took: 1, 3 or 9; frame-rules checks that it is the least possible. */
  lengthFieldSize: number
}

/** Make an empty header to decode into. */
export function createFrameHeader(): FrameHeader {
  return { fin: true, rsv: 0, opcode: 0, masked: false, maskKey: 0, payloadLength: 0, lengthFieldSize: 1 }
}

/** Tell from its second byte how long a header is: 2, 4 or 10 bytes, and 4 more with a mask. */
export function headerLengthOf(secondByte: number): number {
  const length = secondByte & LENGTH_BITS
  const withLength = length === LENGTH_16 ? 4 : length === LENGTH_64 ? 10 : 2
  return (secondByte & MASK_BIT) === 0 ? withLength : withLength + MASK_KEY_LENGTH
}

/** Decode the whole header that lies at `offset` into `header`; answer where the payload begins. */
export function decodeFrameHeader(bytes: Uint8Array, offset: number, header: FrameHeader): number {
  const first = bytes[offset]!
  const second = bytes[offset + 1]!
  header.fin = (first & FIN_BIT) !== 0
  header.rsv = first & RSV_BITS
  header.opcode = first & OPCODE_BITS
  header.masked = (second & MASK_BIT) !== 0
  let length = second & LENGTH_BITS
  let at = offset + 2
  if (length <= MAX_SHORT_LENGTH) {
    header.lengthFieldSize = 1
  } else if (length === LENGTH_16) {
    length = (bytes[at]! << 8) | bytes[at + 1]!
    header.lengthFieldSize = 3
    at += 2
  } else {
    const high = readUint32(bytes, at)
    // From 2^53 on a number is not exact, and rounding must not reach the highest bit.
    length = high * TWO_TO_32 + (high < FIRST_INEXACT_HIGH ? readUint32(bytes, at + 4) : 0)
    header.lengthFieldSize = 9
    at += 8
  }
  header.payloadLength = length
  if (header.masked) {
    header.maskKey = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
    at += MASK_KEY_LENGTH
  } else {
    header.maskKey = 0
  }
  return at
}

/** Tell how many bytes the header of a frame takes that is encoded with the least possible length field. */
export function encodedHeaderLength(payloadLength: number, masked: boolean): number {
  const base = payloadLength <= MAX_SHORT_LENGTH ? 2 : payloadLength <= MAX_LENGTH_16 ? 4 : 10
  return masked ? base + MASK_KEY_LENGTH : base
}

/**
 * Encode a header without its mask key at `offset`; answer where it ends, which is where the key or the payload goes.
 * `firstByte` is FIN, RSV and opcode together. RFC 6455 5.2: the minimal number of bytes MUST be used for the length.
 * Five arguments, because a call for each frame must not allocate.
 */
export function encodeFrameHeader(
  bytes: Uint8Array,
  offset: number,
  firstByte: number,
  payloadLength: number,
  masked: boolean,
): number {
  const maskBit = masked ? MASK_BIT : 0
  bytes[offset] = firstByte
  if (payloadLength <= MAX_SHORT_LENGTH) {
    bytes[offset + 1] = maskBit | payloadLength
    return offset + 2
  }
  if (payloadLength <= MAX_LENGTH_16) {
    bytes[offset + 1] = maskBit | LENGTH_16
    bytes[offset + 2] = payloadLength >>> 8
    bytes[offset + 3] = payloadLength
    return offset + 4
  }
  bytes[offset + 1] = maskBit | LENGTH_64
  writeUint32(bytes, offset + 2, Math.floor(payloadLength / TWO_TO_32))
  writeUint32(bytes, offset + 6, payloadLength % TWO_TO_32)
  return offset + 10
}

/** Write a mask key as it stands on the wire; answer where it ends. */
export function encodeMaskKey(bytes: Uint8Array, offset: number, maskKey: number): number {
  writeUint32(bytes, offset, maskKey)
  return offset + MASK_KEY_LENGTH
}

function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}

function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}
