/**
 * One session of `barewire connect`: what is typed becomes messages and commands, what arrives becomes lines.
 */
import { readFileSync } from 'node:fs'
import { CloseCode, describeCloseCode } from '../../protocol/close-code.ts'
import type { CloseOutcome } from '../../protocol/close-outcome.ts'
import type { Connection } from '../../protocol/connection.ts'
import { describeError } from '../command.ts'
import { parseHex } from '../explain/byte-text.ts'
import type { Paint } from '../paint.ts'
import { count, escapeControls, hex, quote } from '../printable.ts'
import type { WireListener } from './wire-client.ts'
import { WireTap } from './wire-tap.ts'

export const COMMANDS = `  /text TEXT          send text that begins with /
  /binary HEX         send bytes
  /file PATH          send a file's bytes
  /ping [TEXT]        send a ping
  /close [CODE [WHY]] begin the closing handshake
  /pause, /resume     stop and go on reading
  /help               this list
  /quit               close with 1000`

/** Binary messages are shown up to this many bytes. */
const SHOWN = 32

export interface SessionOptions {
  readonly paint: Paint
  /** Show each frame both ways. */
  readonly wire: boolean
  /** Send every message back. */
  readonly echo: boolean
  /** Close after so many messages. */
  readonly count: number | undefined
  /** Write messages as they are, for a program to read. */
  readonly plain: boolean
  /** Where messages go, and where everything else does. */
  print(line: string): void
  inform(line: string): void
  ended(outcome: CloseOutcome): void
}

export class Session implements WireListener {
  readonly #options: SessionOptions
  readonly #in: WireTap
  readonly #out: WireTap
  #connection: Connection | undefined
  #messages = 0
  /** When the latest ping went, in milliseconds. */
  #pingedAt: number | undefined

  constructor(options: SessionOptions) {
    const { paint, inform } = options
    this.#options = options
    this.#in = new WireTap((line) => inform(paint('server', `<- ${line}`)))
    this.#out = new WireTap((line) => inform(paint('client', `-> ${line}`)))
  }

  start(connection: Connection): void {
    this.#connection = connection
  }

  /** Do what a typed line says. */
  type(line: string): void {
    const [, command, rest = ''] = /^\/(\w+)(?:\s+(.*))?$/s.exec(line) ?? []
    if (command === undefined) return this.sendText(line)
    const action = this.#commands[command]
    if (action === undefined) return this.#options.inform(`unknown command /${command}; /help lists them`)
    try {
      action(rest)
    } catch (error) {
      this.#options.inform(this.#options.paint('bad', describeError(error)))
    }
  }

  sendText(text: string): void {
    if (this.#connection?.send(text) !== true) this.#options.inform('the connection is closing: nothing was sent')
  }

  close(code: number = CloseCode.NormalClosure, reason = ''): void {
    this.#connection?.close(code, reason)
    // Who does not read never sees the answer.
    this.#connection?.resume()
  }

  readonly #commands: Readonly<Record<string, (rest: string) => void>> = Object.assign(Object.create(null), {
    text: (rest: string) => this.sendText(rest),
    binary: (rest: string) => this.#sendHex(rest),
    file: (rest: string) => this.#connection?.send(readFileSync(rest.trim()), false),
    ping: (rest: string) => this.#ping(rest),
    close: (rest: string) => this.#close(rest),
    pause: () => this.#connection?.pause(),
    resume: () => this.#connection?.resume(),
    help: () => this.#options.inform(COMMANDS),
    quit: () => this.close(),
  })

  #sendHex(rest: string): void {
    const bytes = rest.trim() === '' ? new Uint8Array(0) : parseHex(rest)
    if (bytes === undefined) return this.#options.inform(`'${rest}' is not hex`)
    this.#connection?.send(bytes, false)
  }

  #ping(rest: string): void {
    this.#connection?.ping(Buffer.from(rest))
    this.#pingedAt = performance.now()
  }

  #close(rest: string): void {
    const [, code, reason] = /^(\d+)(?:\s+(.*))?$/s.exec(rest.trim()) ?? []
    if (rest.trim() !== '' && code === undefined) return this.#options.inform(`'${rest}' is no close code`)
    this.close(code === undefined ? undefined : Number(code), reason ?? '')
  }

  // What the wire tells:

  received(bytes: Uint8Array): void {
    if (this.#options.wire) this.#in.push(bytes)
  }

  sent(bytes: Uint8Array): void {
    if (this.#options.wire) this.#out.push(bytes)
  }

  message(message: string | Uint8Array): void {
    const { plain, paint, print, echo } = this.#options
    print(plain ? toPlain(message) : `${paint('server', '<')} ${toLine(message)}`)
    if (echo) this.#connection?.send(message)
    this.#messages += 1
    if (this.#messages === this.#options.count) this.close()
  }

  ping(payload: Uint8Array): void {
    this.#options.inform(this.#options.paint('dim', `ping${toSuffix(payload)}, answered`))
  }

  pong(payload: Uint8Array): void {
    const time =
      this.#pingedAt === undefined ? ', unasked' : ` after ${(performance.now() - this.#pingedAt).toFixed(1)} ms`
    this.#pingedAt = undefined
    this.#options.inform(this.#options.paint('dim', `pong${toSuffix(payload)}${time}`))
  }

  closed(outcome: CloseOutcome): void {
    const { code, reason, clean, cause, error } = outcome
    const why = reason === '' ? '' : ` ${quote(reason)}`
    const how = `${clean ? 'clean' : 'not clean'}, cause ${cause}`
    this.#options.inform(`closed ${code}${why}: ${describeCloseCode(code)} (${how})`)
    if (error !== undefined) this.#options.inform(escapeControls(describeError(error)))
    this.#options.ended(outcome)
  }
}

function toPlain(message: string | Uint8Array): string {
  return typeof message === 'string' ? message : Buffer.from(message).toString('hex')
}

function toLine(message: string | Uint8Array): string {
  if (typeof message === 'string') return escapeControls(message)
  return `${count(message.length, 'byte')}: ${hex(message, SHOWN)}`
}

function toSuffix(payload: Uint8Array): string {
  return payload.length === 0 ? '' : ` ${quote(Buffer.from(payload).toString('latin1'))}`
}
