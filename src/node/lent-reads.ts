/**
 * A client's TCP connection whose reads all go into one buffer, where Node would make memory for each: whoever takes what
 * was read, and copies what is to be kept, spares the rest of it. The `onread` of `net.connect`; not a matter of any RFC.
 */
import { connect, type NetConnectOpts, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** As many bytes as Node reads at once itself. */
const BUFFER_SIZE = 65_536

/** Gets bytes for the time of the call. */
type Borrower = (bytes: Uint8Array) => void

const borrower = Symbol('borrower')

type LendingSocket = Duplex & { [borrower]?: Borrower | undefined }

/** What one read brings is dealt with before the next begins: one buffer is enough for all connections. */
let shared: Uint8Array<ArrayBuffer> | undefined

/** Begin to connect, as `net.connect` does. The socket is a stream like any other until somebody borrows what it reads. */
export function connectLending(options: NetConnectOpts): Socket {
  shared ??= new Uint8Array(BUFFER_SIZE)
  const socket: Socket = connect({ ...options, onread: { buffer: shared, callback: (length) => took(socket, length) } })
  ;(socket as LendingSocket)[borrower] = undefined
  return socket
}

/** Lend what a stream reads from now on to `borrow`, where it can be; it comes as `data` else, as it did before. */
export function borrowReads(stream: Duplex, borrow: Borrower): void {
  if (borrower in stream) (stream as LendingSocket)[borrower] = borrow
}

/** Answers whether to go on reading. */
function took(socket: Socket, length: number): boolean {
  const bytes = new Uint8Array(shared!.buffer, 0, length)
  const borrow = (socket as LendingSocket)[borrower]
  // What came before somebody borrowed is still on its way through the stream, and must not be overtaken.
  if (borrow === undefined || socket.readableLength > 0) return socket.push(Buffer.from(bytes))
  borrow(bytes)
  return true
}
