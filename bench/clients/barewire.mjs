/** barewire's client. */
import { WebSocket } from '../../dist/index.js'
import { serveClient } from './common.mjs'

serveClient({
  open(url) {
    const socket = new WebSocket(url, { perMessageDeflate: false })
    socket.binaryType = 'arraybuffer'
    return socket
  },
  listen(socket, { open, message }) {
    socket.onopen = open
    socket.onmessage = ({ data }) => message(data.byteLength)
  },
})
