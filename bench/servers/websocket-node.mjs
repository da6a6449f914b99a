/** WebSocket-Node (`websocket` on npm), with bufferutil and utf-8-validate as it installs them. */
import { createServer } from 'node:http'
import { MAX_PAYLOAD, ready, requirePeer } from './control.mjs'

const { server: WebSocketServer } = requirePeer('websocket')
const http = createServer()
const server = new WebSocketServer({
  httpServer: http,
  autoAcceptConnections: true,
  keepalive: false,
  maxReceivedFrameSize: MAX_PAYLOAD,
  maxReceivedMessageSize: MAX_PAYLOAD,
})
server.on('connect', (connection) => {
  connection.on('error', () => {})
  connection.on('message', (message) =>
    message.type === 'utf8' ? connection.sendUTF(message.utf8Data) : connection.sendBytes(message.binaryData),
  )
})
http.listen(0, '0.0.0.0', 16384, () => ready(http.address().port))
