/** What every proxy in front of two nodes on one Redis has to do: the tests of `chat/deploy` run it once for each. */
import { type ChildProcess, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { NodeProcess } from '../../load/node-process.ts'
import { freePort, hasRedis, RedisServer } from '../../load/redis-server.ts'
import { readServerMessage, readWireEvent } from '../../protocol/index.ts'
import { Regular } from './regular.ts'

export interface Place {
  readonly folder: string
  readonly port: number
  readonly file: string
}

export interface Proxy {
  /** The program, in Debian's package of the same name. */
  readonly program: string
  /** Prints the version. */
  readonly version: readonly string[]
  /** Its file in `chat/deploy`. */
  readonly config: string
  /** Fit the file for a test: another port, other nodes, shorter times. */
  adapt(text: string, place: Place): string
  /** Start it in the foreground. */
  start(place: Place): ChildProcess
  /** Have it read its file again. */
  reload(running: ChildProcess, place: Place): void
}

/** Whether it is installed. A user's machine without it skips its tests and says so; CI must have it. */
function isInstalled({ program, version }: Proxy): boolean {
  if (spawnSync(program, version).status === 0) return true
  if (process.env['CI'] === 'true') throw new Error(`${program} is required with CI=true: apt-get install ${program}`)
  process.stderr.write(`skipped: ${program} is not installed (apt-get install ${program})\n`)
  return false
}

const ROOM = 'general'
const SPEAKERS = ['Anna', 'Bo', 'Cy']

export function describeBehind(proxy: Proxy): void {
  describe.skipIf(!isInstalled(proxy) || !hasRedis())(
    `behind ${proxy.program} with chat/deploy/${proxy.config}`,
    { timeout: 60_000 },
    () => {
      const folder = mkdtempSync(join(tmpdir(), `chat-${proxy.program}-`))
      let redis: RedisServer
      let nodes: NodeProcess[]
      let running: ChildProcess
      let place: Place

      const startNode = (name: string): Promise<NodeProcess> =>
        NodeProcess.start({ REDIS_URL: redis.url, TRUST_PROXY: 'on', DRAIN_MS: '500', NODE_NAME: name })
      const writeConfig = (): void => {
        const [one, two] = nodes.map(({ url }) => new URL(url).host)
        const file = fileURLToPath(new URL(`../../deploy/${proxy.config}`, import.meta.url))
        const text = readFileSync(file, 'utf8').replaceAll('127.0.0.1:3001', one!).replaceAll('127.0.0.1:3002', two!)
        writeFileSync(place.file, proxy.adapt(text, place))
      }

      beforeAll(async () => {
        redis = await RedisServer.start()
        nodes = await Promise.all([startNode('n1'), startNode('n2')])
        place = { folder, port: await freePort(), file: join(folder, proxy.config) }
        writeConfig()
        running = proxy.start(place)
        const isReady = async (): Promise<boolean> => (await fetch(`http://127.0.0.1:${place.port}/readyz`)).ok
        await vi.waitFor(async () => expect(await isReady()).toBe(true), { timeout: 20_000 })
      }, 60_000)

      afterAll(async () => {
        // The master has to end its workers: killed, it would leave them behind.
        const ended = running.exitCode === null ? once(running, 'exit') : undefined
        running.kill('SIGTERM')
        await ended
        await Promise.all(nodes.map((node) => node.end('SIGKILL')))
        await redis.stop()
        rmSync(folder, { recursive: true, force: true })
      })

      it('nothing is lost and nothing repeated while it is reloaded and a node is replaced', async () => {
        const url = `ws://127.0.0.1:${place.port}/chat`
        const visitors = SPEAKERS.map((name) => new Regular(url, name, ROOM))
        await Promise.all(visitors.map((visitor) => visitor.here()))
        const stored = new Map<string, number>()
        let isTroubled = true
        const talking = visitors.map(async (visitor, who) => {
          for (let i = 0; isTroubled || i < 30; i += 1) {
            const text = `${who}-${i}`
            stored.set(text, await visitor.say(text))
          }
        })
        const goesOn = async (): Promise<void> => {
          const from = stored.size
          await vi.waitFor(() => expect(stored.size).toBeGreaterThan(from + 20), { timeout: 20_000 })
        }
        await goesOn()
        proxy.reload(running, place)
        await goesOn()
        const old = nodes[0]!
        nodes[0] = await startNode('n1')
        writeConfig()
        proxy.reload(running, place)
        expect(await old.end('SIGTERM')).toBe(0)
        await goesOn()
        isTroubled = false
        await Promise.all(talking)
        const head = Math.max(...stored.values())
        for (const visitor of visitors) {
          await visitor.here()
          await vi.waitFor(() => expect(visitor.client.rooms.get(ROOM)!.last).toBe(head), { timeout: 20_000 })
          const view = visitor.client.rooms.get(ROOM)!
          const texts = [...view.entries.values()].map((entry) => entry.kind === 'msg' && entry.text)
          expect(texts).toHaveLength(head)
          expect(new Set(texts)).toEqual(new Set(stored.keys()))
          for (const [text, seq] of stored) expect(view.entries.get(seq)).toMatchObject({ text })
          expect(view.resets).toBe(0)
        }
        // Without a loss nothing would have been shown: one of the two nodes has gone.
        expect(visitors.reduce((sum, { losses }) => sum + losses, 0)).toBeGreaterThan(0)
        await Promise.all(visitors.map((visitor) => visitor.leave()))
      })

      it('a foreign origin is refused, its own passes', async () => {
        const url = `ws://127.0.0.1:${place.port}/chat`
        const foreign = new WebSocket(url, ['chat.v1'], { origin: 'https://evil.example' })
        foreign.on('error', () => {})
        const [, response] = (await once(foreign, 'unexpected-response')) as [unknown, { statusCode: number }]
        expect(response.statusCode).toBe(403)
        foreign.terminate()
        const own = new WebSocket(url, ['chat.v1'], { origin: `http://127.0.0.1:${place.port}` })
        await once(own, 'open')
        own.terminate()
      })

      it('the inspector finds the node of its connection, which knows the address that no client can make up', async () => {
        const headers = { 'X-Forwarded-For': '203.0.113.7' }
        const url = `ws://127.0.0.1:${place.port}`
        const seen = new Set<string>()
        const open: WebSocket[] = []
        // Every node gets its share.
        while (seen.size < nodes.length) {
          const chat = new WebSocket(`${url}/chat`, ['chat.v1'], { headers })
          const [hello] = (await once(chat, 'message')) as [Buffer]
          const message = readServerMessage(hello.toString())!
          if (!('event' in message) || message.event.t !== 'hello') throw new Error('hello comes first')
          const { node, wire } = message.event.d
          const tap = new WebSocket(`${url}${wire!.path}`, ['wire.v1'])
          await once(tap, 'open')
          tap.send(JSON.stringify({ t: 'tap', d: { secret: wire!.secret } }))
          const [first] = (await once(tap, 'message')) as [Buffer]
          expect(readWireEvent(first.toString())).toMatchObject({ t: 'tapped', d: { remoteAddress: '127.0.0.1' } })
          seen.add(node)
          open.push(chat, tap)
        }
        expect(seen).toEqual(new Set(['n1', 'n2']))
        for (const socket of open) socket.terminate()
      })
    },
  )
}
