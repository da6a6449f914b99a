/**
 * Takes the bytes of one direction apart: frames, the messages they make, and the first rule they break. RFC 6455 section 5.
 */
import { CLOSE_CODE_LENGTH, decodeClosePayload } from '../../protocol/close-payload.ts'
import { createFrameHeader, decodeFrameHeader, headerLengthOf, type FrameHeader } from '../../protocol/frame-header.ts'
import { checkHeader } from '../../protocol/frame-rules.ts'
import { applyMask } from '../../protocol/mask.ts'
import { Opcode, isControl } from '../../protocol/opcode.ts'
import { plainTextCodec } from '../../protocol/text-codec.ts'
import { Utf8Validator, decodeUtf8 } from '../../protocol/utf8.ts'
import { Violations, type Violation } from '../../protocol/violation.ts'
import { count, hex } from '../printable.ts'
import type { Inflater } from './inflater.ts'

export type Side = 'client' | 'server'

/** A rule that the bytes break, and how. */
export interface Found {
  readonly violation: Violation
  readonly seen: string
}

/** A whole message, told at the frame that ends it. */
export interface ExplainedMessage {
  readonly type: 'text' | 'binary'
  readonly frames: number
  /** Bytes that came, before inflating. */
  readonly wireLength: number
  readonly compressed: boolean
  readonly payload: Uint8Array
  /** The payload as text; absent for binary. */
  readonly text?: string
}

export interface ExplainedFrame {
  readonly from: Side
  /** Where it begins in the bytes of its direction. */
  readonly offset: number
  readonly header: FrameHeader
  readonly headerBytes: Uint8Array
  /** The payload as it stands on the wire, and without its mask. */
  readonly wirePayload: Uint8Array
  readonly payload: Uint8Array
  /** Bytes of the frame that the input does not have. */
  readonly missing: number
  readonly close?: { readonly code: number; readonly reason: string }
  readonly message?: ExplainedMessage
  readonly found?: Found
  /** It came behind a Close frame: an endpoint ignores it. */
  readonly afterClose: boolean
}

export interface ExplainedDirection {
  readonly frames: readonly ExplainedFrame[]
  /** Bytes at the end that are less than a header. */
  readonly rest: Uint8Array
  /** Bytes behind a violation, which an endpoint would not read. */
  readonly unread: number
}

export interface DirectionOptions {
  readonly from: Side
  /** The reserved bits of what was negotiated, and what undoes it. */
  readonly claimedRsv: number
  readonly inflater: Inflater | undefined
  /** Go on behind a violation. */
  readonly keepGoing: boolean
}

/** The message that is being put together. */
interface Unfinished {
  readonly type: 'text' | 'binary'
  readonly compressed: boolean
  readonly parts: Uint8Array[]
  readonly validator: Utf8Validator
  length: number
}

/** Explain all frames that `bytes[offset…]` holds. */
export function explainFrames(bytes: Uint8Array, offset: number, options: DirectionOptions): ExplainedDirection {
  return new DirectionReader(options).read(bytes, offset)
}

class DirectionReader {
  readonly #options: DirectionOptions
  readonly #frames: ExplainedFrame[] = []
  #unfinished: Unfinished | undefined
  #closed = false

  constructor(options: DirectionOptions) {
    this.#options = options
  }

  read(bytes: Uint8Array, offset: number): ExplainedDirection {
    let at = offset
    while (at < bytes.length) {
      const frame = this.#frame(bytes, at)
      if (frame === undefined) return { frames: this.#frames, rest: bytes.subarray(at), unread: 0 }
      this.#frames.push(frame)
      at += frame.headerBytes.length + frame.wirePayload.length
      if (frame.found !== undefined && !this.#options.keepGoing) break
    }
    return { frames: this.#frames, rest: bytes.subarray(bytes.length), unread: bytes.length - at }
  }

  /** The frame that begins at `offset`, or nothing when its header is not all there. */
  #frame(bytes: Uint8Array, offset: number): ExplainedFrame | undefined {
    const second = bytes[offset + 1]
    if (second === undefined || offset + headerLengthOf(second) > bytes.length) return undefined
    const header = createFrameHeader()
    const start = decodeFrameHeader(bytes, offset, header)
    const end = Math.min(start + header.payloadLength, bytes.length)
    const wirePayload = bytes.subarray(start, end)
    const payload = Uint8Array.from(wirePayload)
    if (header.masked) applyMask(payload, 0, payload.length, header.maskKey)
    const frame = {
      from: this.#options.from,
      offset,
      header,
      headerBytes: bytes.subarray(offset, start),
      wirePayload,
      payload,
      missing: header.payloadLength - wirePayload.length,
      afterClose: this.#closed,
    }
    return { ...frame, ...this.#judge(header, payload, frame.missing) }
  }

  #judge(
    header: FrameHeader,
    payload: Uint8Array,
    missing: number,
  ): Pick<ExplainedFrame, 'found' | 'close' | 'message'> {
    // RFC 6455 5.5.1: what follows a Close frame is not processed.
    if (this.#closed) return {}
    const violation = checkHeader(header, {
      isServer: this.#options.from === 'client',
      claimedRsv: this.#options.claimedRsv,
      inMessage: this.#unfinished !== undefined,
    })
    if (violation !== undefined) return { found: { violation, seen: describeHeader(header, violation) } }
    if (isControl(header.opcode)) return missing === 0 ? this.#control(header, payload) : {}
    return this.#data(header, payload, missing)
  }

  #control(header: FrameHeader, payload: Uint8Array): Pick<ExplainedFrame, 'found' | 'close'> {
    if (header.opcode !== Opcode.Close) return {}
    const close = decodeClosePayload(payload, plainTextCodec)
    if ('rule' in close) return { found: { violation: close, seen: describeClose(payload, close) } }
    this.#closed = true
    return { close }
  }

  #data(header: FrameHeader, payload: Uint8Array, missing: number): Pick<ExplainedFrame, 'found' | 'message'> {
    this.#unfinished ??= {
      type: header.opcode === Opcode.Text ? 'text' : 'binary',
      compressed: header.rsv !== 0,
      parts: [],
      validator: new Utf8Validator(),
      length: 0,
    }
    const unfinished = this.#unfinished
    unfinished.parts.push(payload)
    if (unfinished.type === 'text' && !unfinished.compressed) {
      const found = checkText(payload, unfinished)
      if (found !== undefined) return { found }
    }
    unfinished.length += payload.length
    if (!header.fin || missing > 0) return {}
    this.#unfinished = undefined
    return this.#finish(unfinished)
  }

  #finish(unfinished: Unfinished): Pick<ExplainedFrame, 'found' | 'message'> {
    const { type, compressed, parts, length } = unfinished
    let payload: Uint8Array = Buffer.concat(parts)
    if (compressed && this.#options.inflater !== undefined) {
      const inflated = this.#options.inflater.inflate(payload)
      if (typeof inflated === 'string') return { found: { violation: Violations.NotDecodable, seen: inflated } }
      payload = inflated
      const found = type === 'text' ? checkText(payload, { ...unfinished, length: 0 }) : undefined
      if (found !== undefined) return { found }
    }
    if (type === 'text' && !unfinished.validator.complete) {
      const seen = 'the message ends inside a character'
      return { found: { violation: Violations.TextNotUtf8, seen } }
    }
    const whole = { type, compressed, frames: parts.length, wireLength: length, payload }
    return { message: type === 'text' ? { ...whole, text: decodeUtf8(payload, 0, payload.length) } : whole }
  }
}

/** Find the first byte of a text that cannot stand where it is. */
function checkText(bytes: Uint8Array, { validator, length }: Unfinished): Found | undefined {
  for (let at = 0; at < bytes.length; at++) {
    if (validator.push(bytes, at, at + 1)) continue
    const byte = hex(bytes.subarray(at, at + 1))
    const seen = `byte ${length + at} of the message, 0x${byte}, cannot stand there in UTF-8`
    return { violation: Violations.TextNotUtf8, seen }
  }
  return undefined
}

function describeHeader(header: FrameHeader, violation: Violation): string {
  switch (violation) {
    case Violations.UnmaskedFromClient:
      return 'the MASK bit of a client’s frame is 0'
    case Violations.MaskedFromServer:
      return 'the MASK bit of a server’s frame is 1'
    case Violations.ReservedOpcode:
      return `the opcode is 0x${header.opcode.toString(16)}`
    case Violations.ReservedBits:
    case Violations.CompressedControl:
    case Violations.CompressedContinuation:
      return `the RSV bits are ${(header.rsv >> 4).toString(2).padStart(3, '0')}`
    case Violations.ControlTooLong:
      return `a control frame of ${header.payloadLength} bytes`
    case Violations.LengthNotMinimal:
      return `a length of ${header.payloadLength} in ${header.lengthFieldSize === 3 ? 16 : 64} bits`
    case Violations.LengthHighBit:
      return 'the first bit of the 64-bit length is 1'
    case Violations.ControlFragmented:
      return 'the FIN bit of a control frame is 0'
    case Violations.OrphanContinuation:
      return 'a continuation frame with no message begun'
    case Violations.InterleavedMessage:
      return 'a new message before the last one has ended'
    default:
      return 'the header'
  }
}

function describeClose(payload: Uint8Array, violation: Violation): string {
  if (violation === Violations.ClosePayloadTooShort) return `a body of ${count(payload.length, 'byte')}`
  if (violation === Violations.InvalidCloseCode) return `the close code ${((payload[0] ?? 0) << 8) | (payload[1] ?? 0)}`
  return `the reason is ${hex(payload.subarray(CLOSE_CODE_LENGTH), 16)}`
}
