/** barewire, as `npm run build` leaves it in dist. */
import { MAX_PAYLOAD, barewireDist, options, ready, sendInTurns } from './control.mjs'

const { WebSocketServer, prepare } = await import(barewireDist)
const noContextTakeover = options.deflate === 'no-takeover'
let whenDrained
/** The highest RSS seen while a message went through in parts, looked at every 16 MiB. */
let peakRss = 0
const SAMPLE_EVERY = 16 * 1024 * 1024
const lookAtRss = (length, part) => {
  if (length % SAMPLE_EVERY < part.length) peakRss = Math.max(peakRss, process.memoryUsage.rss())
}

const message = {
  echo: (socket, data, isText) => socket.send(data, { text: isText }),
  broadcast: (_socket, data, isText) => server.publish('room', prepare(data, isText)),
  send() {},
  stream: (socket, data) => void write(socket, JSON.parse(Buffer.from(data).toString())),
}[options.mode]

/** Whatever comes in parts is read and answered with its length. */
async function parts(socket, message) {
  let length = 0
  for await (const part of message) {
    length += part.length
    lookAtRss(length, part)
  }
  socket.send(String(length))
}

/** Whoever asks for `repeat` times `text` gets it as one message, part by part. */
async function write(socket, { text, repeat }) {
  const part = Buffer.from(text)
  const message = socket.startMessage()
  for (let i = 0; i < repeat; i++) {
    await message.write(part)
    lookAtRss(i * part.length, part)
  }
  await message.end()
}
const streaming = options.mode === 'stream' && {
  maxPayload: Number.MAX_SAFE_INTEGER,
  partsFrom: 2 ** 20,
  parts,
}

const server = new WebSocketServer({
  maxPayload: MAX_PAYLOAD,
  // The load answers no pings: each connection has its heartbeat, and its memory, but none is due in the time of a run.
  heartbeatInterval: 3_600_000,
  ...streaming,
  text: options.text,
  perMessageDeflate: options.deflate && {
    threshold: 0,
    serverNoContextTakeover: noContextTakeover,
    clientNoContextTakeover: noContextTakeover,
  },
  upgrade: (request) => ({ data: { subscribe: request.url === '/sub' } }),
  open(socket) {
    if (socket.data.subscribe) socket.subscribe('room')
  },
  message,
  drain() {
    const go = whenDrained
    whenDrained = undefined
    go?.()
  },
  error() {},
})

await server.listen(0, '0.0.0.0')
ready(server.address().port, {
  peak: () => ({ rss: peakRss }),
  send(settings) {
    const [socket] = server.clients
    const turn = (payload, count) => {
      let writable = true
      for (let i = 0; i < count; i++) writable = socket.send(payload)
      return writable
    }
    return sendInTurns(settings, turn, (go) => (whenDrained = go))
  },
})
