/** One node of several: what is said on one is heard on all, over a bus that stands in redis-bus.ts. */
import { WebSocketServer } from 'barewire'
import { RedisBus } from './redis-bus.ts'

const url = process.env['REDIS_URL'] ?? 'redis://127.0.0.1'
const server = new WebSocketServer({
  bus: new RedisBus(url, (error) => console.log('redis:', error.message)),
  open: (socket) => void socket.subscribe('lobby'),
  message: (_socket, message) => void server.publish('lobby', message),
})
await server.listen(Number(process.env['PORT'] ?? 8080), '127.0.0.1')
console.log('listening', server.address())

process.once('SIGTERM', () => void server.shutdown({ code: 1012 }))
