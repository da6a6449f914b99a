/** barewire's client. */
import { barewireDist } from '../servers/control.mjs'
import { serveClient } from './common.mjs'

const { WebSocket } = await import(barewireDist)

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
