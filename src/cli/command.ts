/**
 * What the commands of `barewire` have in common: how options are read, and how mistakes are told. A mistake in the
 * arguments is one line on stderr and exit code 2; a failure at work is one line and exit code 1.
 */
import { parseArgs, type ParseArgsConfig } from 'node:util'
import type { Readable, Writable } from 'node:stream'

/** Where a command reads and writes; the tests hand in streams of their own. */
export interface Terminal {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number }
  readonly stderr: Writable
  readonly env: Readonly<Record<string, string | undefined>>
}

/** One command: what `--help` prints, and the work, which answers the exit code. */
export interface Command {
  readonly help: string
  run(args: readonly string[], terminal: Terminal): Promise<number>
}

export const ExitCode = { Ok: 0, Failure: 1, Usage: 2 } as const

/** The user's arguments make no sense. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError'
}

/** The command cannot go on, for a reason that is not a bug: a taken port, a missing file, a refused connection. */
export class CommandError extends Error {
  override readonly name: string = 'CommandError'
}

type Options = NonNullable<ParseArgsConfig['options']>
type Parsed<T extends Options> = ReturnType<
  typeof parseArgs<{ args: string[]; options: T; allowPositionals: true; strict: true }>
>

/** Read options; whatever is unknown or lacks its value is a UsageError of one line. */
export function readOptions<T extends Options>(args: readonly string[], options: T): Parsed<T> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
  } catch (error) {
    // Node's messages go on with advice about positional arguments; the first sentence tells all.
    const message = error instanceof Error ? error.message : String(error)
    const [sentence] = message.split(/\. |\n/)
    throw new UsageError(lowerFirst(sentence ?? message))
  }
}

/** Read a whole number within bounds. */
export function readInteger(name: string, value: string, { min, max }: { min: number; max: number }): number {
  const number = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN
  if (number >= min && number <= max) return number
  throw new UsageError(`${name} is '${value}', it must be a whole number from ${min} to ${max}`)
}

/** Say in one line what happened to a file or a socket. */
export function describeError(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n')[0] ?? error.name) : String(error)
}

/** The `code` that Node puts on system errors. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
