/**
 * The floor: bytes come back as they came, with no protocol at all; or what one connection sends is written to all the
 * others, one write for whatever came in one read.
 */
import { createServer } from 'node:net'
import { options, ready } from './control.mjs'

const sockets = new Set()

const serve = {
  echo: (socket) => socket.on('data', (chunk) => socket.write(chunk)),
  broadcast(publisher) {
    sockets.add(publisher)
    publisher.on('close', () => sockets.delete(publisher))
    publisher.on('data', (chunk) => {
      for (const socket of sockets) if (socket !== publisher) socket.write(chunk)
    })
  },
}[options.mode]

const server = createServer((socket) => {
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  serve(socket)
})
server.listen(0, '0.0.0.0', 16384, () => ready(server.address().port))
