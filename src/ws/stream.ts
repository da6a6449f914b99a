/**
 * A socket as one of Node's Duplex streams, as `ws` offers it: bytes in, bytes out, message ends forgotten.
 */
import { Duplex, type DuplexOptions } from 'node:stream'
import type { WebSocket } from './websocket.ts'

/** Make it. In object mode text messages stay strings. */
export function createWebSocketStream(socket: WebSocket, options: DuplexOptions = {}): Duplex {
  const duplex = new Duplex({
    ...options,
    // Once its reader has all of it, Node would have a stream that is still open for writing fail; see `endIfOver`.
    autoDestroy: false,
    emitClose: true,
    writableObjectMode: false,
    read: () => socket.resume(),
    write(chunk, _encoding, callback) {
      whenOpen(socket, () => {
        socket.send(chunk, (error) => {
          if (error !== undefined) duplex.destroy(error)
          callback(error)
        })
      })
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
  // 'close' comes with this: who saw it before 'end' would take the stream for cut off.
  const endIfOver = (): void => {
    if (duplex.readableEnded && duplex.writableFinished) duplex.destroy()
  }
  duplex.on('end', endIfOver)
  duplex.on('finish', endIfOver)
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    const chunk = !isBinary && duplex.readableObjectMode ? data.toString() : data
    if (!duplex.push(chunk)) socket.pause()
  })
  socket.once('error', (error) => duplex.destroy(error))
  socket.once('close', () => {
    if (!duplex.destroyed) duplex.push(null)
  })
  return duplex
}

function whenOpen(socket: WebSocket, act: () => void): void {
  if (socket.readyState === 0) socket.once('open', act)
  else act()
}
