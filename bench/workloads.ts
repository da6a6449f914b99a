/** Every workload of the bench as data: what is sent, over how many connections, and who takes part. */
import type { LoadSpec, PayloadType } from './load/scenario.ts'

export const SUITES = ['echo', 'parse', 'send', 'fanout', 'deflate', 'memory', 'handshake', 'client'] as const
export type Suite = (typeof SUITES)[number]

export interface Workload {
  /** Unique, and stable: the targets refer to it. */
  readonly id: string
  readonly suite: Suite
  readonly title: string
  /** What one figure is counted by. */
  readonly unit: 'message' | 'delivery' | 'handshake' | 'connection' | 'MiB'
  readonly load: Omit<LoadSpec, 'port' | 'dialect'>
  readonly mode: 'echo' | 'broadcast' | 'send' | 'stream'
  /** Whether an echo turns text into a string and back, where the library leaves the choice. */
  readonly text: 'bytes' | 'string'
  readonly peers: readonly string[]
  /** Left out unless `--full` is given. */
  readonly onlyFull: boolean
  /** Left out with `--quick`. */
  readonly notQuick: boolean
  /** Servers are pinned to a core, but where the thread pool has to get a chance. */
  readonly pin: boolean
}

const NEWEST = ['barewire@newest', 'raw@newest', 'ws@newest']
const CORE = ['barewire', 'raw', 'ws', 'bun', ...NEWEST]
const LARGE = ['barewire', 'raw', 'ws', 'ws+bufferutil', 'bun', ...NEWEST]
const EVERYBODY = [...LARGE, 'websocket-node', 'faye']
const PUBLISHERS = ['barewire', 'ws', 'bun', 'barewire@newest', 'ws@newest']
const RELAYS = [...PUBLISHERS, 'raw', 'raw@newest']
const WITH_ZLIB = [...PUBLISHERS, 'raw+zlib', 'raw+zlib@newest']

const defaults = {
  mode: 'echo',
  text: 'bytes',
  peers: CORE,
  onlyFull: false,
  notQuick: false,
  pin: true,
} as const
const quiet = { type: 'binary', connections: 1, inFlight: 1, deflate: false, stalled: 0 } as const

export function formatSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  return bytes < 1024 * 1024 ? `${bytes / 1024} KiB` : `${bytes / 1024 / 1024} MiB`
}

const count = (many: number, noun: string): string => `${many} ${noun}${many === 1 ? '' : 's'}`

interface EchoShape {
  readonly size: number
  readonly connections: number
  readonly inFlight: number
  readonly type?: PayloadType
  readonly text?: 'bytes' | 'string'
}

function echo(shape: EchoShape, rest: Partial<Workload> = {}): Workload {
  const { size, connections, inFlight, type = 'binary', text = 'bytes' } = shape
  const kind = type === 'binary' ? 'binary' : text === 'string' ? 'text as strings' : 'text as bytes'
  return {
    ...defaults,
    id: `echo/${type === 'binary' ? 'binary' : `text-${text}`}/${size}/c${connections}/p${inFlight}`,
    suite: 'echo',
    title: `${formatSize(size)} ${kind}, ${count(connections, 'connection')}, ${inFlight} in flight`,
    unit: 'message',
    load: { ...quiet, kind: 'echo', size, connections, inFlight, type },
    text,
    ...rest,
  }
}

const K = 1024
const M = K * K

/** What is measured unless `--full` is given: every size, every number of connections and every depth at least once. */
const echoDefault: readonly Workload[] = [
  echo({ size: 16, connections: 50, inFlight: 1 }, { notQuick: true }),
  echo({ size: 125, connections: 50, inFlight: 1 }, { peers: EVERYBODY }),
  echo({ size: K, connections: 50, inFlight: 1 }, { notQuick: true, peers: LARGE }),
  echo({ size: 16 * K, connections: 50, inFlight: 1 }, { peers: EVERYBODY }),
  echo({ size: 64 * K, connections: 50, inFlight: 1 }, { notQuick: true, peers: LARGE }),
  echo({ size: M, connections: 50, inFlight: 1 }, { peers: LARGE }),
  echo({ size: 16, connections: 50, inFlight: 16 }),
  echo({ size: 125, connections: 50, inFlight: 16 }, { peers: EVERYBODY }),
  echo({ size: K, connections: 50, inFlight: 16 }, { notQuick: true, peers: LARGE }),
  echo({ size: 16 * K, connections: 50, inFlight: 16 }, { notQuick: true, peers: LARGE }),
  echo({ size: 16, connections: 1, inFlight: 64 }, { notQuick: true }),
  echo({ size: 125, connections: 1, inFlight: 64 }),
  echo({ size: K, connections: 1, inFlight: 64 }, { notQuick: true }),
  echo({ size: 125, connections: 1, inFlight: 1 }, { notQuick: true }),
  echo({ size: 125, connections: 500, inFlight: 1 }, { notQuick: true }),
  echo({ size: 125, connections: 500, inFlight: 16 }, { notQuick: true }),
  echo({ size: 125, connections: 50, inFlight: 1, type: 'text', text: 'string' }, { notQuick: true }),
  echo({ size: 125, connections: 50, inFlight: 16, type: 'text' }, { notQuick: true }),
  echo(
    { size: 125, connections: 50, inFlight: 16, type: 'text', text: 'string' },
    { peers: ['barewire', 'ws', 'bun', 'socket.io', 'websocket-node', 'faye', 'barewire@newest', 'ws@newest'] },
  ),
  echo({ size: K, connections: 50, inFlight: 16, type: 'text', text: 'string' }, { notQuick: true }),
]

function echoRest(): Workload[] {
  const known = new Set(echoDefault.map(({ id }) => id))
  const rest: Workload[] = []
  for (const size of [16, 125, K, 16 * K, 64 * K, M]) {
    for (const connections of [1, 50, 500]) {
      for (const inFlight of [1, 16, 64]) {
        // 500 connections with 16 messages of 1 MiB under way are 8 GiB: beyond what one machine can hold.
        if (size * connections * inFlight > 512 * M) continue
        for (const shape of [
          { type: 'binary' },
          { type: 'text', text: 'bytes' },
          { type: 'text', text: 'string' },
        ] as const) {
          rest.push(echo({ size, connections, inFlight, ...shape }, { onlyFull: true, peers: LARGE }))
        }
      }
    }
  }
  return rest.filter(({ id }) => !known.has(id))
}

function fanout(
  { size, subscribers, burst, stalled = 0 }: { size: number; subscribers: number; burst: number; stalled?: number },
  rest: Partial<Workload> = {},
): Workload {
  const stalling = stalled === 0 ? '' : `, ${stalled} of them never read`
  return {
    ...defaults,
    id: `fanout/${size}/s${subscribers}/w${burst}${stalled === 0 ? '' : '/stalled'}`,
    suite: 'fanout',
    title: `${formatSize(size)} to ${subscribers} subscribers${stalling}, ${count(burst, 'message')} a turn`,
    unit: 'delivery',
    load: { ...quiet, kind: 'fanout', size, connections: subscribers, inFlight: burst, stalled },
    mode: 'broadcast',
    // Without a protocol nobody looks after those who never read.
    peers: stalled === 0 ? RELAYS : PUBLISHERS,
    ...rest,
  }
}

const fanouts: readonly Workload[] = [
  fanout({ size: 64, subscribers: 200, burst: 1 }),
  fanout({ size: 64, subscribers: 200, burst: 16 }),
  fanout({ size: 1024, subscribers: 200, burst: 1 }, { notQuick: true }),
  fanout({ size: 1024, subscribers: 200, burst: 16 }, { notQuick: true }),
  fanout({ size: 64, subscribers: 1000, burst: 1 }, { notQuick: true }),
  fanout({ size: 64, subscribers: 1000, burst: 16 }, { notQuick: true }),
  fanout({ size: 1024, subscribers: 1000, burst: 1 }, { onlyFull: true }),
  fanout({ size: 1024, subscribers: 1000, burst: 16 }, { onlyFull: true }),
  fanout({ size: 64, subscribers: 200, burst: 16, stalled: 2 }, { notQuick: true }),
  {
    ...defaults,
    id: 'chat/64/c32',
    suite: 'fanout',
    title: 'chat: 32 clients all send 64 B, all receive',
    unit: 'delivery',
    load: { ...quiet, kind: 'chat', type: 'text', size: 64, connections: 32 },
    mode: 'broadcast',
    peers: [...PUBLISHERS, 'socket.io'],
  },
]

function deflateEcho(size: number, deflate: 'takeover' | 'no-takeover', rest: Partial<Workload> = {}): Workload {
  return {
    ...defaults,
    id: `deflate/${deflate}/${size}/c16/p1`,
    suite: 'deflate',
    title: `JSON of ${formatSize(size)}, ${deflate === 'takeover' ? 'context takeover' : 'no context takeover'}, 16 connections`,
    unit: 'message',
    load: { ...quiet, kind: 'echo', type: 'json', size, connections: 16, deflate },
    peers: PUBLISHERS,
    ...rest,
  }
}

function deflateBroadcast(burst: number): Workload {
  return {
    ...defaults,
    id: `deflate/broadcast/512/s200/w${burst}`,
    suite: 'deflate',
    title: `JSON of 512 B to 200 subscribers, compressed, ${count(burst, 'message')} a turn`,
    unit: 'delivery',
    load: { ...quiet, kind: 'fanout', type: 'json', size: 512, connections: 200, inFlight: burst, deflate: 'takeover' },
    mode: 'broadcast',
    peers: RELAYS,
  }
}

const deflates: readonly Workload[] = [
  deflateEcho(128, 'takeover', { notQuick: true, peers: WITH_ZLIB }),
  deflateEcho(512, 'takeover', { notQuick: true, peers: WITH_ZLIB }),
  deflateEcho(K, 'takeover', { peers: WITH_ZLIB }),
  deflateEcho(4 * K, 'takeover', { notQuick: true }),
  deflateEcho(16 * K, 'takeover', { notQuick: true }),
  deflateEcho(128, 'no-takeover', { notQuick: true }),
  deflateEcho(K, 'no-takeover', { notQuick: true }),
  deflateEcho(16 * K, 'no-takeover', { notQuick: true }),
  deflateBroadcast(1),
  deflateBroadcast(16),
  {
    ...defaults,
    id: 'deflate/delay',
    suite: 'deflate',
    title: 'echo of 1 byte while 20 other connections echo 4 MiB of JSON, compressed',
    unit: 'message',
    load: { ...quiet, kind: 'delay', type: 'json', size: 4 * M, connections: 20, deflate: 'takeover' },
    peers: ['barewire', 'ws', 'barewire@newest', 'ws@newest'],
    notQuick: true,
    pin: false,
  },
]

/** Something too big to be held, in one direction. */
function stream(
  kind: 'stream' | 'download',
  title: string,
  { deflate = false }: { deflate?: LoadSpec['deflate'] } = {},
): Workload {
  const size = 4 * K * M
  return {
    ...defaults,
    id: `memory/${kind}${deflate === false ? '' : '-deflate'}`,
    suite: 'memory',
    title,
    unit: 'MiB',
    load: { ...quiet, kind, size, deflate, ...(deflate !== false && { type: 'json' }) },
    mode: 'stream',
    peers: ['barewire', 'barewire@newest'],
    notQuick: true,
  }
}

function memory(deflate: false | 'takeover', rest: Partial<Workload> = {}): Workload {
  return {
    ...defaults,
    id: `memory/${deflate === false ? 'plain' : 'deflate'}`,
    suite: 'memory',
    title: `connections ${deflate === false ? 'without compression' : 'with permessage-deflate'}: idle, and after messages both ways`,
    unit: 'connection',
    load: { ...quiet, kind: 'idle', type: 'json', size: 128, connections: 10_000, deflate },
    peers: deflate === false ? ['barewire', 'raw', 'ws', 'bun', 'barewire@newest', 'ws@newest'] : PUBLISHERS,
    ...rest,
  }
}

function send(size: number, perTurn: number, rest: Partial<Workload> = {}): Workload {
  return {
    ...defaults,
    id: `send/${size}/t${perTurn}`,
    suite: 'send',
    title: `send ${formatSize(size)}, ${perTurn} a turn`,
    unit: 'message',
    load: { ...quiet, kind: 'sink', size, inFlight: perTurn },
    mode: 'send',
    peers: PUBLISHERS,
    ...rest,
  }
}

function client(size: number, inFlight: number): Workload {
  return {
    ...defaults,
    id: `client/${size}/c50/p${inFlight}`,
    suite: 'client',
    title: `client: ${formatSize(size)} there and back, 50 connections, ${inFlight} in flight`,
    unit: 'message',
    load: { ...quiet, kind: 'responder', size, connections: 50, inFlight },
    peers: ['barewire', 'ws', 'node', 'barewire@newest', 'ws@newest', 'node@newest'],
  }
}

export const WORKLOADS: readonly Workload[] = [
  ...echoDefault,
  ...echoRest(),
  send(16, 1),
  send(16, 16, { notQuick: true }),
  send(16, 64),
  send(K, 64, { notQuick: true }),
  send(16 * K, 64, { notQuick: true }),
  ...fanouts,
  ...deflates,
  memory(false),
  memory('takeover', { notQuick: true }),
  stream('stream', 'one message of 4 GiB, read part by part'),
  stream('stream', 'one message of 4 GiB of JSON, compressed, read part by part', { deflate: 'no-takeover' }),
  stream('download', 'one message of 4 GiB, written part by part'),
  stream('download', 'one message of 4 GiB of JSON, compressed, written part by part', { deflate: 'no-takeover' }),
  {
    ...defaults,
    id: 'handshake/64',
    suite: 'handshake',
    title: 'opening handshakes, 64 at a time',
    unit: 'handshake',
    load: { ...quiet, kind: 'handshake', size: 0, inFlight: 64 },
    peers: [...PUBLISHERS, 'websocket-node', 'faye', 'raw+http', 'raw+http@newest'],
  },
  client(125, 1),
  client(125, 16),
  client(16 * K, 1),
]
