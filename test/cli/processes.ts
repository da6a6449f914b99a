/** Starts the built command line as a process of its own, as a user does. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

export interface Running {
  readonly process: ChildProcess
  readonly pid: number
  /** What has been written so far. */
  stdout(): string
  stderr(): string
  /** Wait until stdout holds this. */
  prints(pattern: RegExp): Promise<RegExpMatchArray>
  /** Wait for the end; answer the exit code or the signal. */
  ended(): Promise<number | NodeJS.Signals>
}

/** Run `node dist/cli/main.js ARGS`; it is killed when the test is over. */
export function start(...args: string[]): Running {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()))
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  onTestFinished(() => void child.kill('SIGKILL'))
  return {
    process: child,
    pid: child.pid ?? 0,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    async prints(pattern) {
      for (;;) {
        const match = pattern.exec(output.stdout)
        if (match !== null) return match
        const gone = await Promise.race([once(child.stdout, 'data').then(() => false), closed.then(() => true)])
        const last = pattern.exec(output.stdout)
        if (gone && last === null) throw new Error(`ended without ${pattern}: ${output.stdout}${output.stderr}`)
      }
    },
    async ended() {
      const [code, signal] = await closed
      return code ?? signal ?? 'SIGKILL'
    },
  }
}

/** Start `barewire echo` on a free port; answer the process and the URL it prints. */
export async function startEcho(...args: string[]): Promise<Running & { url: string }> {
  const running = start('echo', '--host', '127.0.0.1', '--port', '0', ...args)
  const [, url = ''] = await running.prints(/^listening on (wss?:\/\/127\.0\.0\.1:\d+)\n/)
  return { ...running, url }
}
