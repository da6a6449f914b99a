/** barewire, as `npm run build` leaves it in dist. */
import { MAX_PAYLOAD, barewireDist, options, ready, sendInTurns } from './control.mjs'

const { WebSocketServer } = await import(barewireDist)
const noContextTakeover = options.deflate === 'no-takeover'
const sockets = new Set()
let whenDrained

const message = {
  echo: (socket, data, isText) => socket.send(data, { text: isText }),
  broadcast: (_socket, data) => server.publish('room', data),
  send() {},
}[options.mode]

const server = new WebSocketServer({
  maxPayload: MAX_PAYLOAD,
  text: options.text,
  perMessageDeflate: options.deflate && {
    threshold: 0,
    serverNoContextTakeover: noContextTakeover,
    clientNoContextTakeover: noContextTakeover,
  },
  upgrade: (request) => ({ data: { subscribe: request.url === '/sub' } }),
  open(socket) {
    sockets.add(socket)
    if (socket.data.subscribe) socket.subscribe('room')
  },
  message,
  drain() {
    const go = whenDrained
    whenDrained = undefined
    go?.()
  },
  close: (socket) => void sockets.delete(socket),
  error() {},
})

await server.listen(0, '0.0.0.0')
ready(server.address().port, {
  send(settings) {
    const [socket] = sockets
    const turn = (payload, count) => {
      let writable = true
      for (let i = 0; i < count; i++) writable = socket.send(payload)
      return writable
    }
    return sendInTurns(settings, turn, (go) => (whenDrained = go))
  },
})
