/** Runs the programs of docs/examples. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const folder = fileURLToPath(new URL('../../docs/examples/', import.meta.url))

export interface Program {
  readonly child: ChildProcess
  readonly port: number
  /** What it has printed so far. */
  readonly output: () => string
  /** Ends it; resolves with its exit code. */
  end(): Promise<number | null>
}

/** Start a program as users start it; resolves when it tells its port, or as many as there are processes. */
export async function startExample(name: string, env: Record<string, string> = {}, listening = 1): Promise<Program> {
  const tsx = fileURLToPath(import.meta.resolve('tsx'))
  const child = spawn(process.execPath, ['--import', tsx, join(folder, name)], {
    env: { ...process.env, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const ended = once(child, 'close')
  const ports = (): string[] => [...output.matchAll(/port: (\d+)/g)].map(([, port]) => port!)
  while (ports().length < listening) {
    await Promise.race([once(child.stdout, 'data'), ended])
    if (child.exitCode !== null) throw new Error(`${name} ended: ${output}`)
  }
  return {
    child,
    port: Number(ports()[0]),
    output: () => output,
    async end() {
      child.kill('SIGTERM')
      await ended
      return child.exitCode
    },
  }
}
