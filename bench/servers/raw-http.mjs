/**
 * The floor under a handshake: `node:http` accepts the connection and reads the request, and the answer of RFC 6455 4.2.2 is
 * written without a look at anything but the key.
 */
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { ready } from './control.mjs'

/** RFC 6455 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

const server = createServer()
server.on('upgrade', ({ headers }, socket) => {
  const accept = createHash('sha1').update(`${headers['sec-websocket-key']}${GUID}`).digest('base64')
  socket.on('error', () => socket.destroy())
  socket.on('end', () => socket.destroy())
  socket.resume()
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  )
})
server.listen(0, '0.0.0.0', 16384, () => ready(server.address().port))
