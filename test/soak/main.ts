/**
 * `npm run soak [-- --short] [-- name]`: floods, peers that do not read, violations, and many connections against one process;
 * behind each of them heap, handles, deadlines and file descriptors have to be back where they were.
 */
import { parseArgs } from 'node:util'
import { leaks, measure } from './measure.ts'
import { scenarios } from './scenarios.ts'

const SECONDS = { long: 60, short: 5 } as const

const HELP = `npm run soak [-- [--short] [NAME ...]]

  --short   ${SECONDS.short} seconds for each scenario instead of ${SECONDS.long}
  --help    print this
  NAME      only scenarios with this in their name:

${scenarios.map(({ name }) => `    ${name}`).join('\n')}`

/** Ends with 2 where what was given means nothing. */
function readArguments(): { isShort: boolean; wanted: string[] } {
  try {
    const options = { short: { type: 'boolean' }, help: { type: 'boolean' } } as const
    const { values, positionals } = parseArgs({ options, allowPositionals: true })
    const unknown = positionals.find((word) => !scenarios.some(({ name }) => name.includes(word)))
    if (unknown !== undefined) throw new Error(`no scenario has '${unknown}' in its name`)
    if (values.help !== true) return { isShort: values.short === true, wanted: positionals }
    console.log(HELP)
    process.exit(0)
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELP}`)
    process.exit(2)
  }
}

const { isShort, wanted } = readArguments()
if (globalThis.gc === undefined) throw new Error('run it by `npm run soak`: it needs --expose-gc')

const seconds = isShort ? SECONDS.short : SECONDS.long
const chosen = scenarios.filter(({ name }) => wanted.length === 0 || wanted.some((word) => name.includes(word)))
// What is made once, at the first use, is no leak.
if (wanted.length === 0) await scenarios[0]!.run(1, true)

let failures = 0
for (const { name, run } of chosen) {
  const before = await measure()
  const started = performance.now()
  let outcome: string
  let complaints: string[] = []
  try {
    outcome = await run(seconds, isShort)
  } catch (error) {
    outcome = ''
    complaints = [error instanceof Error ? error.message : String(error)]
  }
  const took = ((performance.now() - started) / 1000).toFixed(0)
  const after = await measure()
  complaints.push(...leaks(before, after))
  const counts = `heap ${after.heap.toFixed(1)} MiB, ${after.handles} handles, ${after.deadlines} deadlines, ${after.descriptors} descriptors`
  console.log(`${complaints.length === 0 ? 'ok  ' : 'FAIL'} ${name} (${took} s): ${outcome}\n     ${counts}`)
  for (const complaint of complaints) console.log(`     ${complaint}`)
  failures += complaints.length
}
console.log(failures === 0 ? 'everything is back at its start' : `${failures} complaints`)
process.exitCode = failures === 0 ? 0 : 1
