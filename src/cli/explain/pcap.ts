/**
 * Reads captures: pcap as tcpdump writes it (draft-ietf-opsawg-pcap) and pcapng as Wireshark does (draft-ietf-opsawg-pcapng).
 */
import { CommandError } from '../command.ts'
import { decodePacket } from './packet.ts'
import type { Segment } from './tcp-stream.ts'

/** The first four bytes, read big-endian: times in micro- or nanoseconds, either byte order. */
const PCAP_BIG: readonly number[] = [0xa1b2c3d4, 0xa1b23c4d]
const PCAP_LITTLE: readonly number[] = [0xd4c3b2a1, 0x4d3cb2a1]
const PCAPNG = 0x0a0d0d0a
/** pcapng: the magic of a section header, as its own byte order has it. */
const SECTION_ORDER = 0x1a2b3c4d

const PCAP_HEADER = 24
const RECORD_HEADER = 16

/** Types of pcapng's blocks. */
const Block = { Interface: 1, SimplePacket: 3, EnhancedPacket: 6, Section: PCAPNG } as const
/** A block is at least its type and its length, twice. */
const MIN_BLOCK = 12
/** Before the bytes of an enhanced packet: interface, two of time, captured and original length. */
const ENHANCED_HEADER = 20

/** Tell whether a file is a capture. */
export function isCapture(bytes: Uint8Array): boolean {
  if (bytes.length < 4) return false
  const magic = viewOf(bytes).getUint32(0)
  return magic === PCAPNG || PCAP_BIG.includes(magic) || PCAP_LITTLE.includes(magic)
}

/** Read the TCP segments of a capture, in its order. */
export function readCapture(bytes: Uint8Array): Segment[] {
  const packets = viewOf(bytes).getUint32(0) === PCAPNG ? pcapngPackets(bytes) : pcapPackets(bytes)
  const segments: Segment[] = []
  for (const { linkType, data } of packets) {
    const segment = decodePacket(linkType, data)
    if (segment !== undefined) segments.push(segment)
  }
  return segments
}

interface Packet {
  readonly linkType: number
  readonly data: Uint8Array
}

function* pcapPackets(bytes: Uint8Array): Generator<Packet> {
  const view = viewOf(bytes)
  const little = PCAP_LITTLE.includes(view.getUint32(0))
  if (bytes.length < PCAP_HEADER) throw cutOff(bytes.length)
  // The upper bits of the field tell of a frame check sequence.
  const linkType = view.getUint32(20, little) & 0xffff
  for (let at = PCAP_HEADER; at < bytes.length;) {
    if (at + RECORD_HEADER > bytes.length) throw cutOff(at)
    const start = at + RECORD_HEADER
    const end = start + view.getUint32(at + 8, little)
    if (end > bytes.length) throw cutOff(at)
    yield { linkType, data: bytes.subarray(start, end) }
    at = end
  }
}

function* pcapngPackets(bytes: Uint8Array): Generator<Packet> {
  const view = viewOf(bytes)
  let little = false
  let linkTypes: number[] = []
  for (let at = 0; at < bytes.length;) {
    if (at + MIN_BLOCK > bytes.length) throw cutOff(at)
    // The type of a section header reads the same in both orders, and its magic tells the order of what follows.
    if (view.getUint32(at) === Block.Section) {
      little = view.getUint32(at + 8) !== SECTION_ORDER
      linkTypes = []
    }
    const type = view.getUint32(at, little)
    const length = view.getUint32(at + 4, little)
    if (length < MIN_BLOCK || length % 4 !== 0 || at + length > bytes.length) throw cutOff(at)
    const body = bytes.subarray(at + 8, at + length - 4)
    if (type === Block.Interface) linkTypes.push(viewOf(body).getUint16(0, little))
    if (type === Block.SimplePacket) yield { linkType: linkTypes[0] ?? 0, data: body.subarray(4) }
    if (type === Block.EnhancedPacket && body.length >= ENHANCED_HEADER) {
      const fields = viewOf(body)
      const end = ENHANCED_HEADER + fields.getUint32(12, little)
      yield { linkType: linkTypes[fields.getUint32(0, little)] ?? 0, data: body.subarray(ENHANCED_HEADER, end) }
    }
    at += length
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function cutOff(at: number): CommandError {
  return new CommandError(`the capture is damaged or cut off at byte ${at}`)
}
