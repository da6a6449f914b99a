/** `ws`; with bufferutil unless WS_NO_BUFFER_UTIL is set. */
import { MAX_PAYLOAD, options, ready, requirePeer, sendInTurns } from './control.mjs'

const { WebSocketServer } = requirePeer('ws')

const noContextTakeover = options.deflate === 'no-takeover'
const perMessageDeflate = options.deflate && {
  threshold: 0,
  serverNoContextTakeover: noContextTakeover,
  clientNoContextTakeover: noContextTakeover,
}
const server = new WebSocketServer({
  port: 0,
  host: '0.0.0.0',
  backlog: 16384,
  maxPayload: MAX_PAYLOAD,
  perMessageDeflate,
})
const subscribers = new Set()

const onMessage = {
  echo:
    options.text === 'string'
      ? (socket, data, isBinary) => socket.send(isBinary ? data : data.toString())
      : (socket, data, isBinary) => socket.send(data, { binary: isBinary }),
  broadcast: (_socket, data, isBinary) =>
    subscribers.forEach((subscriber) => subscriber.send(data, { binary: isBinary })),
  send() {},
}[options.mode]

server.on('connection', (socket, request) => {
  socket.on('error', () => {})
  socket.on('message', (data, isBinary) => onMessage(socket, data, isBinary))
  if (request.url === '/sub') {
    subscribers.add(socket)
    socket.on('close', () => subscribers.delete(socket))
  }
})
server.on('listening', () =>
  ready(server.address().port, {
    send(settings) {
      const [socket] = server.clients
      let whenWritten
      const written = () => whenWritten?.()
      const turn = (payload, count) => {
        for (let i = 1; i < count; i++) socket.send(payload)
        whenWritten = undefined
        socket.send(payload, written)
        return socket.bufferedAmount < 65536
      }
      return sendInTurns(settings, turn, (go) => (whenWritten = go))
    },
  }),
)
