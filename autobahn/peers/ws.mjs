// ws, with the options its own Autobahn run uses: compression on for both sides, otherwise the defaults.
import WebSocket, { WebSocketServer } from 'ws'

export function serve(host, port) {
  const server = new WebSocketServer({ host, port, perMessageDeflate: true })
  server.on('connection', (socket) => {
    socket.on('error', () => {})
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
  })
  return new Promise((resolve) => server.on('listening', resolve))
}

export function open(url, onMessage) {
  return new Promise((resolve) => {
    const socket = new WebSocket(url)
    socket.on('error', () => {})
    socket.on('message', (data, isBinary) =>
      onMessage(isBinary ? data : data.toString(), (reply) => socket.send(reply)),
    )
    socket.on('close', resolve)
  })
}
