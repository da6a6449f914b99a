/** Holds the targets against the rounds that were measured. */
import { ourNameFor } from './peers.ts'
import type { Metric, Round, WorkloadResult } from './run.ts'
import { ratios, summarise, type Summary } from './statistics.ts'
import type { Target } from './targets.ts'

export interface Verdict {
  readonly target: Target
  /** By workload: the factor, as the target counts it. Empty when nothing was measured. */
  readonly reached: readonly { readonly id: string; readonly factor: Summary }[]
  /** The workload that decides. */
  readonly worst: { readonly id: string; readonly factor: Summary } | undefined
  readonly met: boolean | undefined
}

export function figures(rounds: readonly Round[] | undefined, metric: Metric): number[] {
  return (rounds ?? []).map((round) => round[metric]).filter((value) => value !== undefined)
}

/** The peer's figure over ours, round by round: how many times better we are. */
export function advantage(result: WorkloadResult, peer: string, metric: Metric): Summary | undefined {
  const theirs = figures(result.peers[peer], metric)
  const ours = figures(result.peers[ourNameFor(peer)], metric)
  return theirs.length === 0 || ours.length === 0 ? undefined : summarise(ratios(theirs, ours))
}

export function judge(target: Target, results: readonly WorkloadResult[]): Verdict {
  const reached = target.workloads.flatMap((id) => {
    const result = results.find((candidate) => candidate.id === id)
    const factor = result && factorOf(target, result)
    return factor === undefined ? [] : [{ id, factor }]
  })
  const sorted = reached.toSorted((a, b) => a.factor.median - b.factor.median)
  const worst = target.kind === 'less' ? sorted[0] : sorted.at(-1)
  return { target, reached, worst, met: worst && isMet(target, worst.factor.median) }
}

function factorOf(target: Target, result: WorkloadResult): Summary | undefined {
  if (target.kind === 'less') return advantage(result, target.peer, target.metric)
  const theirs = figures(result.peers[target.peer], target.metric)
  const ours = figures(result.peers[ourNameFor(target.peer)], target.metric)
  return theirs.length === 0 || ours.length === 0 ? undefined : summarise(ratios(ours, theirs))
}

function isMet({ kind, factor }: Target, reached: number): boolean {
  return kind === 'less' ? reached >= factor : reached <= factor
}
