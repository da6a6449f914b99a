/** Beside an application on `node:https`; the key and the certificate come from two files. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { WebSocketServer } from 'barewire'

const tls = {
  key: readFileSync(process.env['KEY'] ?? 'key.pem'),
  cert: readFileSync(process.env['CERT'] ?? 'cert.pem'),
}
const https = createServer(tls, (_request, response) => response.end('hello over HTTPS\n'))
const chat = new WebSocketServer({ path: '/chat', message: (socket, message) => void socket.send(message) })
chat.attach(https)

https.listen(Number(process.env['PORT'] ?? 8443), '127.0.0.1', () => console.log('listening', https.address()))

process.once('SIGTERM', async () => {
  https.close()
  await chat.shutdown({ code: 1012 })
})
