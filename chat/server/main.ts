/** The program: reads the environment, starts the server, obeys signals. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type App, startApp } from './app.ts'
import { ConfigError, ENVIRONMENT, readConfig } from './config.ts'
import { BackendError } from './stores/store.ts'
import { likelyTypos } from './typos.ts'

/** The chat workspace, from `dist/server/` and from `server/` alike. */
const chatFolder = fileURLToPath(new URL(import.meta.url.includes('/dist/server/') ? '../../' : '../', import.meta.url))

const defaultStore = `file:${chatFolder}.data/chat.db`

/** What `--help` prints about the environment. */
export function describeEnvironment(): string {
  const lines = ENVIRONMENT.map(({ name, value, about }) => `  ${name.padEnd(16)} ${about}${value && ` (${value})`}`)
  return `Environment (default):\n${lines.join('\n')}\n`
}

/** Start, print the address, and end by signals. A mistake that a user can mend is one clear text and exit 1. */
export async function main(): Promise<void> {
  const { version } = JSON.parse(readFileSync(`${chatFolder}package.json`, 'utf8')) as { version: string }
  let app: App
  try {
    // The default file lies in the workspace, wherever the program was started.
    const config = readConfig({ STORE: process.env['REDIS_URL'] ? undefined : defaultStore, ...process.env })
    for (const line of likelyTypos(process.env)) process.stderr.write(`${line}\n`)
    app = await startApp({ config, webFolder: `${chatFolder}web/dist`, version })
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`)
    process.exitCode = 1
    return
  }
  process.stdout.write(`${app.url}\n`)
  if (app.internalUrl !== undefined) process.stdout.write(`internal ${app.internalUrl}\n`)
  obeySignals(app)
}

function explain(error: unknown): string {
  if (error instanceof ConfigError || error instanceof BackendError) return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

function obeySignals(app: App): void {
  let isEnding = false
  const end = (signal: NodeJS.Signals): void => {
    if (isEnding) process.exit(1)
    isEnding = true
    // SIGINT comes from a keyboard: whoever sits there does not want to wait.
    const done = signal === 'SIGINT' ? app.close() : app.drain()
    done.then(
      () => process.exit(0),
      (error: unknown) => {
        app.log.fatal({ err: error }, 'the end went wrong')
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', end)
  process.on('SIGINT', end)
  process.on('SIGHUP', () => {
    try {
      app.reload()
    } catch (error) {
      app.log.error({ err: error }, 'not read again; the old ones stay')
    }
  })
}
