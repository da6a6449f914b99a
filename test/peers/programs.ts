/**
 * The implementations in other languages, as programs: `server` echoes on a port it prints, `client URL COUNT` has random
 * messages echoed and says so. `install.sh` makes them.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { isCi } from '../support/tools.ts'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const MADE = join(HERE, '.cache')
const PYTHON = join(MADE, 'python', 'bin', 'python')

/** One implementation. */
export interface Program {
  readonly name: string
  /** What `install.sh` calls it. */
  readonly part: 'python' | 'go' | 'rust'
  readonly command: readonly [string, ...string[]]
  readonly roles: readonly ('server' | 'client')[]
  /** Whether it must agree to permessage-deflate. */
  readonly compresses: boolean
  /** Whether it speaks HTTP/2 (RFC 8441), and nothing else. */
  readonly isHttp2?: true
}

export const programs: readonly Program[] = [
  {
    name: 'websockets (Python)',
    part: 'python',
    command: [PYTHON, join(HERE, 'python', 'peer.py')],
    roles: ['server', 'client'],
    compresses: true,
  },
  {
    name: 'curl (libcurl with ws://)',
    part: 'python',
    command: [PYTHON, join(HERE, 'python', 'curl_peer.py')],
    roles: ['client'],
    compresses: false,
  },
  {
    name: 'hypercorn, h2 with wsproto (Python, HTTP/2)',
    part: 'python',
    command: [PYTHON, join(HERE, 'python', 'http2_peer.py')],
    roles: ['server', 'client'],
    compresses: true,
    isHttp2: true,
  },
  {
    name: 'coder/websocket (Go)',
    part: 'go',
    command: [join(MADE, 'go-peer')],
    roles: ['server', 'client'],
    compresses: true,
  },
  {
    name: 'tungstenite (Rust)',
    part: 'rust',
    command: [join(MADE, 'rust-peer')],
    roles: ['server', 'client'],
    compresses: false,
  },
]

/**
 * Tell whether a program was made; one line on stderr when it was not.
 * @throws Error in CI, where every one must be there
 */
export function isMade({ name, part, command }: Program): boolean {
  if (existsSync(command[0])) return true
  const advice = `${name} is not there: run test/peers/install.sh ${part}`
  if (isCi()) throw new Error(advice)
  process.stderr.write(`skipping tests: ${advice}\n`)
  return false
}

/** A program that runs. */
export interface Running {
  /** Resolves with the line that begins so; rejects when the program ends without having written it. */
  line(start: string): Promise<string>
  stop(): void
}

/** Start a program with its role and further arguments. */
export function start({ name, command: [file, ...first] }: Program, ...args: string[]): Running {
  const child: ChildProcess = spawn(file, [...first, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const lines: string[] = []
  let look = (): void => {}
  for (const stream of [child.stdout!, child.stderr!]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line)
      look()
    })
  }
  // 'close' comes after the last output, 'exit' may come before it.
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (status, signal) => resolve(`status ${status ?? signal}`))
  })
  return {
    line: async (wanted) => {
      const found = new Promise<string>((resolve) => {
        look = () => {
          const line = lines.find((candidate) => candidate.startsWith(wanted))
          if (line !== undefined) resolve(line)
        }
        look()
      })
      const early = ended.then((how) => {
        const line = lines.find((candidate) => candidate.startsWith(wanted))
        if (line !== undefined) return line
        throw new Error(`${name} ended with ${how} and without '${wanted}':\n${lines.join('\n')}`)
      })
      return Promise.race([found, early])
    },
    stop: () => void child.kill('SIGKILL'),
  }
}
