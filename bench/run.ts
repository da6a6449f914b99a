/**
 * Runs one workload: starts everybody who takes part, warms up, and then measures round by round, everybody once a round
 * and each round beginning with another one, so that what disturbs the machine disturbs all alike.
 */
import { fileURLToPath } from 'node:url'
import type { PhaseResult, LoadSpec } from './load/scenario.ts'
import { bunPath, newestNodePath, PEERS, type Peer } from './peers.ts'
import { Load, Subject, type Usage } from './process.ts'
import type { Workload } from './workloads.ts'

/** The figures of one round; which there are depends on the workload. */
export type Round = Partial<Record<Metric, number>>

/** Microseconds for cpu and latencies, KiB for memory; `cpu` and the memories are for each message or connection. */
export type Metric =
  'cpu' | 'perSecond' | 'p50' | 'p99' | 'p999' | 'max' | 'rssIdle' | 'rssUsed' | 'heapIdle' | 'rssGrowth' | 'time'

export interface WorkloadResult {
  readonly id: string
  readonly suite: string
  readonly title: string
  readonly unit: string
  /** By peer, one entry a round. */
  readonly peers: Record<string, Round[]>
  /** By peer, why there are no figures. */
  readonly missing: Record<string, string>
}

export interface RunSettings {
  readonly rounds: number
  readonly warmUpMs: number
  readonly roundMs: number
  readonly memoryConnections: number
  readonly memoryRounds: number
  readonly newestNode: string | undefined
}

export type Say = (line: string) => void

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const KIB = 1024

/** Everybody of a workload who can take part here. */
export function participants(workload: Workload, wanted: readonly string[] | undefined): Peer[] {
  return PEERS.filter(({ name, runtime }) => {
    if (!workload.peers.includes(name)) return false
    if (runtime === 'newest' && newestNodePath(undefined) === undefined) return false
    if (runtime === 'bun' && bunPath() === undefined) return false
    return wanted === undefined || wanted.includes(name)
  })
}

export function startServer(peer: Peer, workload: Workload, settings: RunSettings): Promise<Subject> {
  const { mode, text, load, pin } = workload
  const options = JSON.stringify({ mode, text: load.type === 'text' ? text : 'bytes', deflate: load.deflate })
  const binary =
    peer.runtime === 'bun'
      ? [bunPath()!]
      : [peer.runtime === 'newest' ? newestNodePath(settings.newestNode)! : process.execPath, '--expose-gc']
  return Subject.start(peer.name, [...binary, here(`servers/${peer.server}`), options], {
    pin,
    ...(peer.env && { env: peer.env }),
  })
}

/** Measure one workload. A peer that fails is left out with its reason; barewire's failure is the bench's. */
export async function runWorkload(
  workload: Workload,
  { peers, settings, say }: { peers: readonly Peer[]; settings: RunSettings; say: Say },
): Promise<WorkloadResult> {
  if (workload.load.kind === 'idle') return runMemory(workload, { peers, settings, say })
  const { id, suite, title, unit } = workload
  const result: WorkloadResult = { id, suite, title, unit, peers: {}, missing: {} }
  const load = new Load()
  const running: { peer: Peer; server: Subject }[] = []
  try {
    for (const peer of peers) {
      try {
        const server = await startServer(peer, workload, settings)
        running.push({ peer, server })
        await load.open(peer.name, specFor(workload, peer, server.port))
        say(`${peer.name}: warm-up`)
        await measure(workload, { load, server, ms: settings.warmUpMs })
        result.peers[peer.name] = []
      } catch (error) {
        result.missing[peer.name] = String(error)
        say(`${peer.name}: ${String(error)}`)
      }
    }
    const active = running.filter(({ peer }) => result.peers[peer.name] !== undefined)
    // Gigabytes a round, and what counts is the memory: there is nothing to take a median of.
    const rounds = workload.mode === 'stream' ? 1 : settings.rounds
    for (let round = 0; round < rounds; round++) {
      for (let turn = 0; turn < active.length; turn++) {
        const { peer, server } = active[(turn + round) % active.length]!
        if (result.missing[peer.name] !== undefined) continue
        say(`round ${round + 1} of ${rounds}: ${peer.name}`)
        try {
          result.peers[peer.name]!.push(await measure(workload, { load, server, ms: settings.roundMs }))
        } catch (error) {
          // Wrong answers are no figures, however fast they came.
          delete result.peers[peer.name]
          result.missing[peer.name] = String(error)
        }
      }
    }
  } finally {
    await Promise.all([load.stop(), ...running.map(({ server }) => server.stop())])
  }
  return result
}

export function specFor(workload: Workload, peer: Peer, port: number): LoadSpec {
  return { ...workload.load, dialect: peer.dialect, port }
}

async function measure(
  workload: Workload,
  { load, server, ms }: { load: Load; server: Subject; ms: number },
): Promise<Round> {
  const before = await server.usage()
  const phase =
    workload.mode === 'send' ? await runSend(workload, { load, server, ms }) : await load.run(server.name, ms)
  const after = await server.usage()
  const round: Round = roundOf(phase, before, after)
  // What stalled readers leave behind in the server.
  if (workload.load.stalled > 0) round.rssGrowth = (after.rss - before.rss) / KIB
  if (workload.mode === 'stream') round.rssGrowth = ((await server.ask<Usage>('peak')).rss - before.rss) / KIB
  return round
}

/** The server sends for `ms` of its own accord, and the load generator counts what comes. */
async function runSend(
  workload: Workload,
  { load, server, ms }: { load: Load; server: Subject; ms: number },
): Promise<PhaseResult> {
  const { size, inFlight: perTurn } = workload.load
  const sent = await server.ask<PhaseResult>('send', { ms, size, perTurn })
  await load.run(server.name, sent.messages)
  return sent
}

export function roundOf({ messages, seconds, latency }: PhaseResult, before: Usage, after: Usage): Round {
  return { cpu: (after.cpuUs - before.cpuUs) / messages, perSecond: messages / seconds, ...latency }
}

/** Memory needs a server of its own for each figure: what was once taken is seldom given back. */
async function runMemory(
  workload: Workload,
  { peers, settings, say }: { peers: readonly Peer[]; settings: RunSettings; say: Say },
): Promise<WorkloadResult> {
  const { id, suite, title, unit } = workload
  const result: WorkloadResult = { id, suite, title, unit, peers: {}, missing: {} }
  for (let round = 0; round < settings.memoryRounds; round++) {
    for (const peer of peers) {
      say(`round ${round + 1} of ${settings.memoryRounds}: ${peer.name}, ${settings.memoryConnections} connections`)
      try {
        const figures = await memoryOf(workload, peer, settings)
        ;(result.peers[peer.name] ??= []).push(figures)
      } catch (error) {
        result.missing[peer.name] = String(error)
      }
    }
  }
  return result
}

async function memoryOf(workload: Workload, peer: Peer, settings: RunSettings): Promise<Round> {
  const connections = settings.memoryConnections
  const server = await startServer(peer, workload, settings)
  const load = new Load()
  try {
    // A few connections first, so that the code and its caches are not counted.
    const spec = specFor(workload, peer, server.port)
    await load.open('warm', { ...spec, connections: 50 })
    await load.run('warm', 200)
    await load.close('warm')
    const before = await settled(server)
    await load.open(server.name, { ...spec, connections })
    const idle = await settled(server)
    await load.run(server.name, 0)
    const used = await settled(server)
    return {
      rssIdle: (idle.rss - before.rss) / KIB / connections,
      heapIdle: (idle.heapUsed - before.heapUsed) / KIB / connections,
      rssUsed: (used.rss - before.rss) / KIB / connections,
    }
  } finally {
    await Promise.all([load.stop(), server.stop()])
  }
}

/** Collect garbage and let the process come to rest, then look. */
async function settled(server: Subject): Promise<Usage> {
  await server.ask('gc')
  await new Promise((resolve) => setTimeout(resolve, 300))
  await server.ask('gc')
  return server.usage()
}
