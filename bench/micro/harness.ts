/**
 * Runs contenders of a micro bench side by side: each warms up, then they take turns round by round, and what counts is
 * the CPU time of the process an item took. The results go to the bench over IPC, or to the screen.
 */
import type { WorkloadResult } from '../run.ts'
import { median } from '../statistics.ts'

/** Works for a while and answers how many items it has worked through. */
export type Contender = () => number

export interface MicroCase {
  readonly id: string
  readonly title: string
  readonly unit: string
  /** `time`: nanoseconds, unless they are to stand beside those of servers, in microseconds. */
  readonly metric?: 'time' | 'cpu'
  readonly contenders: Readonly<Record<string, Contender>>
}

export interface MicroSettings {
  readonly rounds: number
  readonly warmUpMs: number
  readonly roundMs: number
}

const standalone: MicroSettings = { rounds: 5, warmUpMs: 150, roundMs: 150 }

function settingsFromArguments(): MicroSettings {
  const given = process.argv[2]
  return given === undefined ? standalone : (JSON.parse(given) as MicroSettings)
}

/** Work for about `ms`; answer nanoseconds of CPU time an item. */
function nanosecondsPerItem(contender: Contender, ms: number): number {
  const end = performance.now() + ms
  const before = process.cpuUsage()
  let items = 0
  while (performance.now() < end) items += contender()
  const { user, system } = process.cpuUsage(before)
  return ((user + system) * 1000) / items
}

/** Run the cases of one suite. `suffix` is put behind each contender's name: which runtime this is. */
export function runMicro(suite: string, cases: readonly MicroCase[]): void {
  const settings = settingsFromArguments()
  const profiled = cases.find(({ id }) => id === process.env['BENCH_PROFILE'])
  if (profiled !== undefined) return void sample(profiled.contenders['barewire']!, settings)
  const suffix = process.env['BENCH_RUNTIME'] === 'newest' ? '@newest' : ''
  for (const { id, title, unit, metric = 'time', contenders } of cases) {
    const peers: WorkloadResult['peers'] = {}
    for (const [name, contender] of Object.entries(contenders)) {
      nanosecondsPerItem(contender, settings.warmUpMs)
      peers[name + suffix] = []
    }
    for (let round = 0; round < settings.rounds; round++) {
      for (const [name, contender] of Object.entries(contenders)) {
        const time = nanosecondsPerItem(contender, settings.roundMs)
        peers[name + suffix]!.push(metric === 'cpu' ? { cpu: time / 1000 } : { time })
      }
    }
    const result: WorkloadResult = { id, suite, title, unit, peers, missing: {} }
    if (process.send === undefined) print(result)
    else process.send(result)
  }
}

interface Profiler {
  startProfile(): Promise<unknown>
  stopProfile(): Promise<unknown>
}

/** Instead of measuring, let V8's profiler look on while we work alone. */
async function sample(contender: Contender, { rounds, warmUpMs, roundMs }: MicroSettings): Promise<void> {
  const profiler = new URL('../servers/profile.mjs', import.meta.url).href
  const { startProfile, stopProfile } = (await import(profiler)) as Profiler
  nanosecondsPerItem(contender, warmUpMs)
  await startProfile()
  nanosecondsPerItem(contender, rounds * roundMs)
  process.send!(await stopProfile())
}

function print({ title, unit, peers }: WorkloadResult): void {
  console.log(`${title} (CPU time a ${unit})`)
  for (const [name, rounds] of Object.entries(peers)) {
    const ns = median(rounds.map(({ time, cpu = 0 }) => time ?? cpu * 1000))
    console.log(`  ${name.padEnd(28)} ${ns.toFixed(1)} ns`)
  }
}
