/** Connections come, speak and go, again and again: what is alive afterwards must not grow with them. */
import { Fleet, forEach, startNode } from '../fleet.ts'
import type { Alive } from '../node-process.ts'
import { count, mebibytes, metric, openFiles, residentBytes } from '../process-stats.ts'
import { eventually, must, type Scenario } from '../scenario.ts'

const ROOM = 'general'

/** Code is compiled, pools are filled, hidden classes are made. */
const WARM_UP_ROUNDS = 3
/** Each guest stays a member of the room, with a cursor and a read mark. A connection that stayed would be several times this. */
const BYTES_A_GUEST = 1024

export const churn: Scenario = {
  name: 'churn',
  about: '10 rounds of 10,000 connections that come, speak and go',
  invariant:
    'after each round nothing of a connection is alive: no file, no timer, and on the heap, all garbage collected, at most ' +
    `${BYTES_A_GUEST} bytes of its guest, who stays a member`,
  async run(context) {
    const clients = context.clients ?? (context.short ? 500 : 10_000)
    const rounds = context.short ? 6 : 10
    const node = await startNode(context, {}, { watched: true })
    const before = { files: openFiles(node.pid), alive: await node.alive() }
    const alive: Alive[] = []
    const resident: number[] = []
    for (let round = 1; round <= rounds; round += 1) {
      const fleet = new Fleet(context)
      await fleet.add(clients, node.socketUrl)
      await forEach(fleet.clients, (client) => client.join(ROOM, 1))
      await fleet.clients[0]!.send(ROOM, `round ${round}`)
      await fleet.end()
      await eventually('all have gone', async () => (await metric(node, 'ws_connections')) === 0, 30_000)
      await eventually('the files are closed', () => openFiles(node.pid) <= before.files + 5, 10_000)
      resident.push(residentBytes(node.pid))
      alive.push(await node.alive())
      context.progress(`round ${round} of ${rounds}, ${mebibytes(alive.at(-1)!.bytes)} are alive`)
    }
    const last = alive.at(-1)!
    const guests = (rounds - WARM_UP_ROUNDS) * clients
    const growth = (last.bytes - alive[WARM_UP_ROUNDS - 1]!.bytes) / guests
    must(growth <= BYTES_A_GUEST, `${growth.toFixed(0)} bytes of each guest are still alive`)
    const timers = [before.alive, last].map(({ resources }) => resources['Timeout'] ?? 0)
    must(timers[1]! <= timers[0]!, `${timers[1]} timers run, ${timers[0]} before`)
    const list = (bytes: readonly number[]): string => bytes.map((one) => (one / 2 ** 20).toFixed(1)).join(', ')
    return [
      ['rounds x connections', `${rounds} x ${count(clients)}`],
      ['alive after each round, MiB', list(alive.map(({ bytes }) => bytes))],
      [`a guest, after ${WARM_UP_ROUNDS} rounds`, `${growth.toFixed(0)} bytes`],
      ['resident after each round, MiB', list(resident)],
      ['files before / after', `${before.files} / ${openFiles(node.pid)}`],
      ['timers before / after', timers.join(' / ')],
    ]
  },
}
