/**
 * `barewire echo`: a server that sends every message back as it came, text as text and binary as binary. What the Autobahn
 * suite, the load generator and a curious person connect to.
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { CloseCode, WebSocketServer } from '../index.ts'
import {
  CommandError,
  ExitCode,
  UsageError,
  describeError,
  errorCode,
  readInteger,
  readOptions,
  type Command,
  type Terminal,
} from './command.ts'
import { makeSelfSigned } from './self-signed.ts'

const DEFAULT_HOST = '127.0.0.1'
const DEFAULT_PORT = 9001
const MAX_PORT = 65_535
/** How long peers have to answer our close before they are cut off, in milliseconds. */
const SHUTDOWN_MS = 2_000

const HELP = `barewire echo: serve a WebSocket that echoes text as text and binary as binary

  barewire echo [options]

  --host HOST          address to listen on                        (${DEFAULT_HOST})
  --port N             port to listen on, 0 for any free one       (${DEFAULT_PORT})
  --path PATH          serve this path only                        (every path)
  --max-payload BYTES  largest message taken; larger ones get 1009 (16777216)
  --no-deflate         do not agree to permessage-deflate
  --tls                serve wss://; without --cert and --key with a certificate made on the spot
  --cert FILE          certificate chain, PEM
  --key FILE           private key, PEM
  -h, --help           this text

Prints 'listening on ws://HOST:PORT' when ready. Ends on SIGTERM and SIGINT: every connection is
closed with 1001.
Exit code 0 when ended so, 1 when it cannot listen, 2 for arguments that make no sense.
`

interface EchoOptions {
  readonly host: string
  readonly port: number
  readonly path: string | undefined
  readonly maxPayload: number | undefined
  readonly deflate: boolean
  readonly tls: { readonly key: string | Buffer; readonly cert: string | Buffer } | undefined
}

export const echo: Command = { help: HELP, run }

async function run(args: readonly string[], { stdout }: Terminal): Promise<number> {
  const options = read(args)
  const server = new WebSocketServer({
    perMessageDeflate: options.deflate,
    ...(options.path === undefined ? {} : { path: options.path }),
    ...(options.tls === undefined ? {} : { tls: options.tls }),
    ...(options.maxPayload === undefined ? {} : { maxPayload: options.maxPayload }),
    // An echo server on a terminal is asked by pages from anywhere, and has nothing to protect.
    origin: 'any',
    message(socket, message) {
      socket.send(message)
    },
  })
  const ended = signalled()
  try {
    await server.listen(options.port, options.host)
  } catch (error) {
    const reason = errorCode(error) === 'EADDRINUSE' ? 'the port is taken' : describeError(error)
    throw new CommandError(`cannot listen on ${options.host}:${options.port}: ${reason}`)
  }
  const scheme = options.tls === undefined ? 'ws' : 'wss'
  stdout.write(`listening on ${scheme}://${urlHost(options.host)}:${portOf(server.address())}\n`)
  await ended
  await server.shutdown({ code: CloseCode.GoingAway, deadlineMs: SHUTDOWN_MS })
  return ExitCode.Ok
}

function portOf(address: unknown): number {
  const known = typeof address === 'object' && address !== null && 'port' in address
  return known && typeof address.port === 'number' ? address.port : 0
}

/** RFC 3986 3.2.2: an IPv6 address stands in brackets. */
function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

/** Wait for SIGTERM or SIGINT. A second one ends the process as it always does. */
async function signalled(): Promise<void> {
  const waiting = new AbortController()
  const { signal } = waiting
  await Promise.race([once(process, 'SIGTERM', { signal }), once(process, 'SIGINT', { signal })])
  // What is left waiting goes, so that the next signal finds no listener.
  waiting.abort()
}

function read(args: readonly string[]): EchoOptions {
  const { values, positionals } = readOptions(args, {
    host: { type: 'string', default: DEFAULT_HOST },
    port: { type: 'string', default: String(DEFAULT_PORT) },
    path: { type: 'string' },
    'max-payload': { type: 'string' },
    'no-deflate': { type: 'boolean', default: false },
    tls: { type: 'boolean', default: false },
    cert: { type: 'string' },
    key: { type: 'string' },
  })
  if (positionals[0] !== undefined) throw new UsageError(`unexpected argument '${positionals[0]}'`)
  if (values.path !== undefined && !values.path.startsWith('/')) {
    throw new UsageError(`--path is '${values.path}', it must begin with /`)
  }
  const maxPayload = values['max-payload']
  return {
    host: values.host,
    port: readInteger('--port', values.port, { min: 0, max: MAX_PORT }),
    path: values.path,
    maxPayload:
      maxPayload === undefined ? undefined : readInteger('--max-payload', maxPayload, { min: 1, max: 0x7fff_ffff }),
    deflate: !values['no-deflate'],
    tls: readTls(values),
  }
}

interface TlsFlags {
  readonly host: string
  readonly tls: boolean
  readonly cert?: string
  readonly key?: string
}

function readTls({ host, tls, cert, key }: TlsFlags): EchoOptions['tls'] {
  if ((cert === undefined) !== (key === undefined)) throw new UsageError('--cert and --key go together')
  if (cert !== undefined && key !== undefined) return { cert: readPem(cert), key: readPem(key) }
  if (!tls) return undefined
  return makeSelfSigned([...new Set([host, 'localhost', DEFAULT_HOST])], Date.now())
}

function readPem(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new CommandError(`cannot read ${file}: ${errorCode(error) ?? describeError(error)}`)
  }
}
