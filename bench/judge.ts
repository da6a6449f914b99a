/** Holds the targets against the rounds that were measured. */
import { isFloor, ourNameFor } from './peers.ts'
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
  /** What the floor reaches in our place, in the same rounds of the workload that decides. */
  readonly floor: { readonly name: string; readonly factor: Summary } | undefined
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
  const decides = results.find(({ id }) => id === worst?.id)
  return {
    target,
    reached,
    worst,
    met: worst && isMet(target, worst.factor.median),
    floor: decides && floorOf(target, decides),
  }
}

/** The factor of `name`, us unless another is put in our place. */
function factorOf(target: Target, result: WorkloadResult, name = ourNameFor(target.peer)): Summary | undefined {
  const theirs = figures(result.peers[target.peer], target.metric)
  const ours = figures(result.peers[name], target.metric)
  if (theirs.length === 0 || ours.length === 0) return undefined
  return summarise(target.kind === 'less' ? ratios(theirs, ours) : ratios(ours, theirs))
}

function floorOf(target: Target, result: WorkloadResult): Verdict['floor'] {
  if (isFloor(target.peer)) return undefined
  const ours = ourNameFor(target.peer)
  const name = Object.keys(result.peers).find((peer) => isFloor(peer) && ourNameFor(peer) === ours)
  const factor = name && factorOf(target, result, name)
  return name && factor ? { name, factor } : undefined
}

function isMet({ kind, factor }: Target, reached: number): boolean {
  return kind === 'less' ? reached >= factor : reached <= factor
}
