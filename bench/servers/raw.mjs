/** The floor: bytes come back as they came, with no protocol at all. */
import { createServer } from 'node:net'
import { ready } from './control.mjs'

const server = createServer((socket) => {
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk) => socket.write(chunk))
})
server.listen(0, '0.0.0.0', 16384, () => ready(server.address().port))
