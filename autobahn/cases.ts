/**
 * The suite's list of cases, and the verdicts that `expected.json` holds for them.
 */
import { readFileSync, writeFileSync } from 'node:fs'

/** The two sides the suite can put an implementation on. */
export const SIDES = ['server', 'client'] as const
export type Side = (typeof SIDES)[number]

/** The verdict on one case: `OK 1000`, or `INFORMATIONAL/INFORMATIONAL 1000` when the two parts are not plain OK. */
export type Verdict = string
export type Verdicts = ReadonlyMap<string, Verdict>

/** The headings under which the suite groups its cases. */
export const SECTIONS: readonly string[] = [
  'Framing',
  'Pings/Pongs',
  'Reserved bits',
  'Opcodes',
  'Fragmentation',
  'UTF-8 handling',
  'Close handling',
  '', // The suite has no section 8.
  'Limits/Performance',
  'Auto-fragmentation',
  '', // Nor a section 11.
  'Compression (defaults)',
  'Compression (parameters)',
]

const here = (name: string): URL => new URL(name, import.meta.url)

/** Every case id of the suite, in its order. */
export function readCaseIds(): string[] {
  return JSON.parse(readFileSync(here('cases.json'), 'utf8')) as string[]
}

/** Tell which of the ids the suite would run for a pattern such as `6.*` or `1.1.1,9.*`. */
export function matchCases(ids: readonly string[], pattern: string): string[] {
  const patterns = pattern.split(',').map((part) => {
    const escaped = part.trim().replaceAll('.', '\\.').replaceAll('*', '.*')
    return new RegExp(`^${escaped}$`)
  })
  return ids.filter((id) => patterns.some((one) => one.test(id)))
}

/** Number of the section a case belongs to: 12 for `12.1.3`. */
export function sectionOf(id: string): number {
  return Number(id.split('.', 1)[0])
}

/** Read the committed verdicts of one side. */
export function readExpected(side: Side): Verdicts {
  const file = JSON.parse(readFileSync(here('expected.json'), 'utf8')) as Record<Side, Record<string, Verdict>>
  return new Map(Object.entries(file[side]))
}

/** Write both sides' verdicts as the new `expected.json`. */
export function writeExpected(verdicts: Readonly<Record<Side, Verdicts>>): void {
  const sides = SIDES.map((side) => [side, Object.fromEntries(verdicts[side])] as const)
  writeFileSync(here('expected.json'), `${JSON.stringify(Object.fromEntries(sides), null, 2)}\n`)
}
