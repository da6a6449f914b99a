/**
 * The protocol written once more, as slow and as close to the words of RFC 6455 and RFC 3629 as can be: what the tests hold
 * the real code against. Nothing here comes from `src`.
 */
import { concat } from './hex.ts'

export interface NaiveFrame {
  readonly fin: boolean
  /** RSV1, RSV2 and RSV3 as a number of three bits. */
  readonly rsv: number
  readonly opcode: number
  /** The four bytes of the key, when the frame is masked. */
  readonly key?: Uint8Array | undefined
  readonly payload: Uint8Array
}

/** RFC 6455 5.3: octet i of the transformed data is octet i of the original XOR octet i modulo 4 of the key. */
export function naiveMask(payload: Uint8Array, key: Uint8Array): Uint8Array {
  return payload.map((octet, i) => octet ^ key[i % 4]!)
}

/** RFC 6455 5.2, bit for bit. */
export function naiveEncode({ fin, rsv, opcode, key, payload }: NaiveFrame): Uint8Array {
  const length = payload.length
  const lengthBits =
    length <= 125
      ? bits(length, 7)
      : length <= 65535
        ? bits(126, 7) + bits(length, 16)
        : bits(127, 7) + bits(length, 64)
  const head = (fin ? '1' : '0') + bits(rsv, 3) + bits(opcode, 4) + (key === undefined ? '0' : '1') + lengthBits
  const header = Uint8Array.from(head.match(/.{8}/g)!, (octet) => Number.parseInt(octet, 2))
  return key === undefined ? concat(header, payload) : concat(header, key, naiveMask(payload, key))
}

/** Read all frames; a rest that is no whole frame is a mistake. */
export function naiveDecode(bytes: Uint8Array): NaiveFrame[] {
  const stream = Array.from(bytes, (octet) => bits(octet, 8)).join('')
  const frames: NaiveFrame[] = []
  let at = 0
  const take = (count: number): string => {
    if (at + count > stream.length) throw new RangeError('the bytes end inside a frame')
    at += count
    return stream.slice(at - count, at)
  }
  const octets = (count: number): Uint8Array => Uint8Array.from({ length: count }, () => Number.parseInt(take(8), 2))
  while (at < stream.length) {
    const fin = take(1) === '1'
    const rsv = Number.parseInt(take(3), 2)
    const opcode = Number.parseInt(take(4), 2)
    const masked = take(1) === '1'
    let length = Number.parseInt(take(7), 2)
    if (length === 126) length = Number.parseInt(take(16), 2)
    else if (length === 127) length = Number.parseInt(take(64), 2)
    const key = masked ? octets(4) : undefined
    const payload = octets(length)
    frames.push({ fin, rsv, opcode, key, payload: key === undefined ? payload : naiveMask(payload, key) })
  }
  return frames
}

/** One unmasked frame with a mask put on, its length field as it stands. */
export function withKey(frame: Uint8Array, key: Uint8Array): Uint8Array {
  const [first, second] = [frame[0]!, frame[1]!]
  const headerLength = second === 127 ? 10 : second === 126 ? 4 : 2
  const header = Uint8Array.of(first, second + 128, ...frame.slice(2, headerLength))
  return concat(header, key, naiveMask(frame.slice(headerLength), key))
}

/** RFC 3629 section 4, the grammar, with a byte written as the character of its number. */
const UTF8_CHAR =
  '[\\x00-\\x7f]|[\\xc2-\\xdf][\\x80-\\xbf]|\\xe0[\\xa0-\\xbf][\\x80-\\xbf]|[\\xe1-\\xec\\xee\\xef][\\x80-\\xbf]{2}|' +
  '\\xed[\\x80-\\x9f][\\x80-\\xbf]|\\xf0[\\x90-\\xbf][\\x80-\\xbf]{2}|[\\xf1-\\xf3][\\x80-\\xbf]{3}|' +
  '\\xf4[\\x80-\\x8f][\\x80-\\xbf]{2}'
/** A character that is not whole, but may become so. */
const UTF8_BEGUN =
  '[\\xc2-\\xf4]|\\xe0[\\xa0-\\xbf]|[\\xe1-\\xec\\xee\\xef\\xf1-\\xf3][\\x80-\\xbf]|\\xed[\\x80-\\x9f]|' +
  '\\xf0[\\x90-\\xbf][\\x80-\\xbf]?|[\\xf1-\\xf3][\\x80-\\xbf]{2}|\\xf4[\\x80-\\x8f][\\x80-\\xbf]?'
const WHOLE = new RegExp(`^(?:${UTF8_CHAR})*$`)
const PREFIX = new RegExp(`^(?:${UTF8_CHAR})*(?:${UTF8_BEGUN})?$`)

export function naiveIsUtf8(bytes: Uint8Array): boolean {
  return WHOLE.test(latin1(bytes))
}

/** Whether something can follow that makes UTF-8 of it. */
export function naiveIsUtf8Prefix(bytes: Uint8Array): boolean {
  return PREFIX.test(latin1(bytes))
}

/** RFC 6455 5.4: messages and control frames out of valid frames, in the order in which they become whole. */
export function naiveAssemble(frames: readonly NaiveFrame[]): NaiveFrame[] {
  const out: NaiveFrame[] = []
  let message: NaiveFrame | undefined
  for (const frame of frames) {
    if (frame.opcode >= 8) {
      out.push(frame)
      continue
    }
    message =
      message === undefined ? frame : { ...message, fin: frame.fin, payload: concat(message.payload, frame.payload) }
    if (!message.fin) continue
    out.push(message)
    message = undefined
  }
  return out
}

function latin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')
}

function bits(value: number, count: number): string {
  return value.toString(2).padStart(count, '0')
}
