/** `npm run bench -- --profile`: where the time of our server goes, by who spends it. */
import { Load } from './process.ts'
import { newestNodePath, PEERS } from './peers.ts'
import { profileMicro } from './run-micro.ts'
import { specFor, startServer, type RunSettings, type Say } from './run.ts'
import { WORKLOADS, type Workload } from './workloads.ts'

/** What is looked at when no workload is named: those that are known best, and those that miss a target. */
const PROFILED = new Set([
  'echo/binary/16/c50/p1',
  'echo/binary/16384/c50/p1',
  'echo/binary/65536/c50/p1',
  'echo/binary/125/c50/p16',
  'echo/binary/1024/c50/p16',
  'fanout/1024/s200/w16',
  'deflate/takeover/1024/c16/p1',
  'deflate/broadcast/512/s200/w1',
  'handshake/64',
])
/** Of the micro benches: one process, no sockets. */
const PROFILED_MICROS = [{ id: 'parse/binary/16', file: 'parse', title: 'parse 16 B, binary' }]
/** Where another V8 makes a difference. */
const ON_NEWEST = new Set(['echo/binary/1024/c50/p16', 'parse/binary/16'])

/** What V8's profiler says of one function. */
export interface Sampled {
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

interface ProfileOptions {
  readonly suites: readonly string[]
  readonly only: string | undefined
  readonly newest: boolean
  readonly settings: RunSettings
  readonly say: Say
}

/** Profile what `--only` names, or what is looked at otherwise. */
export async function profileAll({ suites, only, newest, settings, say }: ProfileOptions): Promise<WorkloadProfile[]> {
  const isWanted = ({ id, suite, mode }: Workload): boolean => {
    if (!suites.includes(suite)) return false
    if (only === undefined) return PROFILED.has(id)
    return id.includes(only) && mode !== 'send' && suite !== 'memory' && suite !== 'client'
  }
  const newestNode = newest ? newestNodePath(settings.newestNode) : undefined
  const names = (id: string): string[] =>
    newestNode !== undefined && ON_NEWEST.has(id) ? ['barewire', 'barewire@newest'] : ['barewire']
  const profiles: WorkloadProfile[] = []
  const look = async (id: string, title: string, sample: (name: string) => Promise<Sampled[]>): Promise<void> => {
    for (const name of names(id)) {
      const where = name === 'barewire' ? title : `${title}, newest Node`
      say(where)
      profiles.push(profileOf(id, where, await sample(name)))
    }
  }
  for (const workload of WORKLOADS.filter(isWanted)) {
    await look(workload.id, workload.title, (name) => sampleServer(name, workload, settings))
  }
  for (const { id, file, title } of PROFILED_MICROS) {
    if (!suites.includes('parse') || !id.includes(only ?? '')) continue
    await look(id, title, (name) => {
      const node = name === 'barewire' ? process.execPath : newestNode!
      return profileMicro(file, { id, node, settings })
    })
  }
  return profiles
}

/** Run a workload with our server alone while the profiler looks on. */
async function sampleServer(name: string, workload: Workload, settings: RunSettings): Promise<Sampled[]> {
  const peer = PEERS.find((candidate) => candidate.name === name)!
  const server = await startServer(peer, workload, settings)
  const load = new Load()
  try {
    await load.open(peer.name, specFor(workload, peer, server.port))
    await load.run(peer.name, settings.warmUpMs)
    await server.ask('startProfile')
    for (let round = 0; round < ROUNDS; round++) await load.run(peer.name, settings.roundMs)
    return await server.ask<Sampled[]>('stopProfile')
  } finally {
    await Promise.all([load.stop(), server.stop()])
  }
}

function profileOf(id: string, title: string, sampled: readonly Sampled[]): WorkloadProfile {
  const busy = sampled.filter((one) => one.name !== '(idle)' && !isProfiler(one))
  return { id, title, spenders: shares(busy, spenderOf), functions: shares(busy, functionOf).slice(0, MOST_FUNCTIONS) }
}

/** The profiler sees itself start and stop. */
function isProfiler({ name, url }: Sampled): boolean {
  return url === 'node:inspector' || url.endsWith('/profile.mjs') || (url === '' && name === 'dispatch')
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
  if (url === '' && name === 'close') return 'closing sockets'
  if (url === '') return SOCKETS.has(name) ? 'writing to sockets' : 'other native code'
  if (/^node:(_http|http|internal\/http)/.test(url)) return "Node's HTTP"
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
