/**
 * `barewire explain`: takes bytes apart that went over a WebSocket, and tells each bit's name, value and section of the RFC.
 */
import { ExitCode, UsageError, readInteger, readOptions, type Command, type Terminal } from './command.ts'
import { explainConversation } from './explain/conversation.ts'
import type { Side } from './explain/frames.ts'
import { readInput, type Format, type Source } from './explain/input.ts'
import { toJson } from './explain/json-report.ts'
import { drawReport } from './explain/text-report.ts'
import { createPaint, wantsColour } from './paint.ts'

/** Bytes of each payload that are shown when nothing else is asked for. */
const DEFAULT_PAYLOAD = 64
const MAX_STREAM = 1_000_000

const HELP = `barewire explain: take frames, a whole conversation or a capture apart, bit by bit

  barewire explain 81 85 37 fa 21 3d 7f 9f 4d 51 58
  barewire explain gQVIZWxsbw==
  barewire explain --file session.pcap
  barewire explain --client sent.bin --server received.bin
  … | barewire explain

The bytes are hex (plain, xxd or hexdump -C), base64, raw, or a pcap or pcapng capture.
  --hex, --base64, --raw  what they are, instead of finding out
  --file FILE             read a file; - is stdin
  --client FILE           what the client sent, from its request on
  --server FILE           what the server sent, from its answer on
  --stream N              which TCP connection of a capture     (the first WebSocket)
  --from client|server    who sent the frames                   (masked: the client)
  --deflate               permessage-deflate was agreed; a handshake in the input tells by itself
  --keep-going            go on behind a violation, where an endpoint would not
  --payload BYTES         how much of each payload to show      (${DEFAULT_PAYLOAD})
  --brief                 one line for each frame
  --json                  for programs
  --color, --no-color     (colours on a terminal, none in a pipe)
  -h, --help              this text

Exit code 0, 1 when a rule was broken or the input cannot be read, 2 for arguments without sense.
`

export const explain: Command = { help: HELP, run }

async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = readOptions(args, {
    hex: { type: 'boolean' },
    base64: { type: 'boolean' },
    raw: { type: 'boolean' },
    file: { type: 'string' },
    client: { type: 'string' },
    server: { type: 'string' },
    stream: { type: 'string' },
    from: { type: 'string' },
    deflate: { type: 'boolean', default: false },
    'keep-going': { type: 'boolean', default: false },
    payload: { type: 'string', default: String(DEFAULT_PAYLOAD) },
    brief: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    color: { type: 'boolean' },
    'no-color': { type: 'boolean' },
  })
  const source: Source = {
    words: positionals,
    file: values.file,
    client: values.client,
    server: values.server,
    format: chooseFormat(values),
    from: readSide(values.from),
    stream:
      values.stream === undefined ? undefined : readInteger('--stream', values.stream, { min: 1, max: MAX_STREAM }),
  }
  const payloadLimit = readInteger('--payload', values.payload, { min: 0, max: Number.MAX_SAFE_INTEGER })
  const { pieces, note } = await readInput(source, terminal)
  const conversation = explainConversation(pieces, { deflate: values.deflate, keepGoing: values['keep-going'] })
  if (values.json) {
    terminal.stdout.write(`${JSON.stringify(toJson(conversation), undefined, 2)}\n`)
  } else {
    const asked = values['no-color'] === true ? false : values.color
    const paint = createPaint(wantsColour(terminal.stdout, terminal.env, asked))
    const report = drawReport(conversation, { paint, brief: values.brief, payloadLimit })
    const lines = note === undefined ? report : [paint('dim', note), '', ...report]
    terminal.stdout.write(`${lines.join('\n')}\n`)
  }
  const broken = conversation.frames.some((frame) => frame.found !== undefined)
  return broken ? ExitCode.Failure : ExitCode.Ok
}

function chooseFormat(values: { hex?: boolean; base64?: boolean; raw?: boolean }): Format {
  const chosen = (['hex', 'base64', 'raw'] as const).filter((format) => values[format] === true)
  if (chosen.length > 1) throw new UsageError(`--${chosen.join(' and --')} exclude each other`)
  return chosen[0] ?? 'auto'
}

function readSide(value: string | undefined): Side | undefined {
  if (value === undefined || value === 'client' || value === 'server') return value
  throw new UsageError(`--from is '${value}', it must be client or server`)
}
