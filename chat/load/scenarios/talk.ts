/** Rooms full of members, some of whom talk: one big room, or many small ones. */
import type { ChatClient } from '../chat-client.ts'
import { newCid } from '../chat-client.ts'
import { Ledger } from '../checker.ts'
import { allCaughtUp, Fleet, forEach, startNode } from '../fleet.ts'
import { count, cpuSeconds, mebibytes, milliseconds, residentBytes } from '../process-stats.ts'
import { type Context, must, percentile, type Row, type Scenario, sleep } from '../scenario.ts'

/** Half of what one connection may send a second. */
const PER_SENDER = 2

interface Crowd {
  readonly rooms: number
  readonly members: number
  /** Messages a second in each room. */
  readonly rate: number
  readonly seconds: number
  /** What the p99 of the delivery may be. */
  readonly p99Ms: number
}

async function talk(context: Context, crowd: Crowd): Promise<Row[]> {
  const names = Array.from({ length: crowd.rooms }, (_, i) => `load-${i}`)
  const node = await startNode(context, { ROOMS: names.join(',') })
  const fleet = new Fleet(context)
  const delays: number[] = []
  const sentAt = new Map<string, number>()
  const onEntry = (_room: string, entry: { cid: string }): void => {
    const at = sentAt.get(entry.cid)
    if (at !== undefined) delays.push(performance.now() - at)
  }
  await fleet.add(crowd.rooms * crowd.members, node.socketUrl, { onEntry })
  const inRoom = (i: number): string => names[Math.floor(i / crowd.members)]!
  await forEach(fleet.clients, (client, i) => client.join(inRoom(i)))
  const ledgers = names.map(() => new Ledger())
  const cpuBefore = cpuSeconds(node.pid)
  const started = performance.now()
  const speakers = Math.max(1, Math.ceil(crowd.rate / PER_SENDER))
  const speak = async (room: number, who: number): Promise<void> => {
    const client = fleet.clients[room * crowd.members + who]!
    const every = (1000 * speakers) / crowd.rate
    const count = Math.round((crowd.seconds * 1000) / every)
    for (let i = 0; i < count; i += 1) {
      const due = started + (i + context.random()) * every
      await sleep(Math.max(0, due - performance.now()))
      const cid = newCid()
      sentAt.set(cid, performance.now())
      const { seq } = await client.send(names[room]!, `message ${i} of ${who} in ${room}`, cid)
      ledgers[room]!.acknowledged.push({ cid, sender: client.userId, seq, epoch: '' })
    }
  }
  const talking = names.flatMap((_, room) => Array.from({ length: speakers }, (_unused, who) => speak(room, who)))
  const ticker = setInterval(
    () => context.progress(`${count(delays.length)} deliveries, ${Math.round((performance.now() - started) / 1000)} s`),
    1000,
  )
  await Promise.all(talking)
  clearInterval(ticker)
  const seconds = (performance.now() - started) / 1000
  let messages = 0
  for (const [room, name] of names.entries()) {
    const members: ChatClient[] = fleet.clients.slice(room * crowd.members, (room + 1) * crowd.members)
    const ledger = ledgers[room]!
    messages += ledger.acknowledged.length
    await allCaughtUp(members, name, ledger.acknowledged.length)
    ledger.check(members, name)
    must(
      members.every((client) => client.rooms.get(name)!.duplicates === 0),
      'a client has seen an entry twice',
    )
    must(
      members.every((client) => client.rooms.get(name)!.gaps === 0),
      'a client has seen a gap',
    )
  }
  const cpu = ((cpuSeconds(node.pid) - cpuBefore) / seconds) * 100
  delays.sort((a, b) => a - b)
  const p99 = percentile(delays, 99)
  must(delays.length === messages * crowd.members, `${delays.length} deliveries, ${messages * crowd.members} are due`)
  const allowed = `at most ${crowd.p99Ms} ms is allowed`
  must(p99 <= crowd.p99Ms, `p99 of the delivery ${milliseconds(p99)}, ${allowed}; CPU of the node ${cpu.toFixed(0)} %`)
  return [
    ['rooms x members', `${crowd.rooms} x ${count(crowd.members)}`],
    ['messages, all acknowledged', count(messages)],
    ['deliveries, each once and in order', count(delays.length)],
    ['deliveries a second', count(Math.round(delays.length / seconds))],
    [
      'from send to delivery, p50 / p99 / max',
      [50, 99, 100].map((p) => milliseconds(percentile(delays, p))).join(' / '),
    ],
    ['CPU of the node', `${cpu.toFixed(0)} %`],
    ['memory of the node', mebibytes(residentBytes(node.pid))],
  ]
}

export const room: Scenario = {
  name: 'room',
  about: 'one room of 1,000 members, 20 messages a second',
  invariant: 'every member gets every message once and in order; p99 of the delivery at most 100 ms (short form: 1 s)',
  run: (context) =>
    talk(context, {
      rooms: 1,
      members: context.clients ?? (context.short ? 100 : 1000),
      rate: 20,
      seconds: context.seconds ?? (context.short ? 4 : 60),
      p99Ms: context.short ? 1000 : 100,
    }),
}

export const rooms: Scenario = {
  name: 'rooms',
  about: '500 rooms of 10 members',
  invariant:
    'every member gets every message of its room once and in order; p99 of the delivery at most 100 ms (short form: 1 s)',
  run: (context) =>
    talk(context, {
      rooms: Math.ceil((context.clients ?? (context.short ? 100 : 5000)) / 10),
      members: 10,
      rate: 0.5,
      seconds: context.seconds ?? (context.short ? 4 : 60),
      p99Ms: context.short ? 1000 : 100,
    }),
}
