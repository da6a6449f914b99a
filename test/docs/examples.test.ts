/** The programs of docs/examples: each is started as users start it, talked to, and ended with SIGTERM. */
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { makeSelfSigned } from '../../src/cli/self-signed.ts'
import { startExample } from '../support/example.ts'
import { clientFrame, RawClient, requestHead } from '../support/raw-client.ts'

const folder = fileURLToPath(new URL('../../docs/examples/', import.meta.url))

/** What an HTTP server answers. */
async function body(port: number, path = '/'): Promise<string> {
  return (await fetch(`http://127.0.0.1:${port}${path}`)).text()
}

const texts = (client: RawClient): string[] => client.frames.map(({ payload }) => payload.toString())

describe('docs/examples', { timeout: 60_000 }, () => {
  it('have at most 40 lines each', () => {
    for (const name of readdirSync(folder)) {
      expect(readFileSync(join(folder, name), 'utf8').split('\n').length, name).toBeLessThanOrEqual(41)
    }
  })

  it.each([
    ['http.ts', 'hello over HTTP\n'],
    ['express.ts', 'hello from Express\n'],
    ['fastify.ts', 'hello from Fastify\n'],
    ['hono.ts', 'hello from Hono\n'],
  ])('%s serves HTTP and WebSocket on one port, and ends both', async (name, page) => {
    const program = await startExample(name)
    expect(await body(program.port)).toBe(page)
    const client = await RawClient.open(program.port, { target: '/chat' })
    client.send(clientFrame(1, 'hi'))
    expect((await client.take(1))[0]!.payload.toString()).toBe('hi')
    const end = program.end()
    expect(await client.closeCode()).toBe(1012)
    client.send(clientFrame(8, Buffer.from([3, 244]))).socket.end()
    expect(await end).toBe(0)
  })

  it('http.ts has two paths, and 404 for others', async () => {
    const { port } = await startExample('http.ts')
    const time = await RawClient.open(port, { target: '/time' })
    expect((await time.take(1))[0]!.payload.toString()).toMatch(/^\d{4}-/)
    await expect(RawClient.open(port, { target: '/other' })).rejects.toThrow('404')
    time.destroy()
  })

  it('https.ts does the same over TLS', async () => {
    const files = mkdtempSync(join(tmpdir(), 'barewire-'))
    onTestFinished(() => rmSync(files, { recursive: true, force: true }))
    const { key, cert } = makeSelfSigned(['127.0.0.1'], Date.now())
    writeFileSync(join(files, 'key.pem'), key)
    writeFileSync(join(files, 'cert.pem'), cert)
    const { port } = await startExample('https.ts', { KEY: join(files, 'key.pem'), CERT: join(files, 'cert.pem') })
    const page = await new Promise<string>((resolve, reject) => {
      get({ port, host: '127.0.0.1', ca: cert }, (response) => {
        response.setEncoding('utf8').once('data', resolve)
      }).on('error', reject)
    })
    expect(page).toBe('hello over HTTPS\n')
    const client = new RawClient(0, connectTls({ port, host: '127.0.0.1', ca: cert }) as never)
    client.send(requestHead({ target: '/chat' }), clientFrame(1, 'hi'))
    await client.head()
    expect((await client.take(1))[0]!.payload.toString()).toBe('hi')
    client.destroy()
  })

  it('http2.ts takes both versions of HTTP on one port, and several sockets on one session', async () => {
    const files = mkdtempSync(join(tmpdir(), 'barewire-'))
    onTestFinished(() => rmSync(files, { recursive: true, force: true }))
    const { key, cert } = makeSelfSigned(['127.0.0.1'], Date.now())
    writeFileSync(join(files, 'key.pem'), key)
    writeFileSync(join(files, 'cert.pem'), cert)
    const program = await startExample('http2.ts', { KEY: join(files, 'key.pem'), CERT: join(files, 'cert.pem') })
    while (program.output().split('hello over HTTP/2.0').length < 3) await once(program.child.stdout!, 'data')
    const tcp = connectTls({ port: program.port, host: '127.0.0.1', ca: cert, ALPNProtocols: ['http/1.1'] })
    const client = new RawClient(0, tcp as never)
    client.send(requestHead({ target: '/chat' }))
    expect((await client.take(1))[0]!.payload.toString()).toBe('hello over HTTP/1.1')
    client.send(clientFrame(8)).socket.end()
    expect(await program.end()).toBe(0)
  })

  it('cluster.ts spreads sockets over processes, and topics reach them all', async () => {
    const program = await startExample('cluster.ts', {}, 2)
    const clients: RawClient[] = []
    const workers = new Set<string>()
    while (workers.size < 2) {
      const client = await RawClient.open(program.port)
      workers.add((await client.take(1))[0]!.payload.toString())
      clients.push(client)
    }
    clients[0]!.send(clientFrame(1, 'to all'))
    for (const client of clients) {
      await client.take(2)
      expect(texts(client)[1]).toBe('to all')
    }
    clients.at(-1)!.send(clientFrame(2, Uint8Array.of(1, 2)))
    for (const client of clients) expect([...(await client.take(3))[2]!.payload]).toEqual([1, 2])
    for (const client of clients) {
      client.socket.on('data', () => {
        if (client.frames.some(({ opcode }) => opcode === 8)) client.socket.end(clientFrame(8))
      })
    }
    expect(await program.end()).toBe(0)
  })

  it('prometheus.ts tells connections, handshakes and closes', async () => {
    const { port } = await startExample('prometheus.ts')
    const client = await RawClient.open(port, { target: '/chat' })
    expect(await body(port, '/metrics')).toMatch(/^websocket_connections 1$/m)
    client.send(clientFrame(8, Buffer.from([3, 232])))
    await client.closed().catch(() => {})
    const numbers = await body(port, '/metrics')
    expect(numbers).toMatch(/^websocket_connections 0$/m)
    expect(numbers).toMatch(/^websocket_handshakes_total\{status="101"\} 1$/m)
    expect(numbers).toMatch(/^websocket_closes_total\{cause="peer",code="1000"\} 1$/m)
  })

  it('opentelemetry.ts tells connections, messages and lifetimes', async () => {
    const program = await startExample('opentelemetry.ts')
    const gone = await RawClient.open(program.port, { target: '/chat' })
    gone.send(clientFrame(8, Buffer.from([3, 232])))
    await gone.closed().catch(() => {})
    const client = await RawClient.open(program.port, { target: '/chat' })
    client.send(clientFrame(1, 'hi'))
    await client.take(1)
    client.socket.on('data', () => client.socket.end())
    await program.end()
    expect(program.output()).toMatch(/'websocket\.connections'[\s\S]*value: 1\b/)
    expect(program.output()).toMatch(/direction: 'out'/)
    expect(program.output()).toMatch(/'websocket\.lifetime'[\s\S]*cause: 'peer'/)
    client.destroy()
  })
})
