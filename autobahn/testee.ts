/**
 * The processes under test: barewire's `echo` command and echo client, or another implementation in their place.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const HERE = fileURLToPath(new URL('.', import.meta.url))
const PEERS_FOLDER = join(HERE, 'peers')
const CLI = join(ROOT, 'dist', 'cli', 'main.js')
const LOOPBACK = '127.0.0.1'

/** The other implementations that `--peer` knows. */
export const PEERS = ['ws', 'websocket-node', 'faye', 'bun'] as const
export type Peer = (typeof PEERS)[number]

/** A command line to run. */
export interface Command {
  readonly program: string
  readonly args: readonly string[]
}

/** An echo server on a port of the loopback interface. */
export function serverCommand(port: number, peer?: Peer): Command {
  if (peer === undefined) return node(CLI, 'echo', '--host', LOOPBACK, '--port', `${port}`)
  return peerCommand(peer, 'server', LOOPBACK, `${port}`)
}

/** An echo client that runs every case of the fuzzing server at `url`. */
export function clientCommand(url: string, peer?: Peer): Command {
  if (peer === undefined) return tsx(join(HERE, 'echo-client.ts'), url)
  return peerCommand(peer, 'client', url)
}

/** Build barewire when `dist` is missing or older than a source file; install the other implementations on first use. */
export function prepare(peer?: Peer): void {
  if (peer === undefined) {
    if (isBuilt()) return
    run('npm', ['run', '--silent', 'build'], ROOT)
  } else if (!existsSync(join(PEERS_FOLDER, 'node_modules'))) {
    run('npm', ['install', '--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund'], PEERS_FOLDER)
  }
}

/** A port of the loopback interface that nobody listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, LOOPBACK, () => {
      const { port } = probe.address() as { port: number }
      probe.close(() => resolve(port))
    })
  })
}

/** Start a command with its output piped. */
export function start({ program, args }: Command): ChildProcess {
  return spawn(program, [...args], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
}

function node(...args: string[]): Command {
  return { program: process.execPath, args }
}

function tsx(...args: string[]): Command {
  return node('--import', 'tsx', ...args)
}

function peerCommand(peer: Peer, ...args: string[]): Command {
  const main = join(PEERS_FOLDER, 'main.mjs')
  if (peer !== 'bun') return tsx(main, peer, ...args)
  return { program: bunBinary(), args: [main, peer, ...args] }
}

/** The `bun` package puts its binary in place in an install script; here it is taken from the platform's own package. */
function bunBinary(): string {
  const os = process.platform === 'win32' ? 'windows' : process.platform
  const arch = process.arch === 'arm64' ? 'aarch64' : process.arch
  const file = process.platform === 'win32' ? 'bun.exe' : 'bun'
  return join(PEERS_FOLDER, 'node_modules', '@oven', `bun-${os}-${arch}`, 'bin', file)
}

function isBuilt(): boolean {
  if (!existsSync(CLI)) return false
  const built = statSync(CLI).mtimeMs
  return readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .every((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs <= built)
}

function run(program: string, args: readonly string[], cwd: string): void {
  const { status } = spawnSync(program, args, { cwd, stdio: 'inherit', shell: process.platform === 'win32' })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with status ${status}, 0 required`)
}
