/**
 * A socket as one of Node's Duplex streams, as `ws` offers it: bytes in, bytes out, message ends forgotten.
 */
import { Duplex, type DuplexOptions } from 'node:stream'
import type { WebSocket } from './websocket.ts'

/** Make it. In object mode text messages stay strings. */
export function createWebSocketStream(socket: WebSocket, options: DuplexOptions = {}): Duplex {
  const duplex = new Duplex({
    ...options,
    autoDestroy: false,
    emitClose: false,
    writableObjectMode: false,
    read: () => socket.resume(),
    write(chunk, _encoding, callback) {
      whenOpen(socket, () => socket.send(chunk, callback))
    },
    final(callback) {
      whenOpen(socket, () => {
        if (socket.readyState === 3) return callback()
        socket.once('close', () => callback())
        socket.close()
      })
    },
    destroy(error, callback) {
      if (socket.readyState === 3) return callback(error)
      socket.once('close', () => callback(error))
      socket.terminate()
    },
  })
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    const chunk = !isBinary && duplex.readableObjectMode ? data.toString() : data
    if (!duplex.push(chunk)) socket.pause()
  })
  socket.once('error', (error) => duplex.destroy(error))
  socket.once('close', () => {
    if (!duplex.destroyed) duplex.push(null)
    duplex.emit('close')
  })
  return duplex
}

function whenOpen(socket: WebSocket, act: () => void): void {
  if (socket.readyState === 0) socket.once('open', act)
  else act()
}
