/**
 * The load generator: a process of its own, so that its work is never counted as the server's. It keeps the connections to
 * all servers of a workload open and does what the bench tells it over IPC.
 */
import { ChatScenario } from './chat.ts'
import { DelayScenario } from './delay.ts'
import { DownloadScenario } from './download.ts'
import { EchoScenario } from './echo.ts'
import { FanoutScenario } from './fanout.ts'
import { HandshakeScenario } from './handshake.ts'
import { ResponderScenario } from './responder.ts'
import type { LoadSpec, Scenario } from './scenario.ts'
import { SinkScenario } from './sink.ts'
import { StreamScenario } from './stream.ts'

/** What the bench asks for. */
export type LoadRequest =
  | { readonly action: 'open'; readonly target: string; readonly spec: LoadSpec }
  | { readonly action: 'run'; readonly target: string; readonly ms: number }
  | { readonly action: 'close'; readonly target: string }

const scenarios = new Map<string, Scenario>()

function scenarioFor(spec: LoadSpec): Scenario {
  switch (spec.kind) {
    case 'echo':
    case 'idle':
      return new EchoScenario(spec)
    case 'fanout':
      return new FanoutScenario(spec)
    case 'chat':
      return new ChatScenario(spec)
    case 'sink':
      return new SinkScenario(spec)
    case 'handshake':
      return new HandshakeScenario(spec)
    case 'delay':
      return new DelayScenario(spec)
    case 'stream':
      return new StreamScenario(spec)
    case 'download':
      return new DownloadScenario(spec)
    case 'responder':
      return new ResponderScenario(spec)
  }
}

async function answer(request: LoadRequest): Promise<unknown> {
  if (request.action === 'open') {
    const scenario = scenarioFor(request.spec)
    scenarios.set(request.target, scenario)
    await scenario.open()
    return scenario instanceof ResponderScenario ? { port: scenario.port } : {}
  }
  const scenario = scenarios.get(request.target)
  if (scenario === undefined) throw new Error(`no connections to ${request.target}`)
  if (request.action === 'run') return scenario.run(request.ms)
  scenarios.delete(request.target)
  scenario.close()
  return {}
}

process.on('message', (request: LoadRequest) => {
  answer(request).then(
    (result) => process.send!({ result }),
    (error: Error) => process.send!({ error: error.stack }),
  )
})
// What a callback throws, such as a wrong byte that came back, is the answer to what is under way.
process.on('uncaughtException', (error) => process.send?.({ error: error.stack }))
process.on('disconnect', () => process.exit(0))
