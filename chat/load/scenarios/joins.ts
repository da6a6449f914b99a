/** People come at a steady rate, whatever the server does: who comes does not wait for those before. */
import { ChatClient } from '../chat-client.ts'
import { Fleet, plainSocket, startNode } from '../fleet.ts'
import { count, cpuSeconds, metric, milliseconds } from '../process-stats.ts'
import { eventually, must, percentile, type Scenario, sleep } from '../scenario.ts'

const ROOM = 'general'
const A_SECOND = 200
/** The time in which a connection has to authenticate. */
const MOST_MS = 10_000

export const joins: Scenario = {
  name: 'joins',
  about: '200 newcomers a second, each connects, authenticates and joins one room',
  invariant: 'everybody is in within 10 s, and the count is exact',
  async run(context) {
    const seconds = context.seconds ?? (context.short ? 3 : 30)
    const node = await startNode(context)
    const fleet = new Fleet(context)
    const cpuBefore = cpuSeconds(node.pid)
    const delays: number[] = []
    const coming: Promise<void>[] = []
    const started = performance.now()
    for (let i = 0; i < seconds * A_SECOND; i += 1) {
      const due = started + ((i + context.random()) * 1000) / A_SECOND
      if (due > performance.now()) await sleep(due - performance.now())
      const client = new ChatClient({ url: node.socketUrl, make: plainSocket, name: `c${i}`, validate: false })
      fleet.clients.push(client)
      coming.push(
        (async () => {
          await client.connect()
          await client.join(ROOM, 1)
          // From when it should have begun: a client that is held up by others waits, too.
          delays.push(performance.now() - due)
        })(),
      )
      if (i % A_SECOND === 0) context.progress(`${count(delays.length)} of ${count(i)} are in`)
    }
    await Promise.all(coming)
    const took = (performance.now() - started) / 1000
    const cpu = ((cpuSeconds(node.pid) - cpuBefore) / took) * 100
    const { length } = fleet.clients
    await eventually(
      'the count is exact',
      async () => (await fleet.clients[0]!.ask('presence', {}, ROOM)).users === length,
      10_000,
    )
    must((await metric(node, 'ws_connections')) === length, 'the node counts another number of connections')
    delays.sort((a, b) => a - b)
    const longest = delays.at(-1)!
    must(longest <= MOST_MS, `somebody waited ${milliseconds(longest)}, at most ${MOST_MS} ms is allowed`)
    return [
      ['newcomers', count(length)],
      ['a second', count(Math.round(length / took))],
      [
        'handshake to reply, p50 / p99 / max',
        [50, 99, 100].map((p) => milliseconds(percentile(delays, p))).join(' / '),
      ],
      ['CPU of the node', `${cpu.toFixed(0)} %`],
    ]
  },
}
