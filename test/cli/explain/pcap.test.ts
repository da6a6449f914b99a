import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isCapture, readCapture } from '../../../src/cli/explain/pcap.ts'
import { groupSegments, reassemble, type Segment } from '../../../src/cli/explain/tcp-stream.ts'
import { ethernet, ipv4, ipv6, pcap, pcapng, type TestSegment } from './capture.ts'

const hello = Buffer.from('81854d41534b05243f2722', 'hex')
const request = Buffer.from('GET / HTTP/1.1\r\n\r\n')

const story: TestSegment[] = [
  { from: 'client', sequence: 999, syn: true },
  { from: 'server', sequence: 4999, syn: true },
  { from: 'client', sequence: 1000, payload: request },
  { from: 'server', sequence: 5000, payload: Buffer.from('HTTP/1.1 101 X\r\n\r\n') },
  { from: 'client', sequence: 1000 + request.length, payload: hello },
]

/** Both directions of the first connection, joined. */
function directions(segments: readonly Segment[]): { client: string; server: string } {
  const { pieces } = reassemble(groupSegments(segments)[0] ?? [])
  const join = (from: string): string =>
    Buffer.concat(pieces.filter((piece) => piece.from === from).map((piece) => piece.bytes)).toString('latin1')
  return { client: join('client'), server: join('server') }
}

const expected = {
  client: request.toString('latin1') + hello.toString('latin1'),
  server: 'HTTP/1.1 101 X\r\n\r\n',
}

describe('reading captures', () => {
  it.each([
    ['Ethernet with a VLAN tag, pcap', pcap(1, story.map(ethernet))],
    ['Ethernet, pcap in the other byte order', pcap(1, story.map(ethernet), 'big')],
    ['bare IPv4 packets', pcap(101, story.map(ipv4))],
    ['bare IPv6 packets with an extension header', pcap(101, story.map(ipv6))],
    [
      'BSD loopback',
      pcap(
        0,
        story.map((segment) => Buffer.concat([Buffer.from('02000000', 'hex'), ipv4(segment)])),
      ),
    ],
    [
      'Linux cooked',
      pcap(
        113,
        story.map((segment) => Buffer.concat([Buffer.alloc(16), ipv4(segment)])),
      ),
    ],
    [
      'Linux cooked, second form',
      pcap(
        276,
        story.map((segment) => Buffer.concat([Buffer.alloc(20), ipv6(segment)])),
      ),
    ],
    ['pcapng', pcapng(1, story.map(ethernet))],
  ])('finds the TCP connection in %s', (_name, file) => {
    expect(isCapture(file)).toBe(true)
    expect(directions(readCapture(file))).toEqual(expected)
  })

  it('skips packets that are not TCP or cut short', () => {
    const udp = ipv4({ from: 'client', sequence: 0 })
    udp[9] = 17
    const file = pcap(101, [udp, Buffer.from('45', 'hex'), Buffer.alloc(0), ...story.map(ipv4)])
    expect(directions(readCapture(file))).toEqual(expected)
  })

  it('says where a file is cut off', () => {
    const file = pcap(101, story.map(ipv4))
    expect(() => readCapture(file.subarray(0, file.length - 1))).toThrow(/cut off at byte \d+$/)
    const modern = pcapng(101, story.map(ipv4))
    expect(() => readCapture(modern.subarray(0, modern.length - 1))).toThrow(/cut off at byte \d+$/)
  })

  it('answers any bytes with segments or a CommandError', () => {
    const starts = fc.constantFrom('d4c3b2a1', 'a1b2c3d4', '0a0d0d0a')
    fc.assert(
      fc.property(starts, fc.uint8Array({ maxLength: 200 }), (start, rest) => {
        const file = Buffer.concat([Buffer.from(start, 'hex'), rest])
        try {
          readCapture(file)
        } catch (error) {
          expect(error).toMatchObject({ name: 'CommandError' })
        }
      }),
    )
  })
})

describe('putting a TCP stream together (RFC 9293 3.4)', () => {
  const bytes = Buffer.from('GET / and everything that follows it')

  it('drops what was sent twice and waits for what comes late, across the wrap of sequence numbers', () => {
    const start = 0xffff_fff0
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 12 })), { maxLength: 30 }),
        (cuts) => {
          const covering = Array.from({ length: bytes.length }, (_, at): [number, number] => [at, 1])
          const pieces = [...cuts, ...covering].map(([at, length]): Segment => {
            const payload = bytes.subarray(at, at + length)
            return { source: 'a:1', destination: 'b:2', sequence: (start + at) >>> 0, syn: false, payload }
          })
          const syn: Segment = {
            source: 'a:1',
            destination: 'b:2',
            sequence: start - 1,
            syn: true,
            payload: bytes.subarray(0, 0),
          }
          const stream = reassemble([syn, ...pieces])
          expect(Buffer.concat(stream.pieces.map((piece) => piece.bytes)).toString()).toBe(bytes.toString())
          expect(stream.behindGap).toBe(0)
        },
      ),
    )
  })

  it('counts what lies behind a gap', () => {
    const at = (sequence: number, text: string): Segment => {
      return { source: 'a:1', destination: 'b:2', sequence, syn: false, payload: Buffer.from(text) }
    }
    const stream = reassemble([at(0, 'GET '), at(10, 'x'), at(4, '/')])
    expect(stream.pieces.map((piece) => Buffer.from(piece.bytes).toString())).toEqual(['GET ', '/'])
    expect(stream.behindGap).toBe(1)
  })

  it('tells connections apart, also when a port is used again', () => {
    const again: TestSegment[] = [
      ...story,
      { from: 'client', sequence: 77, syn: true },
      { from: 'client', sequence: 1, syn: true, clientPort: 50_001 },
    ]
    expect(groupSegments(readCapture(pcap(101, again.map(ipv4))))).toHaveLength(3)
  })
})
