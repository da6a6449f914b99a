/** Beside a Hono application on its server for Node. */
import type { Server } from 'node:http'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { WebSocketServer } from 'barewire'

const app = new Hono()
app.get('/', (context) => context.text('hello from Hono\n'))

const chat = new WebSocketServer({ path: '/chat', message: (socket, message) => void socket.send(message) })
const http = serve({ fetch: app.fetch, port: Number(process.env['PORT'] ?? 8080), hostname: '127.0.0.1' }, () =>
  console.log('listening', http.address()),
) as Server
chat.attach(http)

process.once('SIGTERM', async () => {
  http.close()
  await chat.shutdown({ code: 1012 })
})
