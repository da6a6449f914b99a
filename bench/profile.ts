/** `npm run bench -- --profile`: where the time of our server goes, by who spends it. */
import { Load } from './process.ts'
import { PEERS } from './peers.ts'
import { specFor, startServer, type RunSettings } from './run.ts'
import type { Workload } from './workloads.ts'

/** What V8's profiler says of one function. */
interface Sampled {
  readonly name: string
  readonly url: string
  readonly us: number
}

export interface Share {
  readonly name: string
  /** Of all the time that was not idle, 0 to 1. */
  readonly share: number
}

export interface WorkloadProfile {
  readonly id: string
  readonly title: string
  readonly spenders: readonly Share[]
  readonly functions: readonly Share[]
}

const MOST_FUNCTIONS = 12
/** The native functions of Node's handles, which have no file. */
const SOCKETS = new Set(['writeBuffer', 'writev', 'writeUtf8String', 'writeLatin1String'])
const ZLIB = new Set(['writeSync', 'init', 'reset'])
const ROUNDS = 5

/** Run a workload with our server alone while the profiler looks on. */
export async function profileWorkload(workload: Workload, settings: RunSettings): Promise<WorkloadProfile> {
  const peer = PEERS.find(({ name }) => name === 'barewire')!
  const server = await startServer(peer, workload, settings)
  const load = new Load()
  try {
    await load.open(peer.name, specFor(workload, peer, server.port))
    await load.run(peer.name, settings.warmUpMs)
    await server.ask('startProfile')
    for (let round = 0; round < ROUNDS; round++) await load.run(peer.name, settings.roundMs)
    const sampled = await server.ask<Sampled[]>('stopProfile')
    const { id, title } = workload
    const busy = sampled.filter(({ name }) => name !== '(idle)')
    return {
      id,
      title,
      spenders: shares(busy, spenderOf),
      functions: shares(busy, functionOf).slice(0, MOST_FUNCTIONS),
    }
  } finally {
    await Promise.all([load.stop(), server.stop()])
  }
}

function shares(sampled: readonly Sampled[], keyOf: (sampled: Sampled) => string): Share[] {
  const total = sampled.reduce((sum, { us }) => sum + us, 0)
  const times = new Map<string, number>()
  for (const one of sampled) times.set(keyOf(one), (times.get(keyOf(one)) ?? 0) + one.us)
  return [...times].map(([name, us]) => ({ name, share: us / total })).toSorted((a, b) => b.share - a.share)
}

function spenderOf({ name, url }: Sampled): string {
  if (name === '(garbage collector)') return 'garbage collector'
  // What is outside of JavaScript, such as the reading from sockets and the waiting for them.
  if (name === '(program)') return 'reading, the event loop, V8 itself'
  if (url.includes('zlib') || (url === '' && ZLIB.has(name))) return 'zlib'
  if (url === '') return SOCKETS.has(name) ? 'writing to sockets' : 'other native code'
  if (url.startsWith('node:')) return "Node's streams and sockets"
  if (url.includes('/bench/')) return 'the handler of the application'
  return 'barewire'
}

function functionOf({ name, url }: Sampled): string {
  const file = url.replace(/^.*\/dist\//, 'barewire: ').replace(/^.*\/bench\//, 'bench/')
  return `${name === '' ? '(anonymous)' : name}${file === '' ? '' : ` (${file})`}`
}

/** As Markdown. */
export function renderProfiles(profiles: readonly WorkloadProfile[]): string {
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`
  const table = (head: string, rows: readonly Share[]): string =>
    [`| ${head} | share |`, '|---|---|', ...rows.map(({ name, share }) => `| ${name} | ${percent(share)} |`)].join('\n')
  return [
    '# Where the time goes',
    "Written by `npm run bench -- --profile`: what V8's sampling profiler sees in the server while one workload runs, idle time left out.",
    ...profiles.flatMap(({ title, spenders, functions }) => [
      `## ${title}`,
      table('who', spenders),
      table('function', functions),
    ]),
    '',
  ].join('\n\n')
}
