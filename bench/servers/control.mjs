/**
 * What every server under test shares: its options, the line that says it is ready, and the questions the bench asks it on
 * standard input. Plain JavaScript, so that nothing but the server itself runs in the process that is measured.
 */
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** The rivals live in bench/peers, apart from the project. */
export const requirePeer = createRequire(new URL('../peers/package.json', import.meta.url))

/**
 * @type {{ mode: 'echo' | 'broadcast' | 'send' | 'stream', text: 'bytes' | 'string', deflate: false | 'takeover' | 'no-takeover' }}
 * `text`: whether an echo turns text into a string and back, where the library leaves the choice.
 */
export const options = { mode: 'echo', text: 'bytes', deflate: false, ...JSON.parse(process.argv[2] ?? '{}') }

/** Which build of barewire to measure: another folder makes it possible to compare two of them. */
export const barewireDist = pathToFileURL(
  `${process.env.BAREWIRE_DIST ?? fileURLToPath(new URL('../../dist', import.meta.url))}/index.js`,
).href

/** The largest message of any workload fits. */
export const MAX_PAYLOAD = 64 * 1024 * 1024

const commands = {
  startProfile: async () => (await import('./profile.mjs')).startProfile(),
  stopProfile: async () => (await import('./profile.mjs')).stopProfile(),
  usage() {
    const { user, system } = process.cpuUsage()
    const { rss, heapUsed, external } = process.memoryUsage()
    return { cpuUs: user + system, rss, heapUsed, external }
  },
  gc() {
    if (globalThis.Bun) globalThis.Bun.gc(true)
    else globalThis.gc?.()
    return {}
  },
}

/** Tell the bench the port, then answer it until it hangs up. `extra` adds commands: name -> (argument) -> answer. */
export function ready(port, extra = {}) {
  const table = { ...commands, ...extra }
  say({ port, runtime: globalThis.Bun ? `Bun ${globalThis.Bun.version}` : `Node ${process.version}` })
  let pending = ''
  process.stdin.setEncoding('utf8')
  process.stdin.on('data', (text) => {
    pending += text
    for (let end = pending.indexOf('\n'); end >= 0; end = pending.indexOf('\n')) {
      const { command, argument } = JSON.parse(pending.slice(0, end))
      pending = pending.slice(end + 1)
      Promise.resolve(table[command](argument)).then(say, (error) => say({ error: String(error) }))
    }
  })
  process.stdin.on('end', () => process.exit(0))
}

function say(answer) {
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}

/**
 * Send `perTurn` messages a turn of the loop for `ms`. `turn(payload, count)` sends and answers whether to go on;
 * when it answers false, `drained(go)` calls back once the socket has room again.
 */
export function sendInTurns({ ms, perTurn, size }, turn, drained) {
  const payload = Buffer.alloc(size, 0x61)
  const start = performance.now()
  let messages = 0
  return new Promise((resolve) => {
    function go() {
      const elapsed = performance.now() - start
      if (elapsed >= ms) return resolve({ messages, seconds: elapsed / 1000 })
      messages += perTurn
      if (turn(payload, perTurn)) setImmediate(go)
      else drained(go)
    }
    go()
  })
}
