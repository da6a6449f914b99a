/** Many connections that say nothing but their pings. */
import { Fleet, startNode } from '../fleet.ts'
import { count, cpuSeconds, mebibytes, metric, residentBytes } from '../process-stats.ts'
import { must, type Scenario, sleep } from '../scenario.ts'

export const idle: Scenario = {
  name: 'idle',
  about: 'many connections that only ping',
  invariant: 'no connection is closed, and the node counts every one',
  async run(context) {
    const clients = context.clients ?? (context.short ? 500 : 18_000)
    const seconds = context.seconds ?? (context.short ? 5 : 600)
    const node = await startNode(context)
    const before = residentBytes(node.pid)
    const fleet = new Fleet(context)
    const started = performance.now()
    await fleet.add(clients, node.socketUrl)
    const connecting = (performance.now() - started) / 1000
    const cpuBefore = cpuSeconds(node.pid)
    for (let second = 1; second <= seconds; second += 1) {
      await sleep(1000)
      context.progress(`${second} of ${seconds} s, ${count(fleet.clients.filter(({ isOpen }) => isOpen).length)} open`)
    }
    const cpu = ((cpuSeconds(node.pid) - cpuBefore) / seconds) * 100
    const lost = fleet.clients.filter(({ isOpen }) => !isOpen)
    must(lost.length === 0, `${lost.length} connections were closed, the first with ${lost[0]?.closed?.code}`)
    must((await metric(node, 'ws_connections')) === clients, 'the node counts another number of connections')
    const bytes = residentBytes(node.pid) - before
    return [
      ['connections', count(clients)],
      ['held for', `${seconds} s`],
      ['opened a second, with auth', count(Math.round(clients / connecting))],
      ['memory of the node', mebibytes(residentBytes(node.pid))],
      ['memory a connection', `${(bytes / clients / 1024).toFixed(1)} KiB`],
      ['CPU of the node while idle', `${cpu.toFixed(1)} %`],
      ['closed', '0'],
    ]
  },
}
