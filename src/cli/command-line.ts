/**
 * `barewire`: finds the command, and turns what it throws into one line and an exit code.
 */
import { readFileSync } from 'node:fs'
import { CommandError, ExitCode, UsageError, type Command, type Terminal } from './command.ts'

const HELP = `barewire: the WebSocket protocol (RFC 6455, RFC 7692) from the command line

  barewire echo      serve a WebSocket that echoes what it gets
  barewire connect   talk to a WebSocket server by hand
  barewire explain   take frames, a conversation or a capture apart, bit by bit

  barewire COMMAND --help   all options of a command
  barewire --version
`

/** Loaded on demand: `echo` does not wait for the code of `explain`. */
const commands: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ['echo', async (): Promise<Command> => (await import('./echo.ts')).echo],
  ['connect', async (): Promise<Command> => (await import('./connect.ts')).connect],
  ['explain', async (): Promise<Command> => (await import('./explain.ts')).explain],
])

/** Run the command line; answer the exit code. */
export async function runCommandLine(args: readonly string[], terminal: Terminal): Promise<number> {
  const [name, ...rest] = args
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const stream = name === undefined ? terminal.stderr : terminal.stdout
    stream.write(HELP)
    return name === undefined ? ExitCode.Usage : ExitCode.Ok
  }
  if (name === '--version') {
    terminal.stdout.write(`${version()}\n`)
    return ExitCode.Ok
  }
  const load = commands.get(name)
  if (load === undefined) {
    terminal.stderr.write(`barewire: unknown command '${name}'; see barewire --help\n`)
    return ExitCode.Usage
  }
  try {
    const command = await load()
    if (asksForHelp(rest)) {
      terminal.stdout.write(command.help)
      return ExitCode.Ok
    }
    return await command.run(rest, terminal)
  } catch (error) {
    if (error instanceof UsageError) {
      terminal.stderr.write(`barewire ${name}: ${error.message}; see barewire ${name} --help\n`)
      return ExitCode.Usage
    }
    if (error instanceof CommandError) {
      terminal.stderr.write(`barewire ${name}: ${error.message}\n`)
      return ExitCode.Failure
    }
    throw error
  }
}

/** Help goes before everything else, so that a wrong option beside it does not hide it. */
function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--')
  return args.slice(0, end === -1 ? args.length : end).some((arg) => arg === '--help' || arg === '-h')
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  const isManifest = typeof manifest === 'object' && manifest !== null && 'version' in manifest
  return isManifest ? String(manifest.version) : 'unknown'
}
