// Bun's built-in server and client. The runner starts this file with the `bun` of peers/node_modules.
/* global Bun */

export async function serve(hostname, port) {
  Bun.serve({
    hostname,
    port,
    fetch(request, server) {
      return server.upgrade(request) ? undefined : new Response('a WebSocket handshake is required', { status: 400 })
    },
    websocket: {
      perMessageDeflate: true,
      maxPayloadLength: 64 * 1024 * 1024,
      backpressureLimit: 64 * 1024 * 1024,
      message: (socket, message) => void socket.send(message, true),
    },
  })
}

export function open(url, onMessage) {
  return new Promise((resolve) => {
    const socket = new WebSocket(url)
    socket.binaryType = 'arraybuffer'
    socket.onmessage = (event) => onMessage(event.data, (reply) => socket.send(reply))
    socket.onerror = () => {}
    socket.onclose = () => resolve()
  })
}
