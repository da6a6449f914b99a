/** A Redis of the test's own: its own port, its own folder, killed at the end. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createConnection, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Whether Debian's `redis-server` is installed. A user's machine without it skips these tests and says so; CI must have it.
 */
export function hasRedis(): boolean {
  if (spawnSync('redis-server', ['--version']).status === 0) return true
  if (process.env['CI'] === 'true')
    throw new Error('redis-server is required with CI=true: apt-get install redis-server')
  process.stderr.write('skipped: redis-server is not installed (apt-get install redis-server)\n')
  return false
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

const START_DEADLINE_MS = 10_000

export class RedisServer {
  readonly port: number
  readonly url: string
  readonly #folder: string
  #process: ChildProcess | undefined

  readonly #appendOnly: boolean

  private constructor(port: number, folder: string, appendOnly: boolean) {
    this.#appendOnly = appendOnly
    this.port = port
    this.url = `redis://127.0.0.1:${port}`
    this.#folder = folder
  }

  /** `appendOnly`: every command is on the disk before it is answered. Default: nothing is, but by SAVE. */
  static async start({ appendOnly = false } = {}): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), mkdtempSync(join(tmpdir(), 'chat-redis-')), appendOnly)
    await server.start()
    return server
  }

  /** Start it (again), with what its folder holds. */
  async start(): Promise<void> {
    const options = ['--port', `${this.port}`, '--bind', '127.0.0.1', '--dir', this.#folder, '--save', '']
    if (this.#appendOnly) options.push('--appendonly', 'yes', '--appendfsync', 'always')
    const child = spawn('redis-server', options, { stdio: ['ignore', 'pipe', 'ignore'] })
    this.#process = child
    const kill = (): void => void child.kill('SIGKILL')
    process.once('exit', kill)
    child.once('exit', () => process.off('exit', kill))
    await new Promise<void>((resolve, reject) => {
      const deadline = setTimeout(() => reject(new Error('redis-server did not start within 10 s')), START_DEADLINE_MS)
      child.once('exit', (code) => reject(new Error(`redis-server ended with ${code}`)))
      let output = ''
      child.stdout.on('data', (chunk: Buffer) => {
        output = (output + chunk.toString()).slice(-1000)
        if (!output.includes('Ready to accept connections')) return
        clearTimeout(deadline)
        resolve()
      })
    })
  }

  /** Ask in the inline form of its protocol; answers the first chunk. */
  async command(line: string): Promise<string> {
    const socket = createConnection(this.port, '127.0.0.1')
    socket.write(`${line}\r\n`)
    const [chunk] = (await once(socket, 'data')) as [Buffer]
    socket.destroy()
    return chunk.toString()
  }

  /** End it as a power cut would. */
  async kill(): Promise<void> {
    const child = this.#process
    this.#process = undefined
    if (child === undefined || child.exitCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal)
  }

  async stop(): Promise<void> {
    this.signal('SIGCONT')
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
