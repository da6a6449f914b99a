/** Nodes and Redis fail in turn while everybody talks; at the end a checker compares all books. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ChatClient } from '../chat-client.ts'
import { Ledger } from '../checker.ts'
import { allCaughtUp, Fleet, forEach, startNode } from '../fleet.ts'
import type { NodeProcess } from '../node-process.ts'
import { count, metric, seconds } from '../process-stats.ts'
import { RedisServer } from '../redis-server.ts'
import { checkBecome, Speaker } from '../speaker.ts'
import { type Context, eventually, must, type Row, type Scenario, sleep } from '../scenario.ts'

const ROOM = 'general'
const MESSAGE_EVERY_MS = 400

/** A world whose parts can be broken. */
interface World {
  nodes: NodeProcess[]
  /** What can go wrong, by name; each puts things right again before it resolves. */
  readonly faults: Readonly<Record<string, () => Promise<void>>>
  /** Extra rows for the table. */
  rows(): Promise<Row[]>
}

async function run(
  context: Context,
  world: World,
  plan: { clients: number; seconds: number; calmMs: number },
): Promise<Row[]> {
  const fleet = new Fleet(context)
  const ledger = new Ledger()
  const anyUrl = (): string => world.nodes[Math.floor(context.random() * world.nodes.length)]!.socketUrl
  const clients: ChatClient[] = []
  for (const node of world.nodes)
    clients.push(...(await fleet.add(Math.ceil(plan.clients / world.nodes.length), node.socketUrl)))
  await forEach(clients, (client) => client.join(ROOM))
  for (const client of clients) void fleet.keepConnected(client, [ROOM], { urls: anyUrl, mostMs: 1000 })
  let isOver = false
  const { random } = context
  const speakers = clients.map((client) => new Speaker({ client, room: ROOM, ledger, random }))
  const talking = speakers.map(async (speaker) => {
    while (!isOver) {
      await sleep(context.random() * 2 * MESSAGE_EVERY_MS)
      await speaker.act()
    }
  })
  const names = Object.keys(world.faults)
  const times = new Map<string, number>(names.map((name) => [name, 0]))
  const end = performance.now() + plan.seconds * 1000
  for (let turn = 0; performance.now() < end; turn += 1) {
    // Each kind once in any case, then by chance.
    const name = names[turn] ?? names[Math.floor(context.random() * names.length)]!
    await sleep(plan.calmMs * (0.5 + context.random()))
    context.progress(`${count(ledger.acknowledged.length)} acknowledged; ${name}`)
    times.set(name, times.get(name)! + 1)
    await world.faults[name]!()
  }
  await sleep(plan.calmMs)
  isOver = true
  await Promise.all(talking)
  const calm = performance.now()
  await eventually('everybody is back', () => clients.every((client) => client.isOpen && client.isJoined), 60_000)
  await allCaughtUp(clients, ROOM, Math.max(...ledger.acknowledged.map(({ seq }) => seq)))
  ledger.check(clients, ROOM)
  const resets = clients.reduce((sum, client) => sum + client.rooms.get(ROOM)!.resets, 0)
  must(resets === 0, `${resets} clients had to begin anew`)
  await eventually(
    'presence is right',
    () =>
      clients[0]!.ask('presence', {}, ROOM).then(
        ({ users, conns }) => users === clients.length && conns === clients.length,
        () => false,
      ),
    75_000,
  )
  const presence = performance.now() - calm
  const compared = await checkBecome(clients[0]!, ROOM, speakers)
  fleet.settle()
  return [
    ['clients', count(clients.length)],
    ['faults', [...times].map(([name, many]) => `${name} ${many}x`).join(', ')],
    ['acknowledged, each found once, one order', count(ledger.acknowledged.length)],
    ['messages, each as its last edit or delete has left it', count(compared)],
    ['presence right after', seconds(presence)],
    ['connections lost, by code', [...fleet.lost].map(([code, many]) => `${code}: ${many}`).join(', ')],
    ...(await world.rows()),
  ]
}

export const cluster: Scenario = {
  name: 'cluster',
  about: 'two nodes on one Redis: subscribers cut off, Redis stopped and killed, nodes killed',
  invariant:
    'nothing acknowledged lost or doubled, edits and deletes in effect, one order on both nodes, presence right within 75 s',
  async run(context) {
    // Redis writes every command down before it answers: then an acknowledgement survives its death, too.
    const redis = await RedisServer.start({ appendOnly: true })
    context.cleanup(() => redis.stop())
    const env = { STORE: 'redis', REDIS_URL: redis.url }
    const world: World = {
      nodes: [await startNode(context, env), await startNode(context, env)],
      faults: {
        'subscribers cut': async () => void (await redis.command('CLIENT KILL TYPE pubsub')),
        'Redis stopped': async () => {
          redis.signal('SIGSTOP')
          await sleep(context.short ? 1500 : 20_000)
          redis.signal('SIGCONT')
        },
        'Redis killed': async () => {
          await redis.kill()
          await sleep(500)
          await redis.start()
        },
        'node killed': async () => {
          const index = Math.floor(context.random() * 2)
          await world.nodes[index]!.end('SIGKILL')
          world.nodes[index] = await startNode(context, env)
        },
      },
      rows: async () => {
        const gaps = await Promise.all(world.nodes.map((node) => metric(node, 'chat_gap_total')))
        return [['entries that no notice brought, fetched', count(gaps[0]! + gaps[1]!)]]
      },
    }
    const plan = {
      clients: context.clients ?? (context.short ? 20 : 100),
      seconds: context.seconds ?? (context.short ? 12 : 120),
    }
    return run(context, world, { ...plan, calmMs: context.short ? 600 : 2000 })
  },
}

export const history: Scenario = {
  name: 'history',
  about: 'one node on the embedded store, killed and started again at random',
  invariant:
    'acknowledged means exactly one place, no holes, each sender in its order, edits and deletes in effect, all clients alike',
  async run(context) {
    const folder = mkdtempSync(join(tmpdir(), 'chat-load-'))
    context.cleanup(() => rmSync(folder, { recursive: true, force: true }))
    const env = { STORE: `file:${folder}/chat.db` }
    let kills = 0
    const world: World = {
      nodes: [await startNode(context, env)],
      faults: {
        'node killed': async () => {
          kills += 1
          await world.nodes[0]!.end('SIGKILL')
          world.nodes[0] = await startNode(context, env)
        },
      },
      rows: async () => [['restarts from the file', count(kills)]],
    }
    const plan = {
      clients: context.clients ?? (context.short ? 20 : 50),
      seconds: context.seconds ?? (context.short ? 8 : 60),
    }
    return run(context, world, { ...plan, calmMs: context.short ? 800 : 3000 })
  },
}
