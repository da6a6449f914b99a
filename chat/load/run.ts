/** Runs one scenario: a live line while it goes, everything taken down at the end. */
import { type Context, type Row, type Scenario, seededRandom, type Settings } from './scenario.ts'

/** Runs it; rejects with `Broken` when its invariant does not hold. */
export async function runScenario(
  scenario: Scenario,
  settings: Settings,
  progress: (text: string) => void = () => {},
): Promise<Row[]> {
  const cleanups: (() => unknown)[] = []
  const context: Context = {
    ...settings,
    random: seededRandom(settings.seed),
    progress,
    cleanup: (work) => void cleanups.push(work),
  }
  try {
    return await scenario.run(context)
  } finally {
    for (const work of cleanups.toReversed()) await work()
  }
}

/** A table of two columns. */
export function formatTable(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(([what]) => what.length))
  return rows.map(([what, value]) => `  ${what.padEnd(width)}  ${value}`).join('\n')
}
