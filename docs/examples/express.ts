/** Beside an Express application: it listens as always, and upgrades of /chat are WebSockets. */
import express from 'express'
import { WebSocketServer } from 'barewire'

const app = express()
app.get('/', (_request, response) => void response.send('hello from Express\n'))

const chat = new WebSocketServer({ path: '/chat', message: (socket, message) => void socket.send(message) })
const http = app.listen(Number(process.env['PORT'] ?? 8080), '127.0.0.1', () =>
  console.log('listening', http.address()),
)
chat.attach(http)

process.once('SIGTERM', async () => {
  http.close()
  await chat.shutdown({ code: 1012 })
})
