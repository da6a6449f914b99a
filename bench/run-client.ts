/** Runs one workload of clients: the client is what is measured, and the load generator plays the server. */
import { fileURLToPath } from 'node:url'
import type { PhaseResult } from './load/scenario.ts'
import { newestNodePath } from './peers.ts'
import { Load, Subject } from './process.ts'
import { roundOf, type Round, type RunSettings, type Say, type WorkloadResult } from './run.ts'
import type { Workload } from './workloads.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

function startClient(name: string, settings: RunSettings): Promise<Subject> {
  const [file, runtime] = name.split('@')
  const binary = runtime === 'newest' ? newestNodePath(settings.newestNode)! : process.execPath
  // Node 20 has its WebSocket behind a flag, and later versions know the flag no more.
  const flags = file === 'node' && runtime === undefined && process.version.startsWith('v20.')
  const command = [binary, ...(flags ? ['--experimental-websocket'] : []), here(`clients/${file}.mjs`)]
  return Subject.start(name, command, {
    pin: true,
    ...(file === 'ws' && { env: { WS_NO_BUFFER_UTIL: '1' } }),
  })
}

export async function runClientWorkload(
  workload: Workload,
  { wanted, settings, say }: { wanted: readonly string[] | undefined; settings: RunSettings; say: Say },
): Promise<WorkloadResult> {
  const { id, suite, title, unit, load: shape } = workload
  const result: WorkloadResult = { id, suite, title, unit, peers: {}, missing: {} }
  const load = new Load()
  const running: Subject[] = []
  const run = async (client: Subject, ms: number): Promise<Round> => {
    const before = await client.usage()
    const { size, inFlight } = shape
    const phase = await client.ask<PhaseResult>('run', { ms, size, inFlight })
    const after = await client.usage()
    const seen = await load.run(client.name, 0)
    if (seen.messages !== phase.messages) {
      throw new Error(`${client.name} counted ${phase.messages} messages, the other side ${seen.messages}`)
    }
    return roundOf(phase, before, after)
  }
  try {
    for (const name of workload.peers) {
      if (wanted !== undefined && !wanted.includes(name)) continue
      if (name.endsWith('@newest') && newestNodePath(settings.newestNode) === undefined) continue
      try {
        const client = await startClient(name, settings)
        running.push(client)
        const { port } = await load.open(name, { ...shape, dialect: 'websocket', port: 0 })
        await client.ask('connect', { port, connections: shape.connections })
        say(`${name}: warm-up`)
        await run(client, settings.warmUpMs)
        result.peers[name] = []
      } catch (error) {
        result.missing[name] = String(error)
        say(`${name}: ${String(error)}`)
      }
    }
    const active = running.filter(({ name }) => result.peers[name] !== undefined)
    for (let round = 0; round < settings.rounds; round++) {
      for (let turn = 0; turn < active.length; turn++) {
        const client = active[(turn + round) % active.length]!
        say(`round ${round + 1} of ${settings.rounds}: ${client.name}`)
        result.peers[client.name]!.push(await run(client, settings.roundMs))
      }
    }
  } finally {
    await Promise.all([load.stop(), ...running.map((client) => client.stop())])
  }
  return result
}
