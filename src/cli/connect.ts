/**
 * `barewire connect`: talk to a WebSocket server by hand, or from a script.
 */
import { readFileSync } from 'node:fs'
import { permessageDeflateClient } from '../extensions/permessage-deflate.ts'
import type { CloseOutcome } from '../protocol/close-outcome.ts'
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
import { openStream, type OpenOptions, type OpenedStream } from './connect/open-stream.ts'
import { Prompt } from './connect/prompt.ts'
import { COMMANDS, Session } from './connect/session.ts'
import { createWireClient } from './connect/wire-client.ts'
import { createPaint, wantsColour } from './paint.ts'

const DEFAULT_MAX_PAYLOAD = 16_777_216

const HELP = `barewire connect: talk to a WebSocket server by hand

  barewire connect [options] URL

Each line that is typed goes as a text message. Lines that begin with / are commands:
${COMMANDS}

  --protocol NAME         offer a subprotocol; may be given more than once
  --header 'NAME: VALUE'  add a header field; may be given more than once
  --origin ORIGIN         send an Origin
  --no-deflate            do not offer permessage-deflate
  --max-payload BYTES     largest message taken                    (${DEFAULT_MAX_PAYLOAD})
  --ca FILE               trust this certificate, PEM
  --insecure              trust any certificate
  --wire                  show each frame both ways
  --listen                only show what arrives, read nothing
  --echo                  send every message back
  --send TEXT             send this first; may be given more than once
  --count N               close after N messages have arrived
  --color, --no-color     (colours on a terminal, none in a pipe)
  -h, --help              this text

In a pipe, messages go to stdout as they are (binary in hex), everything else to stderr; lines are
sent as they are, and the end of stdin closes.
Exit code 0 after a clean close, 1 after any other end, 2 for arguments that make no sense.
`

export const connect: Command = { help: HELP, run }

interface ConnectOptions {
  readonly open: OpenOptions
  readonly maxPayload: number
  readonly wire: boolean
  readonly listen: boolean
  readonly echo: boolean
  readonly send: readonly string[]
  readonly count: number | undefined
  readonly color: boolean | undefined
}

async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const { open, maxPayload, listen, color, send, ...rest } = read(args)
  const plain = terminal.stdout.isTTY !== true
  const paint = createPaint(wantsColour(terminal.stdout, terminal.env, color))
  const prompt = new Prompt({ listen, closesAtEnd: rest.count === undefined }, terminal)
  const inform = (line: string): void => prompt.above(plain ? terminal.stderr : terminal.stdout, line)
  const opened = await openStream(open)
  const outcome = await new Promise<CloseOutcome>((ended) => {
    const print = (line: string): void => prompt.above(terminal.stdout, line)
    const session = new Session({ ...rest, paint, plain, print, inform, ended })
    const { connection, begin } = createWireClient(opened, maxPayload, session)
    session.start(connection)
    inform(paint('good', describeOpened(open.url, opened)))
    begin()
    for (const text of send) session.sendText(text)
    prompt.start(session)
  })
  prompt.stop()
  return outcome.clean ? ExitCode.Ok : ExitCode.Failure
}

function describeOpened({ href }: URL, { protocol, agreed }: OpenedStream): string {
  const names = [protocol, ...agreed.map(({ response }) => response.name)].filter((name) => name !== '')
  return `connected to ${href}${names.length === 0 ? '' : ` (${names.join(', ')})`}`
}

function read(args: readonly string[]): ConnectOptions {
  const { values, positionals } = readOptions(args, {
    protocol: { type: 'string', multiple: true, default: [] },
    header: { type: 'string', multiple: true, default: [] },
    origin: { type: 'string' },
    'no-deflate': { type: 'boolean', default: false },
    'max-payload': { type: 'string', default: String(DEFAULT_MAX_PAYLOAD) },
    ca: { type: 'string' },
    insecure: { type: 'boolean', default: false },
    wire: { type: 'boolean', default: false },
    listen: { type: 'boolean', default: false },
    echo: { type: 'boolean', default: false },
    send: { type: 'string', multiple: true, default: [] },
    count: { type: 'string' },
    color: { type: 'boolean' },
    'no-color': { type: 'boolean' },
  })
  const [text, unexpected] = positionals
  if (text === undefined) throw new UsageError('a URL is missing')
  if (unexpected !== undefined) throw new UsageError(`unexpected argument '${unexpected}'`)
  return {
    open: {
      url: readUrl(text),
      protocols: values.protocol,
      headers: values.header.map(readHeader),
      origin: values.origin,
      extensions: values['no-deflate'] ? [] : [permessageDeflateClient()],
      tls: {
        rejectUnauthorized: !values.insecure,
        ...(values.ca === undefined ? {} : { ca: readFile(values.ca) }),
      },
    },
    maxPayload: readInteger('--max-payload', values['max-payload'], { min: 1, max: Number.MAX_SAFE_INTEGER }),
    wire: values.wire,
    listen: values.listen,
    echo: values.echo,
    send: values.send,
    count: values.count === undefined ? undefined : readInteger('--count', values.count, { min: 1, max: 1e9 }),
    color: values['no-color'] === true ? false : values.color,
  }
}

/** RFC 6455 3: ws and wss URIs have no fragment; user names and passwords have no place in them either. */
function readUrl(text: string): URL {
  if (!URL.canParse(text)) throw new UsageError(`'${text}' is no URL`)
  const url = new URL(text)
  if (url.protocol === 'http:') url.protocol = 'ws:'
  if (url.protocol === 'https:') url.protocol = 'wss:'
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:') {
    throw new UsageError(`the URL's scheme is ${url.protocol.slice(0, -1)}, it must be ws or wss`)
  }
  if (url.hash !== '') throw new UsageError('a WebSocket URL has no fragment (RFC 6455 3)')
  if (url.username !== '' || url.password !== '') {
    throw new UsageError("the URL carries a user name; send --header 'Authorization: …' instead")
  }
  return url
}

function readHeader(text: string): readonly [string, string] {
  const colon = text.indexOf(':')
  if (colon <= 0) throw new UsageError(`--header is '${text}', it must be 'Name: value'`)
  return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()]
}

function readFile(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new CommandError(`cannot read ${file}: ${errorCode(error) ?? describeError(error)}`)
  }
}
