/**
 * The suite's side of the wire, written for clarity alone and sharing no code with the endpoint under test: frames to
 * bytes and bytes to frames. RFC 6455 5.2, 5.3.
 */
import { concat } from '../support/hex.ts'
import type { SentFrame, SentPart } from './case.ts'

/** The mask key of everything a suite in the client's role sends. */
const MASK = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d)

/** A frame as it was found on the wire. */
export interface WireFrame {
  readonly fin: boolean
  readonly rsv: number
  readonly opcode: number
  readonly masked: boolean
  readonly payload: Uint8Array
}

/** The bytes of one frame, masked when the suite is the client. */
export function encodeFrame({ opcode, fin, rsv, payload }: SentFrame, masked: boolean): Uint8Array {
  const header = [(fin ? 0x80 : 0) | (rsv << 4) | opcode, ...lengthBytes(payload.length, masked)]
  return concat(Uint8Array.from(header), masked ? MASK : new Uint8Array(), masked ? maskedFrom(payload, 0) : payload)
}

/** The bytes of text frames that are sent in parts. */
export class PartEncoder {
  readonly #masked: boolean
  #offset = 0

  constructor(masked: boolean) {
    this.#masked = masked
  }

  encode({ begins, payload }: SentPart): Uint8Array {
    if (begins !== undefined) this.#offset = 0
    const header = begins === undefined ? [] : [0x81, ...lengthBytes(begins, this.#masked)]
    const key = begins !== undefined && this.#masked ? MASK : new Uint8Array()
    const body = this.#masked ? maskedFrom(payload, this.#offset) : payload
    this.#offset += payload.length
    return concat(Uint8Array.from(header), key, body)
  }
}

/** The frames in a run of bytes. Throws when the run ends inside a frame. */
export function decodeFrames(bytes: Uint8Array): WireFrame[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const frames: WireFrame[] = []
  let at = 0
  while (at < bytes.length) {
    const [first, second] = [view.getUint8(at), view.getUint8(at + 1)]
    at += 2
    let length = second & 0x7f
    if (length === 126) {
      length = view.getUint16(at)
      at += 2
    } else if (length === 127) {
      length = Number(view.getBigUint64(at))
      at += 8
    }
    const masked = (second & 0x80) !== 0
    const key = masked ? bytes.subarray(at, at + 4) : undefined
    if (masked) at += 4
    if (at + length > bytes.length) throw new RangeError(`frame of ${length} bytes, ${bytes.length - at} written`)
    const body = bytes.subarray(at, at + length)
    at += length
    frames.push({
      fin: (first & 0x80) !== 0,
      rsv: (first >> 4) & 7,
      opcode: first & 0xf,
      masked,
      payload: key === undefined ? body : applyKey(body, key, 0),
    })
  }
  return frames
}

function lengthBytes(length: number, masked: boolean): number[] {
  const bit = masked ? 0x80 : 0
  if (length < 126) return [bit | length]
  if (length < 65536) return [bit | 126, length >> 8, length & 0xff]
  const high = Math.floor(length / 2 ** 32)
  return [
    bit | 127,
    ...[high, length].flatMap((word) => [word >>> 24, (word >>> 16) & 0xff, (word >>> 8) & 0xff, word & 0xff]),
  ]
}

function maskedFrom(payload: Uint8Array, offset: number): Uint8Array {
  return applyKey(payload, MASK, offset)
}

function applyKey(payload: Uint8Array, key: Uint8Array, offset: number): Uint8Array {
  const result = new Uint8Array(payload.length)
  for (let index = 0; index < payload.length; index++) result[index] = payload[index]! ^ key[(offset + index) & 3]!
  return result
}
