/**
 * The load generator's own framing, written apart from the library so that neither can hide a fault of the other: client
 * frames are encoded once, before the clock starts, and what must come back is known byte for byte. RFC 6455 5.2 and 5.3.
 */
import { constants, deflateRawSync, createDeflateRaw } from 'node:zlib'
import { seededRandom } from './payload.ts'

export const TEXT = 0x81
export const BINARY = 0x82
const RSV1 = 0x40
const MASKED = 0x80
/** RFC 7692 7.2.1: the four bytes that end a flushed block and are not sent. */
const FLUSH_TAIL_LENGTH = 4

/** Frames laid out one behind another, twice over, so that a burst of up to a whole cycle is one slice. */
export interface FrameCycle {
  readonly bytes: Buffer
  /** Where each of the 2 x `count` frames begins, and where the last ends. */
  readonly offsets: readonly number[]
  readonly count: number
}

/** Encode one frame; masked with `maskKey` if there is one. */
export function encodeFrame(firstByte: number, payload: Buffer, maskKey?: number): Buffer {
  const size = payload.length
  const lengthBytes = size < 126 ? 0 : size < 65536 ? 2 : 8
  const header = Buffer.alloc(2 + lengthBytes + (maskKey === undefined ? 0 : 4))
  header[0] = firstByte
  header[1] = (maskKey === undefined ? 0 : MASKED) | (lengthBytes === 0 ? size : lengthBytes === 2 ? 126 : 127)
  if (lengthBytes === 2) header.writeUInt16BE(size, 2)
  if (lengthBytes === 8) header.writeBigUInt64BE(BigInt(size), 2)
  if (maskKey === undefined) return Buffer.concat([header, payload])
  header.writeUInt32BE(maskKey, 2 + lengthBytes)
  const key = header.subarray(2 + lengthBytes)
  const masked = Buffer.from(payload)
  for (let i = 0; i < size; i++) masked[i] = masked[i]! ^ key[i & 3]!
  return Buffer.concat([header, masked])
}

/** Lay frames out as a cycle. */
export function cycleOf(frames: readonly Buffer[]): FrameCycle {
  const offsets = [0]
  for (const frame of [...frames, ...frames]) offsets.push(offsets.at(-1)! + frame.length)
  return { bytes: Buffer.concat([...frames, ...frames]), offsets, count: frames.length }
}

/** The masked frames a client sends for these payloads. */
export function clientCycle(firstByte: number, payloads: readonly Buffer[]): FrameCycle {
  const random = seededRandom(payloads.length)
  return cycleOf(payloads.map((payload) => encodeFrame(firstByte, payload, (random() * 2 ** 32) >>> 0)))
}

/** The frames a server sends for these payloads. */
export function serverCycle(firstByte: number, payloads: readonly Buffer[]): FrameCycle {
  return cycleOf(payloads.map((payload) => encodeFrame(firstByte, payload)))
}

/** What the two sides agreed on for the client's messages. RFC 7692 7.1. */
export interface DeflateAgreement {
  readonly takeover: boolean
  readonly windowBits: number
}

/** The masked, compressed frames that a client sends for these payloads. */
export async function deflatedCycle(
  firstByte: number,
  payloads: readonly Buffer[],
  agreement: DeflateAgreement,
): Promise<FrameCycle> {
  return clientCycle(firstByte | RSV1, await deflatedBodies(payloads, agreement))
}

/** The compressed frames that a server sends for these payloads. */
export async function deflatedServerCycle(
  firstByte: number,
  payloads: readonly Buffer[],
  agreement: DeflateAgreement,
): Promise<FrameCycle> {
  return serverCycle(firstByte | RSV1, await deflatedBodies(payloads, agreement))
}

/**
 * With context takeover each refers to those before it and the first to none, so that a cycle can start again at any
 * time. RFC 7692 7.2.1.
 */
async function deflatedBodies(
  payloads: readonly Buffer[],
  { takeover, windowBits }: DeflateAgreement,
): Promise<Buffer[]> {
  if (takeover) return deflateTogether(payloads, windowBits)
  const options = { windowBits, finishFlush: constants.Z_SYNC_FLUSH }
  return payloads.map((payload) => deflateRawSync(payload, options).subarray(0, -FLUSH_TAIL_LENGTH))
}

async function deflateTogether(payloads: readonly Buffer[], windowBits: number): Promise<Buffer[]> {
  const deflate = createDeflateRaw({ windowBits })
  let parts: Buffer[] = []
  deflate.on('data', (part: Buffer) => parts.push(part))
  const bodies: Buffer[] = []
  for (const payload of payloads) {
    deflate.write(payload)
    await new Promise<void>((resolve) => deflate.flush(constants.Z_SYNC_FLUSH, () => resolve()))
    bodies.push(Buffer.concat(parts).subarray(0, -FLUSH_TAIL_LENGTH))
    parts = []
  }
  deflate.close()
  return bodies
}
