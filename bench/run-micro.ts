/** Runs the micro benches of a suite, each in a process of its own, on this Node and on the newest. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { newestNodePath } from './peers.ts'
import type { Sampled } from './profile.ts'
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
      const isNewest = node !== process.execPath
      await runFile(
        file,
        { node, env: { BENCH_RUNTIME: isNewest ? 'newest' : '' }, settings },
        (result: WorkloadResult) => {
          say(`${result.title}${isNewest ? ' (newest Node)' : ''}`)
          const known = results.get(result.id)
          if (known === undefined) results.set(result.id, result)
          else Object.assign(known.peers, result.peers)
        },
      )
    }
  }
  return [...results.values()]
}

/** Where the time of our own contender in one case goes. */
export async function profileMicro(
  file: string,
  { id, node, settings }: { id: string; node: string; settings: RunSettings },
): Promise<Sampled[]> {
  const found: Sampled[] = []
  await runFile(file, { node, env: { BENCH_PROFILE: id }, settings }, (sampled: Sampled[]) => found.push(...sampled))
  return found
}

function runFile<Message>(
  file: string,
  { node, env, settings }: { node: string; env: NodeJS.ProcessEnv; settings: RunSettings },
  onMessage: (message: Message) => void,
): Promise<void> {
  const path = fileURLToPath(new URL(`micro/${file}.ts`, import.meta.url))
  const { rounds, roundMs } = settings
  const options = JSON.stringify({ rounds, warmUpMs: roundMs / 3, roundMs: roundMs / 4 })
  const command = [node, '--import', 'tsx', path, options]
  const [program, ...args] = canPin ? ['taskset', '-c', '0', ...command] : command
  const child = spawn(program!, args, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, ...env },
  })
  child.on('message', onMessage)
  return new Promise((resolve, reject) => {
    child.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`bench/micro/${file}.ts ended with ${code}`)),
    )
  })
}
