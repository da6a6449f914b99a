/** One process a core on one port, with topics that reach the sockets of all of them. */
import cluster from 'node:cluster'
import { availableParallelism } from 'node:os'
import { ClusterBus, relayClusterBus, WebSocketServer } from 'barewire'

if (cluster.isPrimary) {
  relayClusterBus()
  for (let i = 0; i < Math.max(2, availableParallelism()); i++) cluster.fork()
  process.once('SIGTERM', () => {
    for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill('SIGTERM')
  })
} else {
  const server = new WebSocketServer({
    bus: new ClusterBus(),
    open(socket) {
      socket.subscribe('lobby')
      socket.send(`worker ${process.pid}`)
    },
    message: (_socket, message) => void server.publish('lobby', message),
  })
  await server.listen(Number(process.env['PORT'] ?? 8080), '127.0.0.1')
  console.log('listening', server.address())

  process.once('SIGTERM', async () => {
    await server.shutdown({ code: 1012, spreadMs: 500 })
    process.disconnect()
  })
}
