/** The command line of the bench. */
import { parseArgs } from 'node:util'
import { SUITES, type Suite } from './workloads.ts'

export const HELP = `npm run bench -- [suite ...] [options]

Suites: ${SUITES.join(' ')}; all of them unless some are named.

  --quick           the core of each suite with short rounds, under 2 minutes; the report goes to bench/report/tmp
  --full            every size x connections x depth, binary and text
  --rounds N        rounds to measure, after a warm-up (default 5, with --quick 3)
  --round-ms N      milliseconds of load a round (default 400, with --quick 150)
  --peers a,b       only these, and barewire: raw, ws, ws+bufferutil, bun, websocket-node, faye, socket.io, node
  --connections N   connections of the memory suite (default 10000, with --quick 1000)
  --node PATH       the newest Node to compare with (default: the one in bench/peers)
  --no-newest       this Node only
  --profile         instead of measuring, show where the time of our server goes; the result is profile.md beside the report
  --only TEXT       only workloads whose id contains TEXT
  --out FOLDER      where the report goes (default bench/report)
  --help

Every server is a process of its own, pinned to a core where taskset exists; the load comes from another. Build first:
npm run build.`

export interface Options {
  readonly suites: readonly Suite[]
  readonly quick: boolean
  readonly full: boolean
  readonly rounds: number
  readonly roundMs: number
  readonly peers: readonly string[] | undefined
  readonly connections: number
  readonly node: string | undefined
  readonly newest: boolean
  readonly only: string | undefined
  readonly profile: boolean
  readonly out: string
}

/** @throws Error that says which argument is wrong. */
export function parseOptions(args: readonly string[]): Options | 'help' {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      'round-ms': { type: 'string' },
      peers: { type: 'string' },
      connections: { type: 'string' },
      node: { type: 'string' },
      'no-newest': { type: 'boolean', default: false },
      only: { type: 'string' },
      profile: { type: 'boolean', default: false },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  const { quick } = values
  return {
    suites: positionals.length === 0 ? SUITES : positionals.map(toSuite),
    quick,
    full: values.full,
    rounds: toCount('--rounds', values.rounds, quick ? 3 : 5),
    roundMs: toCount('--round-ms', values['round-ms'], quick ? 150 : 400),
    peers: values.peers === undefined ? undefined : withOurs(values.peers.split(',')),
    connections: toCount('--connections', values.connections, quick ? 1000 : 10_000),
    node: values.node,
    newest: !values['no-newest'] && !quick,
    only: values.only,
    profile: values.profile,
    out: values.out ?? (quick ? 'bench/report/tmp' : 'bench/report'),
  }
}

function toSuite(name: string): Suite {
  const suite = SUITES.find((known) => known === name)
  if (suite === undefined) throw new Error(`there is no suite '${name}'; there are ${SUITES.join(', ')}`)
  return suite
}

function toCount(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1) throw new Error(`${name} must be a whole number from 1, got '${text}'`)
  return count
}

/** Nothing is measured without barewire in the same rounds. */
function withOurs(names: readonly string[]): string[] {
  const onNewest = names.some((name) => name.endsWith('@newest'))
  return ['barewire', ...(onNewest ? ['barewire@newest'] : []), ...names]
}
