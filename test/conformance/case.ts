/**
 * The words in which the Autobahn cases are written down: what the suite's side sends, and what the endpoint under test
 * must put on the wire in answer. A case knows nothing of roles or of masking.
 */
import { Opcode } from '../../src/protocol/opcode.ts'

/** One frame as the suite sends it. */
export interface SentFrame {
  readonly kind: 'frame'
  readonly opcode: number
  readonly fin: boolean
  /** The three reserved bits as a number, RSV1 worth 4. */
  readonly rsv: number
  readonly payload: Uint8Array
  /** Bytes that travel together; 0 for the whole frame. */
  readonly chop: number
}

/** Bytes of one frame that travel apart from the rest of it: its header and a part of the payload, or a further part. */
export interface SentPart {
  readonly kind: 'part'
  /** Payload length of the frame that begins here; absent when the part goes on with a frame. */
  readonly begins?: number
  readonly payload: Uint8Array
}

/** A moment at which exactly these answers must have come. */
export interface Pause {
  readonly kind: 'pause'
  readonly answers: readonly Answer[]
}

export type Step = SentFrame | SentPart | Pause

/** What the endpoint puts on the wire; messages as echoes of what it was given. */
export type Answer =
  | { readonly kind: 'text' | 'binary' | 'pong'; readonly payload: Uint8Array }
  | { readonly kind: 'close'; readonly code: number | undefined }

/** One case of the suite. */
export interface Case {
  readonly id: string
  /** What is sent, in a few words. */
  readonly title: string
  readonly steps: readonly Step[]
  /** Everything the endpoint answers, in order, its Close included. */
  readonly answers: readonly Answer[]
}

const utf8 = new TextEncoder()

/** The bytes of a string, or the bytes themselves. */
export function bytes(payload: string | Uint8Array): Uint8Array {
  return typeof payload === 'string' ? utf8.encode(payload) : payload
}

/** The bytes that a string of hexadecimal digits names. */
export function hex(digits: string): Uint8Array {
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

/** `length` bytes, the pattern over and over; made once for all the cases that ask for the same. */
export function filled(length: number, pattern: string | Uint8Array): Uint8Array {
  const key = `${length} ${bytes(pattern).join()}`
  const made = fillings.get(key) ?? Uint8Array.from(Buffer.alloc(length, bytes(pattern)))
  fillings.set(key, made)
  return made
}

const fillings = new Map<string, Uint8Array>()

interface FrameOptions {
  readonly fin?: boolean
  readonly rsv?: number
  readonly chop?: number
}

/** A frame to send. */
export function frame(opcode: number, payload: string | Uint8Array = '', options: FrameOptions = {}): SentFrame {
  return {
    kind: 'frame',
    opcode,
    payload: bytes(payload),
    fin: options.fin ?? true,
    rsv: options.rsv ?? 0,
    chop: options.chop ?? 0,
  }
}

export const ping = (payload: string | Uint8Array = '', options?: FrameOptions): SentFrame =>
  frame(Opcode.Ping, payload, options)

/** A Close frame with a code, and a reason of any bytes. RFC 6455 5.5.1. */
export function sendClose(code?: number, reason: string | Uint8Array = ''): SentFrame {
  const tail = bytes(reason)
  const head = code === undefined ? [] : [code >> 8, code & 0xff]
  return frame(Opcode.Close, Uint8Array.from([...head, ...tail]))
}

/** A message in frames of at most `size` payload bytes. */
export function fragmented(opcode: number, payload: string | Uint8Array, size: number): SentFrame[] {
  const whole = bytes(payload)
  const count = Math.max(1, Math.ceil(whole.length / size))
  return Array.from({ length: count }, (_, index) =>
    frame(index === 0 ? opcode : Opcode.Continuation, whole.subarray(index * size, (index + 1) * size), {
      fin: index === count - 1,
    }),
  )
}

export const pause = (...answers: Answer[]): Pause => ({ kind: 'pause', answers })

export const text = (payload: string | Uint8Array): Answer => ({ kind: 'text', payload: bytes(payload) })
export const binary = (payload: string | Uint8Array): Answer => ({ kind: 'binary', payload: bytes(payload) })
export const pong = (payload: string | Uint8Array = ''): Answer => ({ kind: 'pong', payload: bytes(payload) })
export const close = (code?: number): Answer => ({ kind: 'close', code })

/** A case that ends well: after the answers the suite closes with 1000, and gets 1000 back. RFC 6455 5.5.1. */
export function answered(id: string, title: string, steps: readonly Step[], answers: readonly Answer[]): Case {
  return { id, title, steps: [...steps, sendClose(1000)], answers: [...answers, close(1000)] }
}

/** A case in which the endpoint fails the connection, after the answers to what came before. RFC 6455 7.1.7. */
export function failed(
  id: string,
  title: string,
  steps: readonly Step[],
  code: number,
  answers: readonly Answer[] = [],
): Case {
  return { id, title, steps, answers: [...answers, close(code)] }
}
