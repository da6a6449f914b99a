/**
 * `npm run autobahn`: puts the server and the client through the whole Autobahn suite, prints the verdict, and compares it
 * with the committed one. Exit status 0: as expected; 1: a difference; 2: the suite could not be run.
 */
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { matchCases, readCaseIds, readExpected, type Side, SIDES, type Verdicts, writeExpected } from './cases.ts'
import { Progress } from './progress.ts'
import { endAll, runSide } from './side.ts'
import { findSuite, HOW_TO_GET_ONE } from './suite.ts'
import { differences, notOk, sectionTable, type SideResult, summary } from './table.ts'
import { type Peer, PEERS, prepare } from './testee.ts'

const REPORTS = fileURLToPath(new URL('reports', import.meta.url))

/** Lines of a list; 216 cases are unimplemented where there is no compression. */
const MOST_LINES = 300

const HELP = `npm run autobahn -- [options]

  --server            only the server (the suite's fuzzingclient)
  --client            only the client (the suite's fuzzingserver)
  --cases PATTERNS    such as '6.*' or '1.1.1,9.*' (default '*', all ${readCaseIds().length})
  --peer NAME         run another implementation instead: ${PEERS.join(', ')}
  --timeout MINUTES   bound of the whole run (default 60)
  --stall SECONDS     bound of one case (default 300)
  --write-expected    write the verdicts of this run to autobahn/expected.json
  --help

The suite: $WSTEST, else Docker's crossbario/autobahn-testsuite, else wstest in autobahn/.venv or on PATH.
HTML reports and logs: autobahn/reports/.`

/** Read the command line; `undefined` when it only asks for help. */
function readOptions() {
  const { values } = parseArgs({
    options: {
      server: { type: 'boolean', default: false },
      client: { type: 'boolean', default: false },
      cases: { type: 'string', default: '*' },
      peer: { type: 'string' },
      timeout: { type: 'string', default: '60' },
      stall: { type: 'string', default: '300' },
      'write-expected': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  const asked = matchCases(readCaseIds(), values.cases)
  if (asked.length === 0) throw new Error(`--cases ${values.cases} matches no case of the suite`)
  const peer = PEERS.find((name) => name === values.peer)
  if (values.peer !== undefined && peer === undefined) {
    throw new Error(`--peer ${values.peer}, one of ${PEERS.join(', ')} required`)
  }
  const isWhole = asked.length === readCaseIds().length && values.server === values.client && peer === undefined
  if (values['write-expected'] && !isWhole)
    throw new Error('--write-expected needs every case of both sides of barewire')
  return {
    sides: SIDES.filter((side) => values[side] || values.server === values.client),
    pattern: values.cases,
    asked,
    peer,
    bounds: { total: positive('--timeout', values.timeout) * 60_000, stall: positive('--stall', values.stall) * 1000 },
    write: values['write-expected'],
  }
}

function positive(name: string, text: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new Error(`${name} ${text}, a number above 0 required`)
  return value
}

type Options = NonNullable<ReturnType<typeof readOptions>>

async function runAll({ sides, pattern, asked, peer, bounds }: Options): Promise<SideResult[]> {
  const suite = findSuite()
  if (suite === undefined) throw new Error(HOW_TO_GET_ONE)
  prepare(peer)
  console.log(`${asked.length} cases as ${sides.join(' and as ')}, with ${suite.label}`)

  const progress = new Progress(sides, asked.length)
  const runs = sides.map(async (side): Promise<SideResult> => {
    const folder = reportFolder(side, peer)
    const onCase = (id: string): void => progress.case(side, id)
    const { verdicts, failure } = await runSide({ side, suite, pattern, peer, folder, bounds, onCase })
    if (failure !== undefined) console.error(`\n${side}: ${failure} (${relative('.', join(folder, 'run.log'))})`)
    return { side, asked, verdicts }
  })
  const results = await Promise.all(runs)
  progress.end()
  return results
}

function reportFolder(side: Side, peer?: Peer): string {
  return join(REPORTS, peer === undefined ? side : `${peer}-${side}`)
}

function printResults(results: readonly SideResult[], peer?: Peer): void {
  console.log(`\n${sectionTable(results)}\n`)
  const exceptions = results.flatMap(notOk)
  console.log(exceptions.length === 0 ? 'Every case is plain OK.' : `Not plain OK:\n${capped(exceptions)}`)
  for (const { side } of results) console.log(`${side}: ${relative('.', join(reportFolder(side, peer), 'index.html'))}`)
}

function capped(lines: readonly string[]): string {
  const rest = lines.length - MOST_LINES
  return rest <= 0 ? lines.join('\n') : [...lines.slice(0, MOST_LINES), `  and ${rest} more`].join('\n')
}

/** The exit status: whether every verdict is there and is the expected one. */
function compare(results: readonly SideResult[]): number {
  const lines = results.flatMap((result) => differences(result, readExpected(result.side)))
  if (lines.length === 0) {
    console.log('As expected (autobahn/expected.json).')
    return 0
  }
  console.error(`\nDifferent from autobahn/expected.json:\n${capped(lines)}`)
  return 1
}

async function main(): Promise<number> {
  const options = readOptions()
  if (options === undefined) {
    console.log(HELP)
    return 0
  }
  const results = await runAll(options)
  printResults(results, options.peer)
  if (options.peer !== undefined) {
    for (const result of results) console.log(`${options.peer} as ${result.side}: ${summary(result)}`)
    return results.every(({ verdicts }) => verdicts.size === options.asked.length) ? 0 : 1
  }
  if (options.write) {
    const incomplete = results.find(({ verdicts }) => verdicts.size !== options.asked.length)
    if (incomplete !== undefined)
      throw new Error(`${incomplete.verdicts.size} verdicts as ${incomplete.side}, all required`)
    writeExpected(Object.fromEntries(results.map(({ side, verdicts }) => [side, verdicts])) as Record<Side, Verdicts>)
    return 0
  }
  return compare(results)
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    endAll()
    process.exit(2)
  })
}
try {
  process.exitCode = await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 2
}
