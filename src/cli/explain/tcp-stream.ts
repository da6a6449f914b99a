/**
 * Puts the two directions of a TCP connection together from captured segments. RFC 9293 3.4: sequence numbers modulo 2^32.
 */
import { CommandError } from '../command.ts'

/** A captured TCP segment. */
export interface Segment {
  /** `address:port` of the two ends. */
  readonly source: string
  readonly destination: string
  readonly sequence: number
  readonly syn: boolean
  readonly payload: Uint8Array
}

/** A piece of one direction, in the order of the capture. */
export interface Piece {
  readonly from: 'client' | 'server'
  readonly bytes: Uint8Array
}

interface Direction {
  /** The sequence number of the next byte that is wanted; unknown before the first segment. */
  next: number | undefined
  readonly early: Segment[]
}

export interface TcpStream {
  readonly client: string
  readonly server: string
  readonly pieces: readonly Piece[]
  /** Segments that lie behind a gap, which the capture does not fill. */
  readonly behindGap: number
}

/** Sort segments into connections, the first seen first. A port used twice by the same two ends counts as two. */
export function groupSegments(segments: Iterable<Segment>): Segment[][] {
  const latest = new Map<string, Segment[]>()
  const all: Segment[][] = []
  for (const segment of segments) {
    const key = [segment.source, segment.destination].toSorted().join(' ')
    const known = latest.get(key)
    const reopened = segment.syn && known?.some((other) => other.source === segment.source && !other.syn) === true
    if (known !== undefined && !reopened) {
      known.push(segment)
      continue
    }
    const fresh = [segment]
    latest.set(key, fresh)
    all.push(fresh)
  }
  return all
}

/** Put one connection's segments in order: doubles dropped, early ones kept back until the gap before them is filled. */
export function reassemble(segments: readonly Segment[]): TcpStream {
  const [first] = segments
  if (first === undefined) throw new CommandError('the capture holds no TCP segment')
  const client = findClient(segments) ?? first.source
  const server = client === first.source ? first.destination : first.source
  const directions = { client: newDirection(), server: newDirection() }
  const pieces: Piece[] = []
  for (const segment of segments) {
    const from = segment.source === client ? 'client' : 'server'
    for (const bytes of accept(directions[from], segment)) pieces.push({ from, bytes })
  }
  const behindGap = directions.client.early.length + directions.server.early.length
  return { client, server, pieces, behindGap }
}

/** The client is who sent the request; without one, who sent the first SYN. */
function findClient(segments: readonly Segment[]): string | undefined {
  const asking = segments.find(({ payload }) => Buffer.from(payload.subarray(0, 4)).toString('latin1') === 'GET ')
  if (asking !== undefined) return asking.source
  return segments.find((segment) => segment.syn)?.source
}

function newDirection(): Direction {
  return { next: undefined, early: [] }
}

function accept(direction: Direction, segment: Segment): Uint8Array[] {
  // RFC 9293 3.4: a SYN takes up one sequence number.
  if (segment.syn) {
    direction.next = (segment.sequence + 1) >>> 0
    return []
  }
  if (segment.payload.length === 0) return []
  direction.next ??= segment.sequence
  direction.early.push(segment)
  const ready: Uint8Array[] = []
  for (let bytes = take(direction); bytes !== undefined; bytes = take(direction)) {
    if (bytes.length > 0) ready.push(bytes)
  }
  return ready
}

/** Take the segment that goes on where the direction stands, without what is known already. */
function take(direction: Direction): Uint8Array | undefined {
  const { next, early } = direction
  if (next === undefined) return undefined
  const index = early.findIndex((segment) => distance(next, segment.sequence) <= 0)
  if (index === -1) return undefined
  const [segment] = early.splice(index, 1)
  if (segment === undefined) return undefined
  const bytes = segment.payload.subarray(Math.min(-distance(next, segment.sequence), segment.payload.length))
  direction.next = (next + bytes.length) >>> 0
  return bytes
}

/** How far `to` lies behind `from`, modulo 2^32; negative when it lies before. */
function distance(from: number, to: number): number {
  return (to - from) | 0
}
