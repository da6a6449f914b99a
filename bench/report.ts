/** Turns the results of a run into bench/report: a page in Markdown, a chart a suite, and the verdict on every target. */
import { writeFileSync } from 'node:fs'
import { drawChart, type Bar, type Block } from './chart.ts'
import { METRICS, number, ratio, spread } from './format.ts'
import { advantage, figures, judge } from './judge.ts'
import type { Machine } from './machine.ts'
import { isFloor, labelOf, ourNameFor, PEERS } from './peers.ts'
import type { Metric, WorkloadResult } from './run.ts'
import { median, summarise } from './statistics.ts'
import { targetTable } from './target-table.ts'
import { TARGETS } from './targets.ts'

export interface SuiteReport {
  readonly suite: string
  readonly date: string
  readonly machine: Machine
  readonly settings: {
    readonly rounds: number
    readonly roundMs: number
    readonly connections: number
    readonly quick: boolean
    readonly full: boolean
  }
  readonly workloads: readonly WorkloadResult[]
}

const INTRODUCTIONS: Readonly<Record<string, string>> = {
  echo: 'CPU time of the server process, user and system, for each message that came, was handled and went back.',
  parse:
    'CPU time a frame, inside one process: 64 KiB chunks full of masked frames. `naive` is the RFC written down plainly.',
  send: 'CPU time of the server process for each message it sent of its own accord, over one connection.',
  fanout: 'CPU time of the server process for each delivery: one message that reached one subscriber.',
  deflate: 'CPU time of the server process for each message, or delivery, that was inflated and deflated.',
  memory: 'What each connection adds to the server process: while idle, and after one message each way.',
  handshake: 'CPU time of the server process for each connection that was opened, upgraded and left again.',
  client: 'CPU time of the client process for each message that it sent and got back.',
}

/** Write the report; answers the table of targets. */
export function renderReport(folder: string, suites: readonly SuiteReport[]): string {
  const verdicts = TARGETS.map((target) =>
    judge(
      target,
      suites.flatMap(({ workloads }) => workloads),
    ),
  )
  const targets = targetTable(verdicts)
  const sections = suites.map((report) => suiteSection(folder, report))
  const overview = drawOverview(folder, suites)
  const page = [
    '# Bench report',
    'Written by `npm run bench`; see bench/README.md for how it measures. Smaller is better everywhere but in "a second".',
    machineText(suites),
    overview,
    '## Targets',
    'A ratio is taken within each round and the median of the rounds decides; where a target names several workloads, the worst of them.\n' +
      'The floor is what would be reached in that same row, in the same rounds, by whoever does nothing but read and write ("raw net"), and zlib where a message is compressed, or "node:http" where hands are shaken.',
    targets,
    lossText(suites),
    ...sections,
  ]
  writeFileSync(`${folder}/README.md`, `${page.filter((part) => part !== '').join('\n\n')}\n`)
  return targets
}

function machineText(suites: readonly SuiteReport[]): string {
  const [first] = suites
  if (first === undefined) return ''
  const { machine } = first
  const peers = Object.entries(machine.peers).map(([name, version]) => `${name} ${version}`)
  const lines = [
    `- ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}, loopback`,
    `- Node ${machine.node}; newest Node ${machine.newestNode ?? 'not measured'}; ${peers.join(', ')}`,
    `- servers ${machine.pinned ? 'pinned to one core, the load generator to another' : 'not pinned: taskset is missing'}`,
    ...suites.map(({ suite, date, settings }) =>
      suite === 'memory'
        ? `- ${suite}: ${date}, ${settings.connections} connections, 3 rounds`
        : `- ${suite}: ${date}, ${settings.rounds} rounds of ${settings.roundMs} ms, interleaved`,
    ),
  ]
  return lines.join('\n')
}

/** No rival, but what one is held against: the floor, the oracle, and zlib by itself. */
function isBeneath(peer: string): boolean {
  return isFloor(peer) || /^(naive|zlib)/.test(peer)
}

/** Where a rival written in any language needs less than we do: said outright. */
function lossText(suites: readonly SuiteReport[]): string {
  const rows: string[] = []
  for (const result of suites.flatMap(({ workloads }) => workloads)) {
    const metric = mainMetric(result)
    for (const peer of Object.keys(result.peers)) {
      if (peer === ourNameFor(peer) || isBeneath(peer)) continue
      const factor = advantage(result, peer, metric)
      if (factor === undefined || factor.median >= 0.95) continue
      rows.push(`| ${result.title} | ${labelOf(peer)} | ${ratio(1 / factor.median)} x |`)
    }
  }
  if (rows.length === 0) return '## Where we lose\n\nNowhere in this run by more than 5 %.'
  return [
    '## Where we lose',
    'By more than 5 %, and how many times more we need:',
    ['| workload | against | more |', '|---|---|---|', ...rows].join('\n'),
  ].join('\n\n')
}

function mainMetric({ suite, id, peers }: WorkloadResult): Metric {
  if (id === 'deflate/delay') return 'max'
  if (/^memory\/(stream|download)/.test(id)) return 'rssGrowth'
  if (suite === 'memory') return 'rssUsed'
  return Object.values(peers)[0]?.[0]?.time === undefined ? 'cpu' : 'time'
}

function suiteSection(folder: string, report: SuiteReport): string {
  const { suite, workloads } = report
  const parts = [`## ${suite}`, INTRODUCTIONS[suite] ?? '']
  const blocks = workloads.flatMap((result) => blockOf(result) ?? [])
  if (blocks.length > 0) {
    const subtitle = `${(INTRODUCTIONS[suite] ?? '').split(/[.:]/)[0]}; smaller is better`
    const svg = drawChart({ title: `barewire: ${suite}`, subtitle, blocks })
    writeFileSync(`${folder}/${suite}.svg`, svg)
    parts.push(`![${suite}](${suite}.svg)`)
  }
  for (const result of workloads) parts.push(`### ${result.title}`, workloadTable(result))
  return parts.join('\n\n')
}

function blockOf(result: WorkloadResult): Block | undefined {
  const metric = mainMetric(result)
  const bars = order(Object.keys(result.peers)).flatMap((peer): Bar[] => {
    const values = figures(result.peers[peer], metric)
    // The newest Node stands in the tables; the charts compare on one.
    if (values.length === 0 || peer.endsWith('@newest')) return []
    const { median: value, low, high } = summarise(values)
    const kind = peer === 'barewire' ? 'ours' : isBeneath(peer) ? 'floor' : 'peer'
    return [{ label: labelOf(peer), value, low, high, kind }]
  })
  const unit = METRICS[metric].replace(/^.*?(us|ns|KiB)$/, '$1')
  return bars.length === 0 ? undefined : { title: result.title, format: (value) => `${number(value)} ${unit}`, bars }
}

function order(names: readonly string[]): string[] {
  const place = (name: string): number => {
    const index = PEERS.findIndex((peer) => peer.name === name)
    return index < 0 ? PEERS.length : index
  }
  return names.toSorted((a, b) => place(a) - place(b))
}

function workloadTable(result: WorkloadResult): string {
  const names = order(Object.keys(result.peers))
  const metrics = (Object.keys(METRICS) as Metric[]).filter((metric) =>
    names.some((name) => figures(result.peers[name], metric).length > 0),
  )
  const main = mainMetric(result)
  const head = ['', ...metrics.map((metric) => METRICS[metric]), 'against barewire']
  const rows = names.map((name) => {
    const cells = metrics.map((metric) => {
      const values = figures(result.peers[name], metric)
      if (values.length === 0) return ''
      return metric === main ? spread(summarise(values)) : number(median(values))
    })
    const factor = name === ourNameFor(name) ? undefined : advantage(result, name, main)
    return [labelOf(name), ...cells, factor === undefined ? '' : `${ratio(factor.median)} x`]
  })
  const missing = Object.entries(result.missing).map(
    ([name, reason]) => `\n${labelOf(name)} is missing: ${reason.split('\n')[0]}`,
  )
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line), ...missing].join('\n')
}

/** The workloads of the first chart: what the project is known by. */
const OVERVIEW: readonly (readonly [id: string, title: string])[] = [
  ['echo/binary/125/c50/p1', 'echo 125 B, one at a time'],
  ['echo/binary/125/c50/p16', 'echo 125 B, 16 in flight'],
  ['echo/binary/16384/c50/p1', 'echo 16 KiB'],
  ['echo/binary/1048576/c50/p1', 'echo 1 MiB'],
  ['send/16/t64', 'send 16 B, 64 a turn'],
  ['fanout/64/s200/w1', 'fan-out to 200, 1 a turn'],
  ['fanout/64/s200/w16', 'fan-out to 200, 16 a turn'],
  ['chat/64/c32', 'chat, 32 clients'],
  ['deflate/takeover/1024/c16/p1', 'deflate echo, 1 KiB of JSON'],
  ['deflate/broadcast/512/s200/w16', 'deflate broadcast to 200'],
  ['memory/plain', 'memory of a used connection'],
  ['memory/deflate', 'memory of one with deflate used'],
  ['handshake/64', 'handshakes'],
]

/** One chart of ratios: how many times as much the best known rivals need. */
function drawOverview(folder: string, suites: readonly SuiteReport[]): string {
  const results = suites.flatMap(({ workloads }) => workloads)
  const blocks = OVERVIEW.flatMap(([id, title]): Block[] => {
    const result = results.find((candidate) => candidate.id === id)
    if (result === undefined) return []
    const metric = mainMetric(result)
    const bars = ['ws', 'bun'].flatMap((peer): Bar[] => {
      const factor = advantage(result, peer, metric)
      return factor === undefined
        ? []
        : [{ label: labelOf(peer), value: factor.median, low: factor.low, high: factor.high, kind: 'peer' }]
    })
    const ours: Bar = { label: 'barewire', value: 1, low: 1, high: 1, kind: 'ours' }
    return bars.length === 0 ? [] : [{ title, format: (value) => `${ratio(value)} x`, bars: [ours, ...bars] }]
  })
  if (blocks.length === 0) return ''
  const svg = drawChart({
    title: 'barewire beside ws and Bun',
    subtitle: 'CPU time (or memory) for the same work, as a multiple of what barewire needs; smaller is better',
    blocks,
    mark: 1,
  })
  writeFileSync(`${folder}/overview.svg`, svg)
  return '![barewire beside ws and Bun](overview.svg)'
}
