/** barewire's client. */
import { barewireDist } from '../servers/control.mjs'
import { serveClient } from './common.mjs'

const { WebSocket } = await import(barewireDist)

serveClient({
  open(url) {
    const socket = new WebSocket(url, { perMessageDeflate: false })
    // Handed over without a copy, as the Buffers of ws are; Node's own has no such form.
    socket.binaryType = 'bytes'
    return socket
  },
  listen(socket, { open, message }) {
    socket.onopen = open
    socket.onmessage = ({ data }) => message(data.byteLength)
  },
})
