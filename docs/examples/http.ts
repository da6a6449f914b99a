/** Beside an application on `node:http`: HTTP stays HTTP, upgrades of /chat are WebSockets. With TLS: `node:https`. */
import { createServer } from 'node:http'
import { WebSocketServer } from 'barewire'

const http = createServer((_request, response) => response.end('hello over HTTP\n'))
const chat = new WebSocketServer({ path: '/chat', message: (socket, message) => void socket.send(message) })
const time = new WebSocketServer({ path: '/time', open: (socket) => void socket.send(new Date().toISOString()) })
chat.attach(http)
time.attach(http)

http.listen(Number(process.env['PORT'] ?? 8080), '127.0.0.1', () => console.log('listening', http.address()))

process.once('SIGTERM', async () => {
  http.close()
  await Promise.all([chat.shutdown({ code: 1012 }), time.shutdown({ code: 1012 })])
})
