/**
 * A primary with three workers: one publishes, one reads, and one is killed between a message of the first and its relay,
 * when its channel breaks and nobody was told yet. Run by cluster-bus.test.ts.
 */
import { spawnSync } from 'node:child_process'
import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { ClusterBus, relayClusterBus } from '../../src/node/cluster-bus.ts'

if (cluster.isPrimary) await runPrimary()
else runWorker(process.env['ROLE'])

async function runPrimary(): Promise<void> {
  const [publisher, reader, victim] = ['publisher', 'reader', 'victim'].map((ROLE) => cluster.fork({ ROLE }))
  await Promise.all([publisher!, reader!, victim!].map((worker) => once(worker, 'message')))
  cluster.once('message', () => kill(victim!))
  relayClusterBus()
  for (const word of ['one', 'two']) {
    publisher!.send(word)
    const [answer] = (await once(reader!, 'message')) as [string]
    console.log(answer)
  }
  console.log('the primary lives')
  for (const worker of [publisher!, reader!]) worker.process.disconnect()
}

function runWorker(role: string | undefined): void {
  const bus = new ClusterBus()
  if (role === 'publisher') {
    process.on('message', (word) => {
      if (typeof word === 'string') bus.publish({ topic: 'room', message: word })
    })
  }
  if (role === 'reader') bus.join(({ message }) => void process.send!(`read ${String(message)}`))
  process.send!('ready')
}

/** Kill it, and let this process see nothing of that until it is dead. */
function kill(worker: Worker): void {
  const { pid } = worker.process
  worker.process.kill('SIGKILL')
  let state = '?'
  while (state !== '' && !state.startsWith('Z')) {
    state = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim()
  }
}
