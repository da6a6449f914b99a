/**
 * What zlib itself takes for a small message: two objects that are kept from one message to the next and called at once,
 * with the windows and the level that barewire has by default, and nothing around them.
 */
import { constants } from 'node:zlib'
import { barewireDist } from './control.mjs'

const extension = (file) => import(new URL(`extensions/${file}.js`, barewireDist).href)
const { ZlibContext } = await extension('zlib-context')
const { DEFAULT_CLIENT_WINDOW_BITS, MAX_WINDOW_BITS, checkDeflateOptions } = await extension('deflate-options')
const { SMALL_MEM_LEVEL, fittedWindowBits } = await extension('deflate-message')
const { MOST_KEPT } = await extension('kept-deflate')

const { deflateHistory, level, strategy } = checkDeflateOptions({}, 'server')
const deflateOptions = {
  level,
  strategy,
  memLevel: SMALL_MEM_LEVEL,
  windowBits: fittedWindowBits(MOST_KEPT + deflateHistory, MAX_WINDOW_BITS),
}
const inflateOptions = { windowBits: DEFAULT_CLIENT_WINDOW_BITS }

/** RFC 7692 7.2.1 and 7.2.2: the four octets that a message is sent without. */
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff])
const ROOM = 64 * 1024
const compressed = Buffer.allocUnsafeSlow(ROOM)
const plain = Buffer.allocUnsafeSlow(ROOM)

/** The two halves of one connection. Each answers a view that is good until it is called again, for any connection. */
export function keptZlib() {
  const inflater = ZlibContext.inflate(inflateOptions)
  const deflater = ZlibContext.deflate(deflateOptions)
  return {
    inflate(body) {
      compressed.set(body)
      compressed.set(TAIL, body.length)
      const input = compressed.subarray(0, body.length + TAIL.length)
      if (!inflater.write(constants.Z_SYNC_FLUSH, input, plain)) throw new Error('this is not a compressed message')
      return plain.subarray(0, ROOM - inflater.room)
    },
    deflate(message) {
      deflater.write(constants.Z_SYNC_FLUSH, message, compressed)
      return compressed.subarray(0, ROOM - deflater.room - TAIL.length)
    },
  }
}
