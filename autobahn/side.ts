/**
 * Runs the suite on one side, bounded in time, and gives back the verdicts. The suite exits with 0 whatever happened and
 * reports only at its very end, so every way to stop short of that is watched for here.
 */
import type { ChildProcess } from 'node:child_process'
import { createWriteStream, mkdirSync, rmSync, writeFileSync, type WriteStream } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Side, Verdicts } from './cases.ts'
import { readReport } from './report.ts'
import type { Suite } from './suite.ts'
import { clientCommand, freePort, type Peer, serverCommand, start } from './testee.ts'

/** How long a run may take. */
export interface Bounds {
  /** From the start to the report, in milliseconds. */
  readonly total: number
  /** From one case to the next, in milliseconds. */
  readonly stall: number
}

/** What one side's run is made of. */
export interface SideRun {
  readonly side: Side
  readonly suite: Suite
  readonly pattern: string
  readonly peer: Peer | undefined
  /** Takes the suite's report and the logs; emptied first. */
  readonly folder: string
  readonly bounds: Bounds
  /** Called at the start of each case. */
  onCase(id: string): void
}

/** The verdicts, and why the run ended early when it did. */
export interface SideOutcome {
  readonly verdicts: Verdicts
  readonly failure?: string
}

/** Runs that are under way. */
const watches = new Set<Watch>()

/** End every process of every run that is under way. */
export function endAll(): void {
  for (const watch of watches) watch.end()
}

const START_DEADLINE_MS = 20_000
const LOOPBACK = '127.0.0.1'
/** Docker accepts connections to a published port before anyone listens behind it: the suite must have said this first. */
const READY_LINE = /^Ok, will run \d+ test cases/
const CASE_LINE = /^Running test case ID (\S+) for agent/

/** Run the cases of one side and read the report. */
export async function runSide(run: SideRun): Promise<SideOutcome> {
  rmSync(run.folder, { recursive: true, force: true })
  mkdirSync(run.folder, { recursive: true })
  const port = await freePort()
  writeFileSync(join(run.folder, 'spec.json'), JSON.stringify(specification(run, port)))

  const watch = new Watch(run)
  watches.add(watch)
  try {
    const failure = await (run.side === 'server' ? asServer(run, port, watch) : asClient(run, port, watch))
    const verdicts = readReport(run.folder)
    return failure === undefined ? { verdicts } : { verdicts, failure }
  } finally {
    watches.delete(watch)
    watch.end()
  }
}

function specification({ side, suite, pattern, peer, folder }: SideRun, port: number): object {
  const cases = pattern.split(',').map((part) => part.trim())
  const common = { outdir: suite.folder(folder), cases, 'exclude-cases': [], 'exclude-agent-cases': {} }
  if (side === 'client') return { ...common, url: `ws://${LOOPBACK}:${port}` }
  return { ...common, servers: [{ agent: peer ?? 'barewire', url: `ws://${suite.host}:${port}` }] }
}

/** The suite is the client: it ends by itself, after its report. */
async function asServer(run: SideRun, port: number, watch: Watch): Promise<string | undefined> {
  const server = watch.testee(start(serverCommand(port, run.peer)))
  if (!(await isListening(port))) return `the server did not listen within ${START_DEADLINE_MS / 1000} s`
  const suite = watch.suite(run.suite.start({ mode: 'fuzzingclient', folder: run.folder, port }))
  return watch.until(ended(suite), ended(server), 'the server')
}

/** The suite is the server: the client asks for the report at its end, then the suite is stopped. */
async function asClient(run: SideRun, port: number, watch: Watch): Promise<string | undefined> {
  const suite = watch.suite(run.suite.start({ mode: 'fuzzingserver', folder: run.folder, port }))
  const isReady = (await watch.isReady()) && (await isListening(port))
  if (!isReady) return `the fuzzing server did not listen within ${START_DEADLINE_MS / 1000} s`
  const client = watch.testee(start(clientCommand(`ws://${LOOPBACK}:${port}`, run.peer)))
  return watch.until(ended(client), ended(suite), 'the suite')
}

/** Keeps the logs, follows the cases, holds the deadlines, and ends every process it was given. */
class Watch {
  readonly #run: SideRun
  readonly #log: WriteStream
  readonly #kills: (() => void)[] = []
  readonly #started = Date.now()
  #lastCase = 'the first'
  #announceReady: (isReady: boolean) => void = () => {}
  readonly #ready = new Promise<boolean>((resolve) => {
    this.#announceReady = resolve
  })
  #lastCaseAt = Date.now()

  constructor(run: SideRun) {
    this.#run = run
    this.#log = createWriteStream(join(run.folder, 'run.log'))
  }

  testee(child: ChildProcess): ChildProcess {
    this.#kills.push(() => void child.kill('SIGKILL'))
    this.#follow(child, () => {})
    return child
  }

  suite({ process: child, kill }: { process: ChildProcess; kill(): void }): ChildProcess {
    this.#kills.push(kill)
    this.#follow(child, (line) => {
      if (READY_LINE.test(line)) this.#announceReady(true)
      const id = CASE_LINE.exec(line)?.[1]
      if (id === undefined) return
      this.#lastCase = id
      this.#lastCaseAt = Date.now()
      this.#run.onCase(id)
    })
    return child
  }

  /** Tell whether the suite has begun, within the deadline. */
  isReady(): Promise<boolean> {
    setTimeout(() => this.#announceReady(false), START_DEADLINE_MS).unref()
    return this.#ready
  }

  /** Wait for `done`; a sentence when the other process went first, `done` failed, or a bound was passed. */
  async until(done: Promise<string>, other: Promise<string>, otherName: string): Promise<string | undefined> {
    const { total, stall } = this.#run.bounds
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<string>((resolve) => {
      timer = setInterval(() => {
        if (Date.now() - this.#lastCaseAt > stall) resolve(`no case began within ${stall / 1000} s`)
        if (Date.now() - this.#started > total) resolve(`not at an end after ${total / 1000} s`)
      }, 1000)
    })
    const failure = await Promise.race([
      done.then((how) => (how === 'status 0' ? undefined : `ended with ${how}`)),
      other.then((how) => `${otherName} ended with ${how}`),
      late,
    ])
    clearInterval(timer)
    return failure === undefined ? undefined : `${failure}; the last case was ${this.#lastCase}`
  }

  end(): void {
    for (const kill of this.#kills) kill()
    this.#log.end()
  }

  #follow(child: ChildProcess, onLine: (line: string) => void): void {
    for (const stream of [child.stdout!, child.stderr!]) {
      createInterface({ input: stream }).on('line', (line) => {
        this.#log.write(`${line}\n`)
        onLine(line)
      })
    }
  }
}

/** How a process ended: `status 0`, `signal SIGKILL`, or why it never began. */
function ended(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (status, signal) => resolve(signal === null ? `status ${status}` : `signal ${signal}`))
  })
}

async function isListening(port: number): Promise<boolean> {
  const deadline = Date.now() + START_DEADLINE_MS
  while (Date.now() < deadline) {
    if (await canConnect(port)) return true
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return false
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, LOOPBACK)
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
