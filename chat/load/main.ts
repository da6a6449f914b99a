/** `npm run chat:load -- <scenario>`: puts the chat room under load, or breaks it, and checks that it keeps its word. */
import { parseArgs } from 'node:util'
import { formatTable, runScenario } from './run.ts'
import { Broken } from './scenario.ts'
import { SCENARIOS } from './scenarios/index.ts'

const LOG_EVERY_MS = 10_000

const HELP = `npm run chat:load -- <scenario> [--short] [--seed N] [--clients N] [--seconds N]

${[...SCENARIOS.values()].map(({ name, about, invariant }) => `  ${name.padEnd(8)} ${about}\n           holds: ${invariant}`).join('\n')}

  --short     the form of a few seconds that CI runs
  --seed N    the same chances again; without it they differ
`

function fail(text: string): never {
  process.stderr.write(`${text}\n`)
  process.exit(2)
}

function read(): {
  names: string[]
  short: boolean
  numbers: Record<'seed' | 'clients' | 'seconds', number | undefined>
  help: boolean
} {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        short: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
        seed: { type: 'string' },
        clients: { type: 'string' },
        seconds: { type: 'string' },
      },
    })
    const number = (name: 'seed' | 'clients' | 'seconds'): number | undefined => {
      const text = values[name]
      if (text !== undefined && !/^\d{1,9}$/.test(text)) fail(`--${name} ${text}: a whole number is required`)
      return text === undefined ? undefined : Number(text)
    }
    const numbers = { seed: number('seed'), clients: number('clients'), seconds: number('seconds') }
    return { names: positionals, short: values.short, numbers, help: values.help }
  } catch (error) {
    fail((error as Error).message)
  }
}

const { names, short, numbers, help } = read()
if (help || names.length === 0) {
  process.stdout.write(HELP)
  process.exit(help ? 0 : 2)
}
const unknown = names.find((name) => !SCENARIOS.has(name))
if (unknown !== undefined) fail(`there is no scenario ${unknown}; there are ${[...SCENARIOS.keys()].join(', ')}`)

// Ends the nodes, too.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

const seed = numbers.seed ?? Math.floor(Math.random() * 1_000_000_000)
let broken = 0
for (const name of names) {
  const scenario = SCENARIOS.get(name)!
  const started = performance.now()
  process.stdout.write(`${name}: ${scenario.about} (seed ${seed}${short ? ', short' : ''})\n`)
  const live = process.stdout.isTTY
  let shown = started
  const progress = (text: string): void => {
    if (live) return void process.stdout.write(`\r\u001B[K  ${text}`)
    // A log gets a line now and then.
    if (performance.now() - shown < LOG_EVERY_MS || text === '') return
    shown = performance.now()
    process.stdout.write(`  … ${text}\n`)
  }
  try {
    const rows = await runScenario(
      scenario,
      { short, seed, clients: numbers.clients, seconds: numbers.seconds },
      progress,
    )
    progress('')
    const took = ((performance.now() - started) / 1000).toFixed(0)
    process.stdout.write(`${live ? '\r' : ''}${formatTable(rows)}\n  holds: ${scenario.invariant} (${took} s)\n`)
  } catch (error) {
    broken += 1
    process.stdout.write(
      `${live ? '\n' : ''}  BROKEN: ${error instanceof Broken ? error.message : String((error as Error).stack)}\n`,
    )
  }
}
process.exit(broken === 0 ? 0 : 1)
