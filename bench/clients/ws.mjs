/** The client of `ws`. */
import { requirePeer } from '../servers/control.mjs'
import { serveClient } from './common.mjs'

const WebSocket = requirePeer('ws')

serveClient({
  open: (url) => new WebSocket(url, { perMessageDeflate: false }),
  listen(socket, { open, message }) {
    socket.on('open', open)
    socket.on('message', (data) => message(data.length))
  },
})
