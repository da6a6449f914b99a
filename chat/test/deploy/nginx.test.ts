import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ChatClient, newCid } from '../../load/chat-client.ts'
import { makeSocket } from '../support/app.ts'
import { NodeProcess } from '../../load/node-process.ts'
import { freePort, hasRedis, RedisServer } from '../../load/redis-server.ts'

function hasNginx(): boolean {
  if (spawnSync('nginx', ['-v']).status === 0) return true
  if (process.env['CI'] === 'true') throw new Error('nginx is required with CI=true: apt-get install nginx')
  process.stderr.write('skipped: nginx is not installed (apt-get install nginx)\n')
  return false
}

const config = fileURLToPath(new URL('../../deploy/nginx.conf', import.meta.url))

describe.skipIf(!hasNginx() || !hasRedis())('behind nginx, with chat/deploy/nginx.conf', () => {
  const folder = mkdtempSync(join(tmpdir(), 'chat-nginx-'))
  let redis: RedisServer
  let nodes: NodeProcess[]
  let nginx: ChildProcess
  let port: number

  const startNode = (): Promise<NodeProcess> =>
    NodeProcess.start({ REDIS_URL: redis.url, TRUST_PROXY: 'on', DRAIN_MS: '500' })
  const writeConfig = (): void => {
    const [one, two] = nodes.map(({ url }) => new URL(url).port)
    const text = readFileSync(config, 'utf8')
      .replace('127.0.0.1:3001', `127.0.0.1:${one}`)
      .replace('127.0.0.1:3002', `127.0.0.1:${two}`)
      .replace('listen 8080', `listen 127.0.0.1:${port}`)
      .replace('worker_processes auto', 'daemon off;\nerror_log stderr;\npid nginx.pid;\nworker_processes 1')
      .replace('worker_shutdown_timeout 60s', 'worker_shutdown_timeout 2s')
      .replace(
        'access_log off;',
        'access_log off;\n  client_body_temp_path body;\n  proxy_temp_path proxy;\n  fastcgi_temp_path f;\n  uwsgi_temp_path u;\n  scgi_temp_path s;',
      )
    writeFileSync(join(folder, 'nginx.conf'), text)
  }

  beforeAll(async () => {
    redis = await RedisServer.start()
    nodes = await Promise.all([startNode(), startNode()])
    port = await freePort()
    writeConfig()
    nginx = spawn('nginx', ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr'], { stdio: 'ignore' })
    for (let tries = 0; ; tries += 1) {
      if (
        await fetch(`http://127.0.0.1:${port}/readyz`).then(
          ({ ok }) => ok,
          () => false,
        )
      )
        break
      if (tries === 100) throw new Error('nginx did not start')
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }, 60_000)

  afterAll(async () => {
    // The master has to end its workers: killed, it would leave them behind.
    const ended = once(nginx, 'exit')
    nginx.kill('SIGTERM')
    await ended
    await Promise.all(nodes.map((node) => node.end('SIGKILL')))
    await redis.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it('loses nothing and repeats nothing while nginx is reloaded and a node is replaced', async () => {
    const url = `ws://127.0.0.1:${port}/chat`
    const clients = ['Anna', 'Bo', 'Cy'].map((name) => new ChatClient({ url, make: makeSocket, name }))
    const come = async (client: ChatClient): Promise<void> => {
      for (;;) {
        try {
          if (!client.isOpen) await client.connect()
          await client.join('general')
          return
        } catch {
          await new Promise((resolve) => setTimeout(resolve, 100))
        }
      }
    }
    for (const client of clients) await come(client)
    let ended = false
    const keeping = clients.map(async (client) => {
      while (!ended) {
        await client.ended()
        if (!ended) await come(client)
      }
    })
    const again = (client: ChatClient) => async (): Promise<void> => {
      if (!client.isOpen) await new Promise((resolve) => setTimeout(resolve, 100))
    }
    const sent = new Map<string, number>()
    const talking = clients.map(async (client, who) => {
      for (let i = 0; i < 40; i += 1) {
        const text = `${who}-${i}`
        const { seq } = await client.sendSurely('general', text, { cid: newCid(), again: again(client) })
        sent.set(text, seq)
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    })
    const troubling = (async () => {
      await new Promise((resolve) => setTimeout(resolve, 800))
      nginx.kill('SIGHUP')
      await new Promise((resolve) => setTimeout(resolve, 2500))
      const old = nodes[0]!
      nodes[0] = await startNode()
      writeConfig()
      nginx.kill('SIGHUP')
      expect(await old.end('SIGTERM')).toBe(0)
    })()
    await Promise.all([...talking, troubling])
    for (const client of clients) {
      await come(client)
      const view = client.rooms.get('general')!
      const texts = [...view.entries.values()].map((entry) => entry.kind === 'msg' && entry.text)
      expect(texts).toHaveLength(120)
      expect(new Set(texts)).toEqual(new Set(sent.keys()))
      for (const [text, seq] of sent) expect(view.entries.get(seq)).toMatchObject({ text })
      expect(view).toMatchObject({ last: 120, resets: 0 })
    }
    ended = true
    await Promise.all(clients.map((client) => client.close()))
    await Promise.all(keeping)
  }, 60_000)

  it('refuses a foreign origin, and lets its own pass', async () => {
    const { WebSocket } = await import('ws')
    const url = `ws://127.0.0.1:${port}/chat`
    const foreign = new WebSocket(url, ['chat.v1'], { origin: 'https://evil.example' })
    foreign.on('error', () => {})
    const [, response] = (await once(foreign, 'unexpected-response')) as [unknown, { statusCode: number }]
    expect(response.statusCode).toBe(403)
    foreign.terminate()
    const own = new WebSocket(url, ['chat.v1'], { origin: `http://127.0.0.1:${port}` })
    await once(own, 'open')
    own.terminate()
  })
})
