/**
 * What a TCP socket reads, straight to whoever takes it: past the stream's own queue, which after each chunk looks for more
 * in the next tick, and from one buffer, where Node would make memory for each read. Not a matter of any RFC.
 */
import { connect, Socket, type NetConnectOpts } from 'node:net'
import { Readable, type Duplex } from 'node:stream'

/** As many bytes as Node reads at once itself. */
const BUFFER_SIZE = 65_536

/** A listener to `data`. Bytes that are lent are its own during the call only. */
export type Taker = (this: never, chunk: Uint8Array, isLent?: boolean) => void

const taker = Symbol('taker')

type TakenSocket = Socket & { [taker]?: ((chunk: Uint8Array, isLent: boolean) => void) | undefined }

/** What one read brings is dealt with before the next begins: one buffer is enough for all connections. */
let shared: Uint8Array<ArrayBuffer> | undefined

/** Begin to connect, as `net.connect` does. The socket is a stream like any other until somebody takes what it reads. */
export function connectLending(options: NetConnectOpts): Socket {
  const socket: TakenSocket = connect({ ...options, onread: { buffer: buffer(), callback: lent } })
  socket[taker] = undefined
  return socket
}

/** Have chunks given to this only listener to `data` straight away, where that can be. It must be one already. */
export function takeReads(stream: Duplex, take: Taker): void {
  // Only TCP goes on reading by itself, without being asked for each chunk.
  if (!(stream instanceof Socket) || 'encrypted' in stream) return
  const socket: TakenSocket = stream
  if (!(taker in socket) && !lendTo(socket)) socket.push = pushed
  socket[taker] = take
}

/**
 * Let reading rest. A socket that reads into a buffer it was given would stop at once, and learn nothing of an end that is
 * there already; any other goes on until its queue is full, and so does this one.
 */
export function restReads(stream: Duplex): void {
  if (taker in stream) Readable.prototype.pause.call(stream)
  else stream.pause()
}

function buffer(): Uint8Array<ArrayBuffer> {
  return (shared ??= new Uint8Array(BUFFER_SIZE))
}

/** Called by Node for each read; answers whether to go on reading. */
function lent(this: TakenSocket, length: number): boolean {
  const bytes = new Uint8Array(shared!.buffer, 0, length)
  if (!isTaken(this)) return this.push(Buffer.from(bytes))
  this[taker]!(bytes, true)
  return true
}

/** Takes the place of `push`, by which Node's sockets hand over what they have read. */
function pushed(this: TakenSocket, chunk: Uint8Array | null, encoding?: BufferEncoding): boolean {
  if (chunk === null || !isTaken(this)) return Socket.prototype.push.call(this, chunk, encoding)
  this[taker]!(chunk, false)
  return true
}

/** Nothing that waits in the stream is overtaken, and nobody else who listens is passed over. */
function isTaken(socket: TakenSocket): boolean {
  if (socket[taker] === undefined || socket.readableFlowing !== true) return false
  return socket.readableLength === 0 && socket.listenerCount('data') === 1
}

/** What Node has of a connection below the socket. */
interface Handle {
  useUserBuffer?: (buffer: Uint8Array) => void
}

interface LendingPlaces {
  readonly buffer: symbol
  readonly callback: symbol
}

let places: LendingPlaces | false | undefined

/**
 * Do for a socket that was accepted what `onread` does for one that connects: Node has that option for the latter alone.
 * Answers whether that could be done.
 */
function lendTo(socket: Socket): boolean {
  const handle = (socket as { _handle?: Handle | null })._handle
  if (typeof handle?.useUserBuffer !== 'function') return false
  places ??= findPlaces() ?? false
  if (places === false) return false
  const slots = socket as unknown as Record<symbol, unknown>
  slots[places.buffer] = buffer()
  slots[places.callback] = lent
  handle.useUserBuffer(buffer())
  return true
}

/** Where a socket keeps what `onread` said is seen from one that is made with it; `undefined` where it does otherwise. */
function findPlaces(): LendingPlaces | undefined {
  let used: unknown
  const handle: Handle & Record<string, unknown> = { readStart: () => 0, useUserBuffer: (given) => (used = given) }
  const options = { handle, manualStart: true, onread: { buffer: buffer(), callback: lent } }
  const probe = new Socket(options as object) as unknown as Record<symbol, unknown>
  const symbols = Object.getOwnPropertySymbols(probe)
  const [bufferAt, ...otherBuffers] = symbols.filter((symbol) => probe[symbol] === shared)
  const [callbackAt, ...otherCallbacks] = symbols.filter((symbol) => probe[symbol] === lent)
  if (bufferAt === undefined || callbackAt === undefined || used !== shared) return undefined
  if (otherBuffers.length + otherCallbacks.length > 0) return undefined
  return { buffer: bufferAt, callback: callbackAt }
}
