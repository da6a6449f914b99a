/** Says goodbye: `bye` and close 1012 to everybody, a few at a time, so that they do not all come back at once. */
import { writeEvent } from '../protocol/index.ts'
import type { ChatConnection } from './connection.ts'
import type { Hub } from './hub.ts'
import type { Logger } from './log.ts'

/** RFC 6455 7.4.1 and IANA: service restart. */
const SERVICE_RESTART = 1012
const STEP_MS = 100
/** Time for the last closing handshakes. */
const LINGER_MS = 3000
/** Whoever is sent away comes back within this time at random. */
const BACK_WITHIN_MS = 5000

/** Time between the goodbye and the close: what was under way is still answered. */
const ANSWER_MS = 200

export async function drain(hub: Hub, { spreadMs, log }: { spreadMs: number; log: Logger }): Promise<void> {
  const waiting = [...hub.connections]
  const steps = Math.max(1, Math.ceil(spreadMs / STEP_MS))
  const aStep = Math.max(1, Math.ceil(waiting.length / steps))
  log.info({ connections: waiting.length, spreadMs }, 'draining')
  const goodbyes: Promise<void>[] = []
  while (waiting.length > 0) {
    for (const connection of waiting.splice(0, aStep)) goodbyes.push(sayGoodbye(connection))
    if (waiting.length > 0) await sleep(STEP_MS)
  }
  await Promise.all(goodbyes)
  const end = Date.now() + LINGER_MS
  while (hub.connections.size > 0 && Date.now() < end) await sleep(20)
  for (const connection of hub.connections) connection.peer.terminate()
  log.info('drained')
}

async function sayGoodbye(connection: ChatConnection): Promise<void> {
  connection.sendText(writeEvent('bye', { afterMs: Math.floor(Math.random() * BACK_WITHIN_MS), reason: 'drain' }))
  await sleep(ANSWER_MS)
  await connection.settled()
  connection.close(SERVICE_RESTART, 'the server restarts')
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
