// WebSocket-Node (npm: websocket), which has no permessage-deflate. Its size limits are raised for section 9.
import { createServer } from 'node:http'
import websocket from 'websocket'

const LIMITS = { maxReceivedFrameSize: 64 * 1024 * 1024, maxReceivedMessageSize: 64 * 1024 * 1024 }

function echo(connection, message) {
  if (message.type === 'utf8') connection.sendUTF(message.utf8Data)
  else connection.sendBytes(message.binaryData)
}

export function serve(host, port) {
  const http = createServer()
  const server = new websocket.server({
    httpServer: http,
    autoAcceptConnections: true,
    fragmentOutgoingMessages: false,
    disableNagleAlgorithm: false,
    ...LIMITS,
  })
  server.on('connect', (connection) => connection.on('message', (message) => echo(connection, message)))
  return new Promise((resolve) => http.listen(port, host, resolve))
}

export function open(url, onMessage) {
  return new Promise((resolve) => {
    const client = new websocket.client({ fragmentOutgoingMessages: false, ...LIMITS })
    client.on('connectFailed', resolve)
    client.on('connect', (connection) => {
      connection.on('error', () => {})
      connection.on('close', resolve)
      connection.on('message', (message) => {
        const isText = message.type === 'utf8'
        onMessage(isText ? message.utf8Data : message.binaryData, () => echo(connection, message))
      })
    })
    client.connect(url)
  })
}
