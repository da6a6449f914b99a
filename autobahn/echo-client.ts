/**
 * The client under test: barewire's own WebSocket, driven through every case of the suite's fuzzing server.
 *
 *   node --import tsx autobahn/echo-client.ts ws://127.0.0.1:9001 [AGENT]
 */
import { WebSocket } from 'barewire'
import { type Message, type OpenConnection, runCases } from './case-loop.ts'

/** The server writes its reports before it answers the handshake that asks for them. */
const HANDSHAKE_TIMEOUT_MS = 300_000

const open: OpenConnection = (url, onMessage) =>
  new Promise((resolve) => {
    const socket = new WebSocket(url, { perMessageDeflate: true, handshakeTimeout: HANDSHAKE_TIMEOUT_MS })
    socket.binaryType = 'arraybuffer'
    socket.addEventListener('message', ({ data }) => onMessage(data as Message, (reply) => socket.send(reply)))
    socket.addEventListener('error', () => {})
    socket.addEventListener('close', () => resolve())
  })

const [base, agent = 'barewire'] = process.argv.slice(2)
if (base === undefined) {
  console.error('usage: echo-client.ts ws://HOST:PORT [AGENT]')
  process.exit(2)
}
await runCases(open, base, agent)
