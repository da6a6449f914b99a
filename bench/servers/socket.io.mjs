/** Socket.IO over its WebSocket transport: the event `m` with one string comes back, or goes to everybody. */
import { createServer } from 'node:http'
import { MAX_PAYLOAD, options, ready, requirePeer } from './control.mjs'

const { Server } = requirePeer('socket.io')
const http = createServer()
const server = new Server(http, {
  transports: ['websocket'],
  maxHttpBufferSize: MAX_PAYLOAD,
  pingInterval: 3_600_000,
  serveClient: false,
})
server.on('connection', (socket) => {
  if (options.mode === 'broadcast') socket.on('m', (text) => server.emit('m', text))
  else socket.on('m', (text) => socket.emit('m', text))
})
http.listen(0, '0.0.0.0', 16384, () => ready(http.address().port))
