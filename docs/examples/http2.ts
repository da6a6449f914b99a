/** A page and its sockets over HTTP/2, and both over HTTP/1.1 too, on one port; key and certificate come from two files. */
import { readFileSync } from 'node:fs'
import { connect, createSecureServer } from 'node:http2'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { WebSocket, WebSocketServer, accept } from 'barewire'

const cert = readFileSync(process.env['CERT'] ?? 'cert.pem')
const key = readFileSync(process.env['KEY'] ?? 'key.pem')
const http = createSecureServer({ key, cert, allowHTTP1: true }, (_request, response) => {
  response.end('hello over HTTP\n')
})
const chat = new WebSocketServer({
  upgrade: ({ raw }) => accept({ data: raw.httpVersion }),
  open: (socket) => void socket.send(`hello over HTTP/${socket.data}`),
  message: (socket, message) => void socket.send(message),
})
chat.attach(http, '/chat')

http.listen(Number(process.env['PORT'] ?? 8443), '127.0.0.1', async () => {
  console.log('listening', http.address())

  // Two sockets and a request on one connection.
  const { port } = http.address() as AddressInfo
  const session = connect(`https://127.0.0.1:${port}`, { ca: cert })
  const url = `wss://127.0.0.1:${port}/chat`
  for (const socket of [new WebSocket(url, { http2: session }), new WebSocket(url, { http2: session })]) {
    console.log((await once(socket, 'message'))[0].data)
    socket.close()
  }
  session.close()
})

process.once('SIGTERM', async () => {
  http.close()
  await chat.shutdown({ code: 1012 })
})
