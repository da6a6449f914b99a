import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ENVIRONMENT, readConfig } from '../../server/config.ts'
import { testApp } from '../support/app.ts'
import { readYaml } from '../support/yaml.ts'

interface Service {
  readonly image?: string
  readonly build?: { readonly context: string; readonly dockerfile: string }
  readonly environment?: Record<string, string>
  readonly volumes?: readonly string[]
  readonly depends_on?: readonly string[]
  readonly stop_grace_period?: string
  readonly command?: string
}

const deploy = new URL('../../deploy/', import.meta.url)
const read = (file: string): string => readFileSync(new URL(file, deploy), 'utf8')
const { services, volumes } = (await readYaml(read('compose.yaml'))) as {
  services: Record<string, Service>
  volumes: Record<string, unknown>
}
const nodes = Object.values(services).filter(({ build }) => build !== undefined)
const known = new Set(ENVIRONMENT.map(({ name }) => name))

describe('chat/deploy/compose.yaml', () => {
  it('sets only variables that the server knows, to values that it takes, on ports of their own', () => {
    expect(nodes).toHaveLength(2)
    const configs = nodes.map(({ environment }) => {
      expect(Object.keys(environment!).filter((name) => !known.has(name))).toEqual([])
      return readConfig(environment!)
    })
    // On the host's own network, whatever listens on all addresses is open to everybody.
    const local = { HOST: '127.0.0.1', INTERNAL_HOST: '127.0.0.1' }
    for (const { environment } of nodes) expect(environment).toMatchObject(local)
    for (const config of configs) expect(config).toMatchObject({ STORE: 'redis', TRUST_PROXY: true })
    const ports = configs.flatMap(({ PORT, INTERNAL_PORT }) => [PORT, INTERNAL_PORT])
    expect(new Set(ports).size).toBe(4)
    expect(new Set(configs.map(({ NODE_NAME }) => NODE_NAME)).size).toBe(2)
  })

  it('lets a node say its goodbyes before it is killed', () => {
    for (const { environment, stop_grace_period: grace } of nodes) {
      expect(Number(/^(\d+)s$/.exec(grace!)![1]) * 1000).toBeGreaterThan(Number(environment!['DRAIN_MS']))
    }
  })

  it('names services, volumes and files that are there, and the nodes as nginx has them', () => {
    for (const { build, depends_on: needs = [], volumes: mounts = [] } of Object.values(services)) {
      for (const name of needs) expect(Object.keys(services)).toContain(name)
      for (const mount of mounts) {
        const source = mount.split(':', 1)[0]!
        if (source.startsWith('.')) expect(existsSync(new URL(source, deploy))).toBe(true)
        else expect(Object.keys(volumes)).toContain(source)
      }
      if (build === undefined) continue
      expect(existsSync(new URL(`${build.context}/${build.dockerfile}`, deploy))).toBe(true)
    }
    const upstreams = [...read('nginx.conf').matchAll(/^ +server 127\.0\.0\.1:(\d+)/gm)].map(([, port]) => port)
    expect(upstreams).toEqual(nodes.map(({ environment }) => environment!['PORT']))
    const { REDIS_URL } = readConfig(nodes[0]!.environment!)
    expect(services['redis']!.command).toContain(`--bind ${new URL(REDIS_URL).hostname}`)
  })
})

describe('chat/deploy/Dockerfile', () => {
  it('sets only variables that the server knows, and starts the built program', () => {
    const text = read('Dockerfile')
    const set = [...text.matchAll(/^ENV (.*)$/gm)].flatMap(([, line]) => line!.split(' '))
    const pairs = set.map((pair) => pair.split('=', 2) as [string, string]).filter(([name]) => name !== 'NODE_ENV')
    expect(pairs.map(([name]) => name).filter((name) => !known.has(name))).toEqual([])
    expect(readConfig(Object.fromEntries(pairs))).toMatchObject({ INTERNAL_PORT: 9090 })
    const [program] = /chat\/dist\/server\/run\.js/.exec(/^CMD (.*)$/m.exec(text)![1]!)!
    expect(existsSync(new URL(`../../${program.replace('dist/', '').replace('.js', '.ts')}`, deploy))).toBe(true)
  })

  it('asks for the health on the internal port of the very container, and says no when nobody answers', async () => {
    const [, command] = /^HEALTHCHECK .*?CMD (.*)$/m.exec(read('Dockerfile'))!
    const check = async (port: string): Promise<number> => {
      const env = { PATH: process.env['PATH'], INTERNAL_PORT: port }
      const [code] = (await once(spawn('sh', ['-c', command!], { env, stdio: 'ignore' }), 'exit')) as [number]
      return code
    }
    const room = await testApp({ INTERNAL_PORT: '0' })
    const { port } = new URL(room.app.internalUrl!)
    expect(await check(port)).toBe(0)
    await room.stop()
    expect(await check(port)).toBe(1)
  })

  it('takes nothing along that was built or said where the image is made', () => {
    const ignored = readFileSync(new URL('../../../.dockerignore', import.meta.url), 'utf8').split('\n')
    expect(ignored).toEqual(expect.arrayContaining(['.git', '**/node_modules', '**/dist', '**/.data']))
  })
})
