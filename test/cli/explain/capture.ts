/** Writes captures for the tests: TCP segments in IPv4 or IPv6 packets, in pcap and pcapng files. */

export interface TestSegment {
  readonly from: 'client' | 'server'
  readonly sequence: number
  readonly payload?: Uint8Array
  readonly syn?: boolean
  readonly clientPort?: number
}

const CLIENT_PORT = 50_000
const SERVER_PORT = 8080

function tcp({ from, sequence, payload, syn, clientPort = CLIENT_PORT }: TestSegment): Buffer {
  const header = Buffer.alloc(20)
  header.writeUInt16BE(from === 'client' ? clientPort : SERVER_PORT, 0)
  header.writeUInt16BE(from === 'client' ? SERVER_PORT : clientPort, 2)
  header.writeUInt32BE(sequence >>> 0, 4)
  header[12] = 5 << 4
  header[13] = syn === true ? 0x02 : 0x10
  return Buffer.concat([header, payload ?? Buffer.alloc(0)])
}

/** An IPv4 packet between 10.0.0.1 (the client) and 10.0.0.2. */
export function ipv4(segment: TestSegment): Buffer {
  const body = tcp(segment)
  const header = Buffer.from('450000000000400040060000' + '0a0000010a000002', 'hex')
  header.writeUInt16BE(20 + body.length, 2)
  if (segment.from === 'server') Buffer.from('0a0000020a000001', 'hex').copy(header, 12)
  return Buffer.concat([header, body])
}

/** An IPv6 packet between ::1 and ::2, with an empty hop-by-hop header before TCP. */
export function ipv6(segment: TestSegment): Buffer {
  const body = tcp(segment)
  const header = Buffer.alloc(48)
  header[0] = 0x60
  header.writeUInt16BE(8 + body.length, 4)
  header[6] = 0
  header[23] = segment.from === 'client' ? 1 : 2
  header[39] = segment.from === 'client' ? 2 : 1
  header[40] = 6
  return Buffer.concat([header, body])
}

/** An Ethernet frame with a VLAN tag around an IPv4 packet. */
export function ethernet(segment: TestSegment): Buffer {
  return Buffer.concat([Buffer.alloc(12), Buffer.from('810000010800', 'hex'), ipv4(segment)])
}

/** A pcap file, its numbers in either byte order. */
export function pcap(linkType: number, packets: readonly Uint8Array[], order: 'little' | 'big' = 'little'): Buffer {
  const u32 = (value: number): Buffer => {
    const bytes = Buffer.alloc(4)
    if (order === 'little') bytes.writeUInt32LE(value)
    else bytes.writeUInt32BE(value)
    return bytes
  }
  const version = order === 'little' ? Buffer.from('02000400', 'hex') : Buffer.from('00020004', 'hex')
  const header = [u32(0xa1b2c3d4), version, u32(0), u32(0), u32(65_535), u32(linkType)]
  const records = packets.flatMap((data) => [u32(0), u32(0), u32(data.length), u32(data.length), data])
  return Buffer.concat([...header, ...records])
}

/** A pcapng file with one interface and enhanced packet blocks. */
export function pcapng(linkType: number, packets: readonly Uint8Array[]): Buffer {
  const block = (type: number, body: Uint8Array): Buffer => {
    const padded = Buffer.concat([body, Buffer.alloc((4 - (body.length % 4)) % 4)])
    const frame = Buffer.alloc(8)
    frame.writeUInt32LE(type, 0)
    frame.writeUInt32LE(padded.length + 12, 4)
    return Buffer.concat([frame, padded, frame.subarray(4)])
  }
  const section = Buffer.from('4d3c2b1a' + '01000000' + 'ffffffffffffffff', 'hex')
  const device = Buffer.alloc(8)
  device.writeUInt16LE(linkType, 0)
  const enhanced = packets.map((data) => {
    const head = Buffer.alloc(20)
    head.writeUInt32LE(data.length, 12)
    head.writeUInt32LE(data.length, 16)
    return block(6, Buffer.concat([head, data]))
  })
  return Buffer.concat([block(0x0a0d0d0a, section), block(1, device), ...enhanced])
}
