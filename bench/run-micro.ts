/** Runs the micro benches of a suite, each in a process of its own, on this Node and on the newest. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { newestNodePath } from './peers.ts'
import { canPin } from './process.ts'
import type { RunSettings, Say, WorkloadResult } from './run.ts'

const FILES: Readonly<Record<string, readonly string[]>> = {
  parse: ['parse', 'mask', 'utf8', 'view', 'insight'],
  send: ['send'],
  deflate: ['zlib'],
}

/** The results of both runtimes come together in one workload. */
export async function runMicros(
  suite: string,
  { settings, say, newest }: { settings: RunSettings; say: Say; newest: boolean },
): Promise<WorkloadResult[]> {
  const results = new Map<string, WorkloadResult>()
  const newestNode = newest ? newestNodePath(settings.newestNode) : undefined
  for (const file of FILES[suite] ?? []) {
    for (const node of newestNode === undefined ? [process.execPath] : [process.execPath, newestNode]) {
      const runtime = node === process.execPath ? '' : 'newest'
      await runFile(file, { node, runtime, settings }, (result) => {
        say(`${result.title}${runtime === '' ? '' : ' (newest Node)'}`)
        const known = results.get(result.id)
        if (known === undefined) results.set(result.id, result)
        else Object.assign(known.peers, result.peers)
      })
    }
  }
  return [...results.values()]
}

function runFile(
  file: string,
  { node, runtime, settings }: { node: string; runtime: string; settings: RunSettings },
  onResult: (result: WorkloadResult) => void,
): Promise<void> {
  const path = fileURLToPath(new URL(`micro/${file}.ts`, import.meta.url))
  const { rounds, roundMs } = settings
  const options = JSON.stringify({ rounds, warmUpMs: roundMs / 3, roundMs: roundMs / 4 })
  const command = [node, '--import', 'tsx', path, options]
  const [program, ...args] = canPin ? ['taskset', '-c', '0', ...command] : command
  const child = spawn(program!, args, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, BENCH_RUNTIME: runtime },
  })
  child.on('message', onResult)
  return new Promise((resolve, reject) => {
    child.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`bench/micro/${file}.ts ended with ${code}`)),
    )
  })
}
