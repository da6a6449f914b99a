/**
 * Reads the verdicts out of the `index.json` that the suite writes at the very end of a run.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readCaseIds, type Verdicts } from './cases.ts'

interface CaseResult {
  readonly behavior: string
  readonly behaviorClose: string
  readonly remoteCloseCode: number | null
}

/** The verdicts in a report folder, in the suite's order; empty when the suite did not get as far as to write one. */
export function readReport(folder: string): Verdicts {
  const file = join(folder, 'index.json')
  if (!existsSync(file)) return new Map()
  const agents = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Record<string, CaseResult>>
  const results = Object.values(agents)[0] ?? {}
  const order = new Map(readCaseIds().map((id, index) => [id, index]))
  const ids = Object.keys(results).sort((a, b) => (order.get(a) ?? Infinity) - (order.get(b) ?? Infinity))
  return new Map(ids.map((id) => [id, verdict(results[id]!)]))
}

/** The close code belongs to the verdict: the suite itself calls a case OK when an expected code is absent. */
function verdict({ behavior, behaviorClose, remoteCloseCode }: CaseResult): string {
  const parts = behavior === 'OK' && behaviorClose === 'OK' ? 'OK' : `${behavior}/${behaviorClose}`
  return `${parts} ${remoteCloseCode ?? 'none'}`
}

/** The one word for a verdict: `OK`, or whichever of its two parts is not OK. */
export function outcome(verdict: string): string {
  const [parts = ''] = verdict.split(/ (?=\S+$)/)
  const [behavior = '', behaviorClose = behavior] = parts.split('/')
  return behavior === 'OK' ? behaviorClose : behavior
}
