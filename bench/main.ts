/** `npm run bench`: measures barewire beside its rivals and writes the report. See `--help`. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { distFolder } from './dist.ts'
import { describeMachine } from './machine.ts'
import { HELP, parseOptions, type Options } from './options.ts'
import { installPeers, labelOf, newestNodePath } from './peers.ts'
import { profileAll, renderProfiles } from './profile.ts'
import { renderReport, type SuiteReport } from './report.ts'
import { runClientWorkload } from './run-client.ts'
import { runMicros } from './run-micro.ts'
import { participants, runWorkload, type RunSettings, type Say, type WorkloadResult } from './run.ts'
import { median } from './statistics.ts'
import { SUITES, WORKLOADS, type Suite, type Workload } from './workloads.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const isTerminal = process.stdout.isTTY

/** Show what is going on, in one line that is written over where that is possible. */
function progress(line: string): void {
  if (isTerminal) process.stdout.write(`\r\u001b[2K  ${line.slice(0, (process.stdout.columns ?? 80) - 3)}`)
}

function clearProgress(): void {
  if (isTerminal) process.stdout.write('\r\u001b[2K')
}

function isWanted(workload: Workload, suite: Suite, options: Options): boolean {
  if (workload.suite !== suite) return false
  if (workload.onlyFull && !options.full) return false
  if (workload.notQuick && options.quick) return false
  return options.only === undefined || workload.id.includes(options.only)
}

async function runSuite(suite: Suite, options: Options, settings: RunSettings): Promise<WorkloadResult[]> {
  const results: WorkloadResult[] = []
  const workloads = WORKLOADS.filter((workload) => isWanted(workload, suite, options))
  const micros = options.only === undefined || suite === 'parse'
  if (micros) results.push(...(await runMicros(suite, { settings, say: progress, newest: options.newest })))
  for (const result of results) show(result)
  for (const [index, workload] of workloads.entries()) {
    const say: Say = (line) => progress(`[${suite} ${index + 1}/${workloads.length}] ${workload.title}: ${line}`)
    const wanted = options.newest
      ? options.peers
      : (options.peers ?? workload.peers).filter((name) => !name.endsWith('@newest'))
    const result =
      suite === 'client'
        ? await runClientWorkload(workload, { wanted, settings, say })
        : await runWorkload(workload, { peers: participants(workload, wanted), settings, say })
    results.push(result)
    show(result)
  }
  return results
}

/** Print one workload's medians. */
function show({ title, unit, peers, missing }: WorkloadResult): void {
  clearProgress()
  console.log(title)
  for (const [name, rounds] of Object.entries(peers)) {
    const figures = Object.keys(rounds[0] ?? {}).map((metric) => {
      const value = median(rounds.map((round) => round[metric as keyof typeof round] ?? Number.NaN))
      return `${metric} ${value >= 1000 ? Math.round(value) : value.toPrecision(3)}`
    })
    console.log(`  ${labelOf(name).padEnd(24)} ${figures.join('  ')}`)
  }
  for (const [name, reason] of Object.entries(missing))
    console.log(`  ${labelOf(name)}: ${reason.split('\n')[0]} (${unit})`)
}

function reportOf(suite: Suite, options: Options, workloads: readonly WorkloadResult[]): SuiteReport {
  const { rounds, roundMs, connections, quick, full } = options
  return {
    suite,
    date: new Date().toISOString().slice(0, 16).replace('T', ' ') + ' UTC',
    machine: describeMachine(options.node),
    settings: { rounds, roundMs, connections, quick, full },
    workloads,
  }
}

async function profile(options: Options, settings: RunSettings, out: string): Promise<void> {
  const page = renderProfiles(await profileAll({ ...options, settings, say: progress }))
  clearProgress()
  console.log(page)
  writeFileSync(`${out}/profile.md`, page)
  console.log(`the profile: ${options.out}/profile.md`)
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2))
  if (options === 'help') return console.log(HELP)
  if (!existsSync(`${distFolder}/index.js`)) throw new Error(`there is no ${distFolder}/index.js: npm run build`)
  installPeers(console.log)
  const { cpu, cores, system, node, newestNode, pinned } = describeMachine(options.node)
  console.log(`${cpu}, ${cores} cores, ${system}; Node ${node}, newest ${newestNode ?? 'not there'}`)
  console.log(
    `${options.rounds} rounds of ${options.roundMs} ms, interleaved; servers ${pinned ? 'pinned' : 'not pinned'}`,
  )
  const settings: RunSettings = {
    rounds: options.rounds,
    roundMs: options.roundMs,
    warmUpMs: options.roundMs,
    memoryConnections: options.connections,
    memoryRounds: options.quick ? 1 : 3,
    newestNode: newestNodePath(options.node),
  }
  const out = resolve(root, options.out)
  mkdirSync(out, { recursive: true })
  if (options.profile) return profile(options, settings, out)
  for (const suite of options.suites) {
    console.log(`\n${suite}\n`)
    const report = reportOf(suite, options, await runSuite(suite, options, settings))
    writeFileSync(`${out}/${suite}.json`, `${JSON.stringify(report, null, 1)}\n`)
  }
  const known = SUITES.map((suite) => `${out}/${suite}.json`).filter((path) => existsSync(path))
  const targets = renderReport(
    out,
    known.map((path) => JSON.parse(readFileSync(path, 'utf8')) as SuiteReport),
  )
  console.log(`\n${targets}\n\nthe report: ${options.out}/README.md`)
}

main().catch((error: Error) => {
  clearProgress()
  console.error(error.message)
  process.exitCode = 1
})
