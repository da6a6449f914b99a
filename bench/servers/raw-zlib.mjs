/**
 * The floor under a compressed echo: each chunk is one whole message behind a header of two or four bytes, which is inflated,
 * deflated and sent back. Nothing is checked; the load keeps one small message under way on a connection.
 */
import { createServer } from 'node:net'
import { ready } from './control.mjs'
import { keptZlib } from './kept-zlib.mjs'

/** RFC 6455 5.2: from 126 bytes on the length takes two bytes more. */
const SHORT_HEADER = 2
const LONG_HEADER = 4
const headerLength = (secondByte) => (secondByte < 126 ? SHORT_HEADER : LONG_HEADER)

function framed(firstByte, body) {
  const short = Math.min(body.length, 126)
  const start = headerLength(short)
  const frame = Buffer.allocUnsafe(start + body.length)
  if (start === LONG_HEADER) frame.writeUInt16BE(body.length, SHORT_HEADER)
  frame[0] = firstByte
  frame[1] = short
  frame.set(body, start)
  return frame
}

const server = createServer((socket) => {
  const { inflate, deflate } = keptZlib()
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk) => {
    const message = inflate(chunk.subarray(headerLength(chunk[1])))
    socket.write(framed(chunk[0], deflate(message)))
  })
})
server.listen(0, '0.0.0.0', 16384, () => ready(server.address().port))
