/** Runs a command of `barewire` in this process, with streams that remember what was written. */
import { Readable, Writable } from 'node:stream'
import { runCommandLine } from '../../src/cli/command-line.ts'

export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

class Memory extends Writable {
  text = ''
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    done()
  }
}

/** Run `barewire ARGS`, with `input` on stdin; without it stdin is a terminal where nobody types. */
export async function barewire(args: readonly string[], input?: Uint8Array | string): Promise<Outcome> {
  const stdin = Object.assign(Readable.from(input === undefined ? [] : [Buffer.from(input)]), {
    isTTY: input === undefined,
  })
  const stdout = new Memory()
  const stderr = new Memory()
  const code = await runCommandLine(args, { stdin, stdout, stderr, env: {} })
  return { code, stdout: stdout.text, stderr: stderr.text }
}
