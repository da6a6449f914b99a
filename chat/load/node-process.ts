/** A chat node as a process of its own, for tests and load runs that kill it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const built = fileURLToPath(new URL('../dist/server/run.js', import.meta.url))
const source = fileURLToPath(new URL('../server/run.ts', import.meta.url))

const heapWatch = new URL('heap-watch.mjs', import.meta.url).href

export interface StartOptions {
  /** Run the compiled program. */
  readonly built?: boolean
  /** Let it be asked what is alive. */
  readonly watched?: boolean
}

/** What is alive in a node after all garbage was collected. */
export interface Alive {
  /** On the heap and outside of it. */
  readonly bytes: number
  /** What the event loop waits for, by kind: sockets, timers. */
  readonly resources: Readonly<Record<string, number>>
}

export class NodeProcess {
  readonly url: string
  /** The internal port, when `INTERNAL_PORT` was given. */
  readonly internalUrl: string | undefined
  readonly #child: ChildProcess
  readonly log: () => string

  private constructor(child: ChildProcess, [url, internalUrl]: string[], log: () => string) {
    this.#child = child
    this.url = url!
    this.internalUrl = internalUrl
    this.log = log
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** Start one; resolves when it has printed its address. */
  static async start(env: Record<string, string>, how: StartOptions = {}): Promise<NodeProcess> {
    const program = how.built === true && existsSync(built) ? [built] : ['--import', 'tsx', source]
    const watch = how.watched === true ? ['--expose-gc', '--import', heapWatch] : []
    const child = spawn(process.execPath, [...watch, ...program], {
      env: { ...process.env, HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'warn', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    // Whoever ends takes its nodes along.
    const kill = (): void => void child.kill('SIGKILL')
    process.once('exit', kill)
    child.once('exit', () => process.off('exit', kill))
    let output = ''
    let errors = ''
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
    const urls = await new Promise<string[]>((resolve, reject) => {
      child.stdout.on('data', (chunk: Buffer) => {
        output = (output + chunk.toString()).slice(-100_000)
        // One line for people; a second, of the internal port, for programs.
        const found = output.match(/^(?:internal )?https?:\/\/\S+$/gm) ?? []
        const wanted = env['INTERNAL_PORT'] === undefined ? 1 : 2
        if (found.length >= wanted) resolve(found.map((line) => line.replace('internal ', '')))
      })
      child.once('exit', (code) => reject(new Error(`the node ended with ${code}: ${errors}`)))
    })
    return new NodeProcess(child, urls, () => output + errors)
  }

  get socketUrl(): string {
    return `${this.url.replace('http', 'ws')}/chat`
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Send a signal and wait for the end; answers the exit code. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (!this.isRunning) return this.#child.exitCode
    this.#child.kill(signal)
    const [code] = (await once(this.#child, 'exit')) as [number | null]
    return code
  }

  /** Collect all garbage and count what remains; only of a watched node. */
  async alive(): Promise<Alive> {
    const answered = this.says(/^alive (.*)$/m)
    this.#child.kill('SIGUSR2')
    return JSON.parse((await answered)[1]!) as Alive
  }

  /** Resolves when it prints what fits from now on. */
  says(pattern: RegExp): Promise<RegExpExecArray> {
    const { stdout } = this.#child
    return new Promise((resolve) => {
      let heard = ''
      const read = (chunk: Buffer): void => {
        heard = (heard + chunk.toString()).slice(-10_000)
        const found = pattern.exec(heard)
        if (found === null) return
        stdout!.off('data', read)
        resolve(found)
      }
      stdout!.on('data', read)
    })
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }
}
