/**
 * Finds the Autobahn test suite, as a Docker image or as `wstest`, and starts it in one of its two modes.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const IMAGE = 'crossbario/autobahn-testsuite'
const LOOPBACK = '127.0.0.1'
const HERE = fileURLToPath(new URL('.', import.meta.url))

/** How to get a suite, for those who have none. */
export const HOW_TO_GET_ONE = [
  `No Autobahn test suite found. Start Docker (the image ${IMAGE} is then pulled by itself),`,
  'or install it for Python 2.7 with autobahn/install-suite.sh, or name a wstest in WSTEST.',
].join('\n')

/** What one run of the suite needs to know. */
export interface SuiteRun {
  readonly mode: 'fuzzingclient' | 'fuzzingserver'
  /** The folder that holds `spec.json` and takes the report. */
  readonly folder: string
  /** The port the fuzzing server listens on, or the one the server under test listens on. */
  readonly port: number
}

/** A suite that can be started. */
export interface Suite {
  readonly label: string
  /** The host under which the suite reaches a server that listens on this machine's loopback interface. */
  readonly host: string
  /** The folder as the suite sees it. */
  folder(folder: string): string
  /** Start one run; `kill` ends it however deep it hangs. */
  start(run: SuiteRun): { readonly process: ChildProcess; kill(): void }
}

/** `$WSTEST` when it is set, else Docker when an engine answers, else an installed `wstest`. */
export function findSuite(): Suite | undefined {
  const named = process.env['WSTEST']
  if (named !== undefined && named !== '') return existsSync(named) ? wstest(named) : undefined
  if (dockerHasImage()) return docker()
  const path = installed()
  return path === undefined ? undefined : wstest(path)
}

function installed(): string | undefined {
  const folders = [join(HERE, '.venv', 'bin'), ...(process.env['PATH'] ?? '').split(delimiter)]
  return folders.map((folder) => join(folder, 'wstest')).find((file) => existsSync(file))
}

function wstest(path: string): Suite {
  return {
    label: path,
    host: LOOPBACK,
    folder: (folder) => folder,
    start: ({ mode, folder }) => {
      const env = {
        ...process.env,
        PYTHONPATH: join(HERE, 'loopback'),
        PYTHONUNBUFFERED: '1',
        PYTHONWARNINGS: 'ignore',
      }
      // --webport 0: the fuzzing server would serve a page on 8080 as well.
      const args = ['--mode', mode, '--spec', join(folder, 'spec.json'), '--webport', '0']
      const child = spawn(path, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
      return { process: child, kill: () => void child.kill('SIGKILL') }
    },
  }
}

function dockerHasImage(): boolean {
  const quiet = { stdio: 'ignore', timeout: 10_000 } as const
  if (spawnSync('docker', ['info'], quiet).status !== 0) return false
  if (spawnSync('docker', ['image', 'inspect', IMAGE], quiet).status === 0) return true
  console.log(`pulling ${IMAGE}`)
  return spawnSync('docker', ['pull', IMAGE], { stdio: 'inherit', timeout: 600_000 }).status === 0
}

function docker(): Suite {
  // Only on Linux is the host's network the machine's own; elsewhere Docker Desktop gives the host a name.
  const native = process.platform === 'linux'
  return {
    label: `docker ${IMAGE}`,
    host: native ? LOOPBACK : 'host.docker.internal',
    folder: () => '/run-folder',
    start: ({ mode, folder, port }) => {
      const name = `barewire-autobahn-${mode}-${process.pid}`
      const network =
        mode === 'fuzzingserver' ? ['--publish', `${LOOPBACK}:${port}:${port}`] : native ? ['--network', 'host'] : []
      const user = process.getuid === undefined ? [] : ['--user', `${process.getuid()}:${process.getgid!()}`]
      const child = spawn(
        'docker',
        [
          ...['run', '--rm', '--name', name, '--env', 'PYTHONUNBUFFERED=1', '--volume', `${folder}:/run-folder`],
          ...['--workdir', '/run-folder', ...user, ...network, IMAGE],
          ...['wstest', '--mode', mode, '--spec', '/run-folder/spec.json', '--webport', '0'],
        ],
        { stdio: ['ignore', 'pipe', 'pipe'] },
      )
      return { process: child, kill: () => void spawnSync('docker', ['rm', '--force', name], { stdio: 'ignore' }) }
    },
  }
}
