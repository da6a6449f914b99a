// faye-websocket with its permessage-deflate extension.
import { createServer } from 'node:http'
import websocket from 'faye-websocket'
import deflate from 'permessage-deflate'

const OPTIONS = { extensions: [deflate] }

export function serve(host, port) {
  const http = createServer()
  http.on('upgrade', (request, socket, head) => {
    const connection = new websocket(request, socket, head, [], OPTIONS)
    connection.on('message', (event) => connection.send(event.data))
    connection.on('error', () => {})
  })
  return new Promise((resolve) => http.listen(port, host, resolve))
}

export function open(url, onMessage) {
  return new Promise((resolve) => {
    const connection = new websocket.Client(url, [], OPTIONS)
    connection.on('message', (event) => onMessage(event.data, (reply) => connection.send(reply)))
    connection.on('error', () => {})
    connection.on('close', resolve)
  })
}
