/** The processes of the bench: servers and clients under test, and the load generator, each pinned to its own core. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { cpus } from 'node:os'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { LoadRequest } from './load/main.ts'
import type { LoadSpec, PhaseResult } from './load/scenario.ts'

/** What a process under test says of itself. */
export interface Usage {
  readonly cpuUs: number
  readonly rss: number
  readonly heapUsed: number
  readonly external: number
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** Whether processes can be pinned: `taskset` exists, and there are two cores to tell apart. */
export const canPin: boolean = cpus().length > 1 && spawnSync('taskset', ['-V']).status === 0
const SUBJECT_CORE = '0'
const LOAD_CORE = '1'

function pinned(core: string | undefined, command: readonly string[]): [string, string[]] {
  const [first, ...rest] = canPin && core !== undefined ? ['taskset', '-c', core, ...command] : command
  return [first!, rest]
}

/** A server or client under test, which answers questions on its standard output. */
export class Subject {
  readonly #child: ChildProcess
  readonly #answers: ((line: string) => void)[] = []
  #failed: ((error: Error) => void)[] = []
  #stderr = ''
  readonly name: string
  port = 0
  runtime = ''

  private constructor(name: string, child: ChildProcess) {
    this.name = name
    this.#child = child
    child.stderr!.on('data', (text: Buffer) => (this.#stderr = (this.#stderr + text.toString()).slice(-4000)))
    createInterface({ input: child.stdout! }).on('line', (line) => {
      this.#failed.shift()
      this.#answers.shift()?.(line)
    })
    child.on('exit', (code) => {
      for (const fail of this.#failed) fail(new Error(`${name} ended with ${code}: ${this.#stderr}`))
    })
  }

  static async start(
    name: string,
    command: readonly string[],
    { env, pin }: { env?: NodeJS.ProcessEnv; pin: boolean },
  ): Promise<Subject> {
    const [file, args] = pinned(pin ? SUBJECT_CORE : undefined, command)
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...env } })
    const subject = new Subject(name, child)
    const { port, runtime } = await subject.#next<{ port: number; runtime: string }>()
    subject.port = port
    subject.runtime = runtime
    return subject
  }

  ask<Answer>(command: string, argument?: unknown): Promise<Answer> {
    this.#child.stdin!.write(`${JSON.stringify({ command, argument })}\n`)
    return this.#next<Answer>()
  }

  usage(): Promise<Usage> {
    return this.ask('usage')
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return
    const exited = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.stdin!.end()
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 2000)
    await exited
    clearTimeout(timer)
  }

  #next<Answer>(): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#failed.push(reject)
      this.#answers.push((line) => {
        const answer = JSON.parse(line) as Answer & { error?: string }
        if (answer.error === undefined) resolve(answer)
        else reject(new Error(`${this.name}: ${answer.error}`))
      })
    })
  }
}

/** The load generator's process. */
export class Load {
  readonly #child: ChildProcess

  constructor() {
    const command = [process.execPath, '--max-semi-space-size=64', '--import', 'tsx', here('load/main.ts')]
    const [file, args] = pinned(LOAD_CORE, command)
    this.#child = spawn(file, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  }

  open(target: string, spec: LoadSpec): Promise<{ port?: number }> {
    return this.#request({ action: 'open', target, spec })
  }

  run(target: string, ms: number): Promise<PhaseResult> {
    return this.#request({ action: 'run', target, ms })
  }

  close(target: string): Promise<unknown> {
    return this.#request({ action: 'close', target })
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return
    const exited = new Promise((resolve) => this.#child.once('exit', resolve))
    if (this.#child.connected) this.#child.disconnect()
    await exited
  }

  #request<Answer>(request: LoadRequest): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const onExit = (code: number | null): void => reject(new Error(`the load generator ended with ${code}`))
      this.#child.once('exit', onExit)
      this.#child.once('message', (answer: { result: Answer; error?: string }) => {
        this.#child.off('exit', onExit)
        if (answer.error === undefined) resolve(answer.result)
        else reject(new Error(`load generator: ${answer.error}`))
      })
      this.#child.send(request)
    })
  }
}
