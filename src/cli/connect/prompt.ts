/**
 * Where lines come from: a prompt with history on a terminal, plain lines in a pipe, nothing at all when only listening.
 */
import process from 'node:process'
import { clearLine, createInterface, cursorTo, type Interface } from 'node:readline'
import type { Writable } from 'node:stream'
import type { Terminal } from '../command.ts'
import { History } from './history.ts'
import type { Session } from './session.ts'

export interface PromptOptions {
  /** Read nothing. */
  readonly listen: boolean
  /** Close at the end of a pipe; without it, wait for what arrives. */
  readonly closesAtEnd: boolean
}

export class Prompt {
  readonly #options: PromptOptions
  readonly #terminal: Terminal
  readonly #history: History
  readonly #isInteractive: boolean
  readonly #interrupted = (): void => this.#interrupt()
  #lines: Interface | undefined
  #session: Session | undefined
  /** The newest first, as readline has it. */
  #typed: string[] = []

  constructor(options: PromptOptions, terminal: Terminal) {
    this.#options = options
    this.#terminal = terminal
    this.#history = new History(terminal.env)
    this.#isInteractive = !options.listen && terminal.stdin.isTTY === true && terminal.stdout.isTTY === true
  }

  /** Begin to read lines for a session. SIGINT closes it. */
  start(session: Session): void {
    this.#session = session
    process.on('SIGINT', this.#interrupted)
    if (this.#options.listen) return
    const { stdin, stdout } = this.#terminal
    this.#typed = this.#isInteractive ? this.#history.load() : []
    const lines = createInterface(
      this.#isInteractive
        ? { input: stdin, output: stdout, prompt: '> ', history: this.#typed, removeHistoryDuplicates: true }
        : { input: stdin, crlfDelay: Number.POSITIVE_INFINITY },
    )
    this.#lines = lines
    lines.on('history', (history: string[]) => (this.#typed = history))
    lines.on('SIGINT', this.#interrupted)
    lines.on('line', (line) => {
      if (this.#isInteractive && line === '') return lines.prompt()
      if (this.#isInteractive) session.type(line)
      else session.sendText(line)
      if (this.#isInteractive) lines.prompt()
    })
    lines.on('close', () => {
      if (this.#options.closesAtEnd || this.#isInteractive) session.close()
    })
    if (this.#isInteractive) lines.prompt()
  }

  /** Write a line above the one that is being typed. */
  above(stream: Writable, line: string): void {
    const lines = this.#isInteractive ? this.#lines : undefined
    if (lines !== undefined) {
      cursorTo(this.#terminal.stdout, 0)
      clearLine(this.#terminal.stdout, 0)
    }
    stream.write(`${line}\n`)
    lines?.prompt(true)
  }

  /** Let go of the terminal, and keep what was typed. */
  stop(): void {
    process.off('SIGINT', this.#interrupted)
    const lines = this.#lines
    this.#lines = undefined
    lines?.removeAllListeners('close')
    lines?.close()
    if (this.#isInteractive) {
      cursorTo(this.#terminal.stdout, 0)
      clearLine(this.#terminal.stdout, 0)
      this.#history.save(this.#typed)
    }
    this.#terminal.stdin.destroy()
  }

  #interrupt(): void {
    // The first asks the peer, the next ones do not wait for it.
    process.off('SIGINT', this.#interrupted)
    this.#session?.close()
  }
}
