/** Where and with what a run was made. */
import { execFileSync } from 'node:child_process'
import { cpus, release, totalmem, type } from 'node:os'
import { newestNodePath, peerVersions } from './peers.ts'
import { canPin } from './process.ts'

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly system: string
  readonly node: string
  readonly newestNode: string | undefined
  readonly pinned: boolean
  readonly peers: Record<string, string>
}

export function describeMachine(newest: string | undefined): Machine {
  const path = newestNodePath(newest)
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    node: process.version,
    newestNode: path === undefined ? undefined : execFileSync(path, ['--version']).toString().trim(),
    pinned: canPin,
    peers: peerVersions(),
  }
}
