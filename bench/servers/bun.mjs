/** Bun's own server: the native ceiling. */
import { MAX_PAYLOAD, options, ready, sendInTurns } from './control.mjs'

const { Bun } = globalThis
const compress = options.deflate !== false
const compressor = options.deflate === 'no-takeover' ? 'shared' : 'dedicated'
const sockets = new Set()
let whenDrained

const message = {
  echo: (socket, data) => socket.send(data, compress),
  broadcast: (_socket, data) => server.publish('room', data, compress),
  send() {},
}[options.mode]

const server = Bun.serve({
  port: 0,
  hostname: '0.0.0.0',
  fetch(request, self) {
    const { pathname } = new URL(request.url)
    return self.upgrade(request, { data: { pathname } }) ? undefined : new Response('', { status: 400 })
  },
  websocket: {
    maxPayloadLength: MAX_PAYLOAD,
    backpressureLimit: 1024 * 1024 * 1024,
    idleTimeout: 0,
    perMessageDeflate: compress && { compress: compressor, decompress: compressor },
    open(socket) {
      sockets.add(socket)
      if (socket.data.pathname === '/sub') socket.subscribe('room')
    },
    message,
    drain() {
      const go = whenDrained
      whenDrained = undefined
      go?.()
    },
    close: (socket) => void sockets.delete(socket),
  },
})

ready(server.port, {
  send(settings) {
    const [socket] = sockets
    const turn = (payload, count) => {
      let status = 0
      socket.cork(() => {
        for (let i = 0; i < count; i++) status = socket.send(payload)
      })
      return status >= 0
    }
    return sendInTurns(settings, turn, (go) => (whenDrained = go))
  },
})
