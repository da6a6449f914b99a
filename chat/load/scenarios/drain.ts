/** A node is told to go while everybody is talking. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newCid } from '../chat-client.ts'
import { Ledger } from '../checker.ts'
import { allCaughtUp, Fleet, forEach, startNode } from '../fleet.ts'
import { count, seconds } from '../process-stats.ts'
import { must, type Scenario, sleep } from '../scenario.ts'

const ROOM = 'general'

export const drain: Scenario = {
  name: 'drain',
  about: 'SIGTERM with 5,000 connections, while 20 of them talk; a new node takes over the file',
  invariant: 'every connection ends with bye and 1012, the node with 0; nothing acknowledged is lost, nothing doubled',
  async run(context) {
    const clients = context.clients ?? (context.short ? 200 : 5000)
    const spread = context.short ? 1000 : 20_000
    const folder = mkdtempSync(join(tmpdir(), 'chat-load-'))
    context.cleanup(() => rmSync(folder, { recursive: true, force: true }))
    const env = { STORE: `file:${folder}/chat.db`, DRAIN_MS: String(spread) }
    const node = await startNode(context, env)
    const fleet = new Fleet(context)
    await fleet.add(clients, node.socketUrl)
    await forEach(fleet.clients, (client) => client.join(ROOM, 1))
    let url = ''
    const ledger = new Ledger()
    let isOver = false
    const speakers = fleet.clients.slice(0, 20).map(async (client) => {
      while (!isOver) {
        const cid = newCid()
        const again = async (): Promise<void> => {
          if (client.isOpen || url === '') return
          await client
            .connect(url)
            .then(() => client.join(ROOM))
            .catch(() => {})
        }
        const { seq } = await client.surely('send', { cid, text: 'still talking' }, { room: ROOM, again })
        ledger.acknowledged.push({ cid, sender: client.userId, seq, epoch: '' })
        await sleep(500)
      }
    })
    await sleep(1500)
    const started = performance.now()
    context.progress('SIGTERM')
    const exited = node.end('SIGTERM')
    const codes = new Map<number, number>()
    await Promise.all(
      fleet.clients.map(async (client) => {
        await client.ended()
        const { code } = client.closed!
        codes.set(code, (codes.get(code) ?? 0) + 1)
      }),
    )
    const exit = await exited
    const took = performance.now() - started
    const bye = fleet.clients.filter((client) => client.events.some(({ t }) => t === 'bye')).length
    must(exit === 0, `the node ended with ${exit}`)
    must(codes.get(1012) === clients, `closed with ${JSON.stringify([...codes])}, 1012 is due for all`)
    must(bye === clients, `${bye} of ${clients} have heard bye`)
    const next = await startNode(context, env)
    url = next.socketUrl
    await sleep(1000)
    isOver = true
    await Promise.all(speakers)
    await forEach(fleet.clients, async (client) => {
      if (!client.isOpen) await client.connect(url)
      await client.join(ROOM)
    })
    const head = Math.max(...ledger.acknowledged.map(({ seq }) => seq))
    await allCaughtUp(fleet.clients, ROOM, head)
    ledger.check(fleet.clients, ROOM)
    return [
      ['connections', count(clients)],
      ['spread over', seconds(spread)],
      ['ended after', seconds(took)],
      ['close codes', [...codes].map(([code, times]) => `${code}: ${count(times)}`).join(', ')],
      ['exit code', String(exit)],
      ['messages acknowledged, each found once', count(ledger.acknowledged.length)],
    ]
  },
}
