/**
 * Finds out what `barewire explain` was given: hex, base64, raw bytes, both sides of a conversation, or a capture.
 */
import { readFile } from 'node:fs/promises'
import { MASK_BIT } from '../../protocol/frame-header.ts'
import { CommandError, UsageError, describeError, errorCode, type Terminal } from '../command.ts'
import { parseBase64, parseHex } from './byte-text.ts'
import type { Side } from './frames.ts'
import { looksLikeHead } from './handshake.ts'
import { isCapture, readCapture } from './pcap.ts'
import { groupSegments, reassemble, type Piece, type TcpStream } from './tcp-stream.ts'

/** More than this is not read: a capture should be cut to the one connection first. */
const MAX_INPUT: number = 64 * 1024 * 1024

export type Format = 'auto' | 'hex' | 'base64' | 'raw'

export interface Source {
  /** What stood on the command line. */
  readonly words: readonly string[]
  readonly file: string | undefined
  readonly client: string | undefined
  readonly server: string | undefined
  readonly format: Format
  readonly from: Side | undefined
  /** Which connection of a capture, from 1. */
  readonly stream: number | undefined
}

export interface Input {
  readonly pieces: readonly Piece[]
  /** What the capture says about the connection. */
  readonly note: string | undefined
}

/** Read whatever the source names. */
export async function readInput(source: Source, terminal: Terminal): Promise<Input> {
  if (source.client !== undefined || source.server !== undefined) return readSides(source, terminal)
  const bytes = await readBytes(source, terminal)
  if (source.format === 'auto' && isCapture(bytes)) return chooseStream(readCapture(bytes), source.stream)
  const decoded = decode(bytes, source.format)
  if (decoded.length === 0) throw new UsageError('there are no bytes to explain')
  return { pieces: [{ from: source.from ?? guessSide(decoded), bytes: decoded }], note: undefined }
}

async function readSides({ client, server, format }: Source, terminal: Terminal): Promise<Input> {
  const pieces: Piece[] = []
  for (const [from, file] of [['client', client] as const, ['server', server] as const])
    if (file !== undefined) pieces.push({ from, bytes: decode(await readSource(file, terminal), format) })
  return { pieces, note: undefined }
}

async function readBytes({ words, file }: Source, terminal: Terminal): Promise<Uint8Array> {
  const [first] = words
  if (file !== undefined && first !== undefined) throw new UsageError('give either bytes or --file')
  if (file !== undefined) return readSource(file, terminal)
  if (first === '-') return readSource('-', terminal)
  if (first !== undefined) return Buffer.from(words.join(' '))
  if (terminal.stdin.isTTY === true) throw new UsageError('there is nothing to explain: give hex, a file, or a pipe')
  return readSource('-', terminal)
}

async function readSource(file: string, { stdin }: Terminal): Promise<Uint8Array> {
  if (file === '-') return readStream(stdin)
  try {
    const bytes = await readFile(file)
    if (bytes.length > MAX_INPUT) throw tooLarge(file)
    return bytes
  } catch (error) {
    if (error instanceof CommandError) throw error
    throw new CommandError(`cannot read ${file}: ${errorCode(error) ?? describeError(error)}`)
  }
}

async function readStream(stdin: Terminal['stdin']): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stdin) {
    const bytes = Buffer.from(chunk as Buffer)
    length += bytes.length
    if (length > MAX_INPUT) throw tooLarge('stdin')
    chunks.push(bytes)
  }
  return Buffer.concat(chunks)
}

function tooLarge(name: string): CommandError {
  return new CommandError(`${name} is larger than ${MAX_INPUT} bytes; cut out the connection in question first`)
}

function decode(bytes: Uint8Array, format: Format): Uint8Array {
  if (format === 'raw') return bytes
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  if (format === 'auto') {
    if (looksLikeHead(bytes) || !/^[\t\n\r\u0020-\u007e]*$/.test(text)) return bytes
    const read = parseHex(text) ?? parseBase64(text)
    if (read === undefined) throw new UsageError('this is neither hex nor base64; for plain bytes say --raw')
    return read
  }
  const read = format === 'hex' ? parseHex(text) : parseBase64(text)
  if (read === undefined) throw new UsageError(`this is not ${format}`)
  return read
}

/** RFC 6455 5.1: who masks is the client. */
function guessSide(bytes: Uint8Array): Side {
  if (looksLikeHead(bytes)) return bytes[0] === 0x47 /* G of GET */ ? 'client' : 'server'
  return ((bytes[1] ?? 0) & MASK_BIT) === 0 ? 'server' : 'client'
}

/** Take the connection that was asked for, or the first that carries a request for a WebSocket, or the first with bytes. */
function chooseStream(segments: ReturnType<typeof readCapture>, wanted: number | undefined): Input {
  const streams = groupSegments(segments).map(reassemble)
  if (streams.length === 0) throw new CommandError('the capture holds no TCP connection')
  const index = wanted === undefined ? findWebSocket(streams) : wanted - 1
  const stream = streams[index]
  if (stream === undefined) throw new CommandError(`the capture holds ${streams.length} connections, not ${wanted}`)
  const gap = stream.behindGap === 0 ? '' : `; ${stream.behindGap} segments lie behind a gap and are left out`
  const note = `TCP connection ${index + 1} of ${streams.length}: ${stream.client} -> ${stream.server}${gap}`
  return { pieces: stream.pieces, note }
}

function findWebSocket(streams: readonly TcpStream[]): number {
  const upgrading = streams.findIndex(({ pieces }) =>
    /\r\nupgrade:[ \t]*websocket/i.test(Buffer.from(pieces[0]?.bytes ?? []).toString('latin1')),
  )
  if (upgrading !== -1) return upgrading
  return Math.max(
    0,
    streams.findIndex(({ pieces }) => pieces.length > 0),
  )
}
