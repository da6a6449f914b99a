/** faye-websocket. */
import { createServer } from 'node:http'
import { MAX_PAYLOAD, ready, requirePeer } from './control.mjs'

const WebSocket = requirePeer('faye-websocket')
const http = createServer()
http.on('upgrade', (request, socket, body) => {
  const connection = new WebSocket(request, socket, body, [], { maxLength: MAX_PAYLOAD })
  connection.on('error', () => {})
  connection.on('message', (event) => connection.send(event.data))
})
http.listen(0, '0.0.0.0', 16384, () => ready(http.address().port))
