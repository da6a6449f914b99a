/**
 * One frame taken apart into the fields of RFC 6455 5.2, each with its place counted in bits from the first. The bit grid
 * and the list beside it are both drawn from this.
 */
import { applyMask, createFrameHeader, decodeFrameHeader, headerLengthOf, Opcode, type FrameHeader } from './codec.ts'

export type FieldName = 'FIN' | 'RSV1' | 'RSV2' | 'RSV3' | 'opcode' | 'MASK' | 'length' | 'extended' | 'key' | 'payload'

export interface FrameField {
  readonly name: FieldName
  /** The first bit, counted from the begin of the frame. */
  readonly start: number
  readonly bits: number
  /** The value in the form in which people speak of it. */
  readonly value: string
  /** The section that defines it. */
  readonly section: string
}

export interface DissectedFrame {
  readonly header: FrameHeader
  readonly headerLength: number
  readonly fields: readonly FrameField[]
  /** The payload as it stands on the wire; shorter than announced when the capture was cut. */
  readonly wirePayload: Uint8Array
  /** The payload with the mask taken off. */
  readonly payload: Uint8Array
  /** Bytes of this frame that are missing from the capture. */
  readonly missing: number
}

const names: ReadonlyMap<number, string> = new Map([
  [Opcode.Continuation, 'continuation'],
  [Opcode.Text, 'text'],
  [Opcode.Binary, 'binary'],
  [Opcode.Close, 'close'],
  [Opcode.Ping, 'ping'],
  [Opcode.Pong, 'pong'],
])

/** The name of an opcode; RFC 6455 5.2 reserves the ones without. */
export function opcodeName(opcode: number): string {
  return names.get(opcode) ?? `reserved 0x${opcode.toString(16)}`
}

/** Take the frame at the begin of `bytes` apart; undefined when not even its header is there. */
export function dissectFrame(bytes: Uint8Array): DissectedFrame | undefined {
  if (bytes.length < 2) return undefined
  const headerLength = headerLengthOf(bytes[1]!)
  if (bytes.length < headerLength) return undefined
  const header = createFrameHeader()
  decodeFrameHeader(bytes, 0, header)
  const wirePayload = bytes.subarray(headerLength, headerLength + header.payloadLength)
  return {
    header,
    headerLength,
    fields: fieldsOf(bytes, header, { headerLength, present: wirePayload.length }),
    wirePayload,
    payload: header.masked ? unmask(wirePayload, header.maskKey) : wirePayload,
    missing: Math.max(0, header.payloadLength - wirePayload.length),
  }
}

function fieldsOf(
  bytes: Uint8Array,
  header: FrameHeader,
  { headerLength, present }: { headerLength: number; present: number },
): FrameField[] {
  const bit = (at: number): string => String((bytes[at >>> 3]! >>> (7 - (at & 7))) & 1)
  const shortLength = bytes[1]! & 0x7f
  const fields: FrameField[] = [
    { name: 'FIN', start: 0, bits: 1, value: bit(0), section: '5.2' },
    { name: 'RSV1', start: 1, bits: 1, value: bit(1), section: '5.2' },
    { name: 'RSV2', start: 2, bits: 1, value: bit(2), section: '5.2' },
    { name: 'RSV3', start: 3, bits: 1, value: bit(3), section: '5.2' },
    { name: 'opcode', start: 4, bits: 4, value: opcodeName(header.opcode), section: '11.8' },
    { name: 'MASK', start: 8, bits: 1, value: bit(8), section: '5.3' },
    { name: 'length', start: 9, bits: 7, value: String(shortLength), section: '5.2' },
  ]
  let at = 16
  if (header.lengthFieldSize > 1) {
    const bits = (header.lengthFieldSize - 1) * 8
    fields.push({ name: 'extended', start: at, bits, value: String(header.payloadLength), section: '5.2' })
    at += bits
  }
  if (header.masked) {
    fields.push({ name: 'key', start: at, bits: 32, value: toHex(bytes.subarray(at / 8, at / 8 + 4)), section: '5.3' })
  }
  if (present > 0) {
    fields.push({ name: 'payload', start: headerLength * 8, bits: present * 8, value: '', section: '5.2' })
  }
  return fields
}

/** Take the mask off a copy. RFC 6455 5.3: octet i XOR octet i modulo 4 of the key. */
function unmask(payload: Uint8Array, maskKey: number): Uint8Array {
  const plain = payload.slice()
  applyMask(plain, 0, plain.length, maskKey)
  return plain
}

/** Bytes as pairs of hex digits with a space between. */
export function toHex(bytes: Uint8Array, separator = ' '): string {
  return Array.from(bytes, (octet) => octet.toString(16).padStart(2, '0')).join(separator)
}

/** Hex digits, however they are spaced, as bytes; undefined when they are none. */
export function fromHex(text: string): Uint8Array<ArrayBuffer> | undefined {
  const digits = text.replace(/0x|[\s,:]/gi, '')
  if (digits.length % 2 !== 0 || /[^0-9a-f]/i.test(digits)) return undefined
  return Uint8Array.from({ length: digits.length / 2 }, (_, index) =>
    parseInt(digits.slice(index * 2, index * 2 + 2), 16),
  )
}

/** Bytes as text, or undefined when they are not UTF-8. RFC 6455 8.1. */
export function toText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}
