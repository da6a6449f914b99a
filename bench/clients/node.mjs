/** The WebSocket that Node brings (undici's). */
import { serveClient } from './common.mjs'

serveClient({
  open(url) {
    const socket = new globalThis.WebSocket(url)
    socket.binaryType = 'arraybuffer'
    return socket
  },
  listen(socket, { open, message }) {
    socket.onopen = open
    socket.onmessage = ({ data }) => message(data.byteLength)
  },
})
