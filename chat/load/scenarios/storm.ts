/** Everybody loses the connection at once, and comes back. */
import { newCid } from '../chat-client.ts'
import { Fleet, forEach, startNode } from '../fleet.ts'
import { count, metric, seconds } from '../process-stats.ts'
import { type Context, eventually, must, type Row, type Scenario } from '../scenario.ts'

const ROOM = 'general'

/** What a page may need: 30 s of waiting at random, and 5 s to connect. */
const BACK_WITHIN_MS = 35_000

async function storm(context: Context): Promise<Row[]> {
  const clients = context.clients ?? (context.short ? 300 : 10_000)
  const mostMs = context.short ? 2000 : 30_000
  const node = await startNode(context)
  const fleet = new Fleet(context)
  await fleet.add(clients, node.socketUrl)
  await forEach(fleet.clients, (client) => client.join(ROOM, 1))
  const [speaker] = fleet.clients
  for (let i = 0; i < 10; i += 1) await speaker!.send(ROOM, `before ${i}`)
  const keeping = fleet.clients.map((client) =>
    fleet.keepConnected(client, [ROOM], { urls: () => node.socketUrl, mostMs }),
  )
  const lost = Promise.all(fleet.clients.map((client) => client.ended()))
  const started = performance.now()
  for (const client of fleet.clients) client.drop()
  await lost
  const isBack = (): boolean => {
    const back = fleet.clients.filter((client) => client.isOpen && client.isJoined).length
    context.progress(`${count(back)} of ${count(clients)} are back, ${seconds(performance.now() - started)}`)
    return back === clients
  }
  await eventually('all are back', isBack, BACK_WITHIN_MS)
  const took = performance.now() - started
  await speaker!.surely('send', { cid: newCid(), text: 'after' }, { room: ROOM })
  await eventually(
    'all have the message after it',
    () => fleet.clients.every((client) => client.rooms.get(ROOM)!.last === 11),
    30_000,
  )
  // The lost connections leave after their grace of 15 s.
  await eventually(
    'the counts are exact',
    async () => {
      const { users, conns } = await speaker!.ask('presence', {}, ROOM)
      return users === clients && conns === clients
    },
    30_000,
  )
  must((await metric(node, 'ws_connections')) === clients, 'the node counts another number of connections')
  fleet.settle()
  void keeping
  return [
    ['connections', count(clients)],
    ['all back after', seconds(took)],
    ['coming back a second', count(Math.round((clients / took) * 1000))],
    [
      'resumed / begun anew',
      `${await metric(node, 'chat_resume_total{result="resumed"}')} / ${await metric(node, 'chat_resume_total{result="reset"}')}`,
    ],
  ]
}

export const reconnect: Scenario = {
  name: 'storm',
  about: '10,000 connections are lost at once and come back',
  invariant: 'all are back within 35 s with everything they missed, and the counts are exact',
  run: storm,
}
