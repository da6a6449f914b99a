/**
 * Finds the TCP segment in a captured packet. RFC 9293 3.1 (TCP), RFC 791 3.1 (IPv4), RFC 8200 3 and 4 (IPv6).
 */
import type { Segment } from './tcp-stream.ts'

const ETHERTYPE_IPV4 = 0x0800
const ETHERTYPE_IPV6 = 0x86dd
/** IEEE 802.1Q and 802.1ad: four more bytes, and then the type. */
const VLAN_TAGS: readonly number[] = [0x8100, 0x88a8]
const PROTOCOL_TCP = 6
/** RFC 8200 4: hop-by-hop options, routing, destination options. A fragment (44) is not put together. */
const IPV6_EXTENSIONS: readonly number[] = [0, 43, 60]
const IPV6_HEADER = 40
const SYN_FLAG = 0x02

/** Where the IP header begins, by link type (https://www.tcpdump.org/linktypes.html). */
const LINK_HEADERS: ReadonlyMap<number, (packet: DataView) => number | undefined> = new Map([
  [0, (): number => 4], // NULL: BSD loopback
  [108, (): number => 4], // LOOP: OpenBSD loopback
  [1, ethernet],
  [101, (): number => 0], // RAW
  [113, (): number => 16], // LINUX_SLL, what `tcpdump -i any` writes
  [228, (): number => 0], // IPV4
  [229, (): number => 0], // IPV6
  [276, (): number => 20], // LINUX_SLL2
])

/** Decode a packet; `undefined` when it holds no TCP segment, or not all of its headers. */
export function decodePacket(linkType: number, packet: Uint8Array): Segment | undefined {
  try {
    const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength)
    const start = LINK_HEADERS.get(linkType)?.(view)
    if (start === undefined) return undefined
    const version = view.getUint8(start) >> 4
    if (version === 4) return ipv4(packet.subarray(start))
    return version === 6 ? ipv6(packet.subarray(start)) : undefined
  } catch (error) {
    // A DataView refuses to read behind the end: the packet was cut.
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function ethernet(view: DataView): number | undefined {
  let at = 12
  while (VLAN_TAGS.includes(view.getUint16(at))) at += 4
  const type = view.getUint16(at)
  return type === ETHERTYPE_IPV4 || type === ETHERTYPE_IPV6 ? at + 2 : undefined
}

function ipv4(packet: Uint8Array): Segment | undefined {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength)
  const headerLength = (view.getUint8(0) & 0x0f) * 4
  const fragmentOffset = view.getUint16(6) & 0x1fff
  if (view.getUint8(9) !== PROTOCOL_TCP || fragmentOffset !== 0) return undefined
  // Offloaded captures may carry 0 as the total length: then all that was captured counts.
  const totalLength = view.getUint16(2) || packet.length
  const address = (at: number): string => packet.subarray(at, at + 4).join('.')
  return tcp(packet.subarray(headerLength, totalLength), address(12), address(16))
}

function ipv6(packet: Uint8Array): Segment | undefined {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength)
  let next = view.getUint8(6)
  let at = IPV6_HEADER
  while (IPV6_EXTENSIONS.includes(next)) {
    next = view.getUint8(at)
    at += (view.getUint8(at + 1) + 1) * 8
  }
  if (next !== PROTOCOL_TCP) return undefined
  const end = IPV6_HEADER + (view.getUint16(4) || packet.length)
  const address = (from: number): string => {
    const groups = Array.from({ length: 8 }, (_, i) => view.getUint16(from + 2 * i).toString(16))
    return `[${groups.join(':')}]`
  }
  return tcp(packet.subarray(at, end), address(8), address(24))
}

function tcp(segment: Uint8Array, source: string, destination: string): Segment {
  const view = new DataView(segment.buffer, segment.byteOffset, segment.byteLength)
  const dataOffset = (view.getUint8(12) >> 4) * 4
  return {
    source: `${source}:${view.getUint16(0)}`,
    destination: `${destination}:${view.getUint16(2)}`,
    sequence: view.getUint32(4),
    syn: (view.getUint8(13) & SYN_FLAG) !== 0,
    payload: segment.subarray(dataOffset),
  }
}
