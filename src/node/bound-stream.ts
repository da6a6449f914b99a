/**
 * The events of a stream, told to the one connection that it was taken for. The same few functions serve all streams: an
 * idle connection is not to keep closures of its own. Not a matter of any RFC.
 */
import type { Duplex } from 'node:stream'
import { takeReads } from './tcp-reads.ts'

/** Whom a stream was taken for. */
export interface StreamUser {
  readonly connection: { transportClosed(error?: Error): void }
  readonly output: { drained(): void }
  /** Bytes that are lent are the stream's again behind this call. */
  receive(chunk: Uint8Array, isLent?: boolean): void
  /** The peer says no more. */
  ended(): void
}

/** How a stream knows its user. */
const user = Symbol('user')

type BoundStream = Duplex & { [user]: StreamUser }

const TAKEN = 'this stream was taken for a WebSocket connection already'

/**
 * Claim a stream for the one connection it can have.
 * @throws Error when that was done before.
 */
export function claimStream(stream: Duplex): void {
  if (user in stream) throw new Error(TAKEN)
  ;(stream as { [user]?: undefined })[user] = undefined
}

/**
 * Tell a connection from now on what happens on its stream.
 * @throws Error when the stream tells another already.
 */
export function bindStream(stream: Duplex, to: StreamUser): void {
  const bound = stream as BoundStream
  if (bound[user] !== undefined) throw new Error(TAKEN)
  bound[user] = to
  stream.on('error', failed)
  stream.on('close', closed)
  stream.on('end', ended)
  stream.on('drain', drained)
  stream.on('data', read)
  takeReads(stream, read)
}

function failed(this: BoundStream, error: Error): void {
  this[user].connection.transportClosed(error)
}

function closed(this: BoundStream): void {
  this[user].connection.transportClosed()
}

function ended(this: BoundStream): void {
  this[user].ended()
}

function drained(this: BoundStream): void {
  this[user].output.drained()
}

function read(this: BoundStream, chunk: Uint8Array, isLent?: boolean): void {
  this[user].receive(chunk, isLent)
}
