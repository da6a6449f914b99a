/** Beside a Fastify application: its `server` is a node:http one, and its own close waits for the WebSockets. */
import fastify from 'fastify'
import { WebSocketServer } from 'barewire'

const app = fastify()
app.get('/', () => 'hello from Fastify\n')

const chat = new WebSocketServer({ path: '/chat', message: (socket, message) => void socket.send(message) })
chat.attach(app.server)
app.addHook('preClose', async () => void (await chat.shutdown({ code: 1012 })))

await app.listen({ port: Number(process.env['PORT'] ?? 8080), host: '127.0.0.1' })
console.log('listening', app.server.address())
process.once('SIGTERM', () => app.close())
