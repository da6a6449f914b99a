/**
 * Prints the result: a row for each section of the suite, a column for each side, and every case that is not plain OK.
 */
import { SECTIONS, sectionOf, type Side, type Verdicts } from './cases.ts'
import { outcome } from './report.ts'

/** One side's result and the cases it was asked to run. */
export interface SideResult {
  readonly side: Side
  readonly asked: readonly string[]
  readonly verdicts: Verdicts
}

/** The table by section, with a line for the sum. */
export function sectionTable(results: readonly SideResult[]): string {
  const sections = [...new Set(results.flatMap((result) => result.asked.map(sectionOf)))].sort((a, b) => a - b)
  const rows = sections.map((section) => [
    `${section}`,
    SECTIONS[section - 1] ?? '',
    ...results.map((result) => summary(result, section)),
  ])
  const header = ['', 'section', ...results.map((result) => `as ${result.side}`)]
  const sum = ['', 'all', ...results.map((result) => summary(result))]
  return align([header, ...rows, sum])
}

/** `506 OK, 4 NON-STRICT, 7 FAILED`: how one side did, in one section or in all of them. */
export function summary({ asked, verdicts }: SideResult, section?: number): string {
  const counts = new Map<string, number>()
  for (const id of asked) {
    if (section !== undefined && sectionOf(id) !== section) continue
    const verdict = verdicts.get(id)
    const word = verdict === undefined ? 'MISSING' : outcome(verdict)
    counts.set(word, (counts.get(word) ?? 0) + 1)
  }
  return [...counts].map(([word, count]) => `${count} ${word}`).join(', ')
}

/** Every case that is not plain OK, one line each. */
export function notOk({ side, asked, verdicts }: SideResult): string[] {
  return asked
    .filter((id) => outcome(verdicts.get(id) ?? 'MISSING none') !== 'OK')
    .map((id) => `  ${side}  ${id.padEnd(8)} ${verdicts.get(id) ?? 'MISSING'}`)
}

/** Every difference to the expected verdicts, one line each. */
export function differences({ side, asked, verdicts }: SideResult, expected: Verdicts): string[] {
  return asked
    .filter((id) => verdicts.get(id) !== expected.get(id))
    .map(
      (id) => `  ${side}  ${id.padEnd(8)} ${verdicts.get(id) ?? 'MISSING'}, expected ${expected.get(id) ?? 'nothing'}`,
    )
}

function align(rows: readonly string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
