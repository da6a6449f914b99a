/** The verdict on each target as a table: what was wanted, what was reached, and what the floor reaches in the same row. */
import { METRICS, ratio } from './format.ts'
import type { Verdict } from './judge.ts'
import { labelOf } from './peers.ts'

/** As Markdown; targets of which nothing was measured are left out. */
export function targetTable(verdicts: readonly Verdict[]): string {
  const rows = verdicts.flatMap(({ target, worst, met, reached, floor }) => {
    if (worst === undefined) return []
    const wanted = target.kind === 'less' ? `${target.factor} x less` : `at most ${target.factor} x`
    const where = reached.length > 1 ? ` (${worst.id})` : ''
    const { median: middle, low, high } = worst.factor
    return `| ${target.title} | ${labelOf(target.peer)} | ${METRICS[target.metric]} | ${wanted} | **${ratio(middle)}** (${ratio(low)}-${ratio(high)})${where} | ${floorText(floor)} | ${met ? 'met' : 'not met'} |`
  })
  const head = '| workload | against | figure | target | reached | floor | |'
  return [head, '|---|---|---|---|---|---|---|', ...rows].join('\n')
}

/** The row already says on which Node. */
function floorText(floor: Verdict['floor']): string {
  return floor === undefined ? '' : `${labelOf(floor.name.replace('@newest', ''))}: ${ratio(floor.factor.median)} x`
}
