/** The numbers of a server for Prometheus: what `stats()` counts, and the rest from the diagnostics channels. */
import { subscribe } from 'node:diagnostics_channel'
import { createServer } from 'node:http'
import { Counter, Gauge, register } from 'prom-client'
import { WebSocketServer, type CloseOutcome } from 'barewire'

const server = new WebSocketServer({ path: '/chat', message: (socket, message) => void socket.send(message) })

new Gauge({
  name: 'websocket_connections',
  help: 'Open connections',
  collect() {
    this.set(server.stats().connections)
  },
})
new Gauge({
  name: 'websocket_unsent_bytes',
  help: 'Bytes that peers have not taken yet',
  collect() {
    this.set(server.stats().bufferedAmount)
  },
})
const closes = new Counter({
  name: 'websocket_closes_total',
  help: 'Ends of connections',
  labelNames: ['cause', 'code'],
})
const handshakes = new Counter({ name: 'websocket_handshakes_total', help: 'Handshakes', labelNames: ['status'] })

subscribe('barewire:handshake', (event) => handshakes.inc({ status: (event as { status: number }).status }))
subscribe('barewire:close', (event) => {
  const { cause, code } = (event as { outcome: CloseOutcome }).outcome
  closes.inc({ cause, code })
})

const http = createServer(async (_request, response) => response.end(await register.metrics()))
server.attach(http)
http.listen(Number(process.env['PORT'] ?? 8080), '127.0.0.1', () => console.log('listening', http.address()))
process.once('SIGTERM', () => process.exit())
